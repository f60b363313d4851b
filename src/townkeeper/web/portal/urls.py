"""The addresses of the public portal."""

from django.urls import path, re_path

from townkeeper.web.portal import (
    following,
    home,
    maps,
    nearby,
    opendata,
    pages,
    photos,
    ranks,
    release,
    report,
    rules,
)

app_name = "portal"
MONTH = r"(?P<month>\d{4}-\d{2})"
urlpatterns = [
    path("", home.home, name="home"),
    path("report/", report.report, name="report"),
    path("report/look/", report.look, name="look"),
    path("sent/", report.sent, name="sent"),
    path("follow/", following.find, name="find"),
    path("c/<str:number>/", following.case_page, name="case"),
    path("c/<str:number>/phone/", following.by_phone, name="by-phone"),
    path("c/<str:number>/photos/<int:pk>/", photos.photo, name="photo"),
    path("c/<str:number>/<str:what>/", following.act, name="act"),
    path("nearby/", nearby.nearby, name="nearby"),
    path("nearby.geojson", nearby.points, name="points"),
    path("areas.geojson", maps.areas, name="areas"),
    path("rankings/", ranks.rankings, name="rankings"),
    path("rankings/<str:period>/<str:scheme>/", ranks.ranking, name="ranking"),
    path(
        "rankings/<str:period>/<str:scheme>/table.csv",
        ranks.ranking_table,
        {"form": "csv"},
        name="ranking-csv",
    ),
    path(
        "rankings/<str:period>/<str:scheme>/table.xlsx",
        ranks.ranking_table,
        {"form": "xlsx"},
        name="ranking-xlsx",
    ),
    path("rankings/<str:period>/<str:scheme>/signed.json", ranks.signed_file, name="signed"),
    path("bulletins/", ranks.bulletins, name="bulletins"),
    path("bulletins/<int:pk>/<str:form>/", ranks.bulletin_file, name="bulletin"),
    path("rules/", rules.rules, name="rules"),
    path("rules/kinds/", rules.kinds, name="kinds"),
    path("open-data/", opendata.open_data, name="open-data"),
    re_path(rf"^open-data/{MONTH}\.(?P<form>csv|geojson)$", opendata.month_file, name="month-file"),
    path("verify/", opendata.verify, name="verify"),
    re_path(
        r"^verify/keys/(?P<key_id>[0-9a-f]{16})\.(?P<form>pem|pub)$",
        opendata.public_key,
        name="public-key",
    ),
    path("verify/<str:name>", opendata.checker, name="checker"),
    path("help/", pages.explained, {"page": "help"}, name="help"),
    path("accessibility/", pages.explained, {"page": "accessibility"}, name="accessibility"),
    path("privacy/", pages.explained, {"page": "privacy"}, name="privacy"),
    path("office/public-photos/", release.photos, name="release"),
    path("office/public-photos/<int:pk>/", release.release, name="release-photo"),
]
