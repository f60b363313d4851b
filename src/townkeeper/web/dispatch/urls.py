"""The addresses of the dispatcher."""

from django.urls import URLPattern, URLResolver, path

from townkeeper.web.dispatch import asking, batch, disputes, duplicates, giving, mapping

app_name = "dispatch"
urlpatterns: list[URLPattern | URLResolver] = [
    path("map/", mapping.map_page, name="map"),
    path("outlines.geojson", mapping.area_outlines, name="outlines"),
    path("batch/", batch.batch, name="batch"),
    path("batch/results/", batch.results, name="batch-results"),
    path("disputes/", disputes.disputes, name="disputes"),
    path("requests/", asking.requests, name="requests"),
    path("duplicates/", duplicates.duplicates, name="duplicates"),
    path("merge/", duplicates.merge, name="merge"),
    path("cases/<str:number>/", giving.give, name="dispatch"),
    path("cases/<str:number>/nearby/", duplicates.nearby, name="nearby"),
    path("cases/<str:number>/unmerge/", duplicates.unmerge, name="unmerge"),
]
