"""The addresses of the dispatcher."""

from django.urls import URLPattern, URLResolver, path

from townkeeper.web.dispatch import mapping

app_name = "dispatch"
urlpatterns: list[URLPattern | URLResolver] = [
    path("map/", mapping.map_page, name="map"),
    path("outlines.geojson", mapping.area_outlines, name="outlines"),
]
