"""The addresses of the office."""

from django.urls import path

from townkeeper.web.office import (
    acting,
    casepage,
    cases,
    mine,
    notes,
    photos,
    points,
    rankings,
    reporter,
    savedviews,
    scoresheet,
    session,
)

app_name = "office"
urlpatterns = [
    path("office/", session.start, name="start"),
    path("sign-in/", session.sign_in, name="sign-in"),
    path("sign-out/", session.sign_out, name="sign-out"),
    path("theme/", session.set_theme, name="theme"),
    path("office/me/", session.me, name="me"),
    path("office/me/keys/", session.set_keys, name="keys"),
    path("office/me/password/", mine.own_password, name="password"),
    path("office/views/", savedviews.keep, name="keep-view"),
    path("office/views/<int:pk>/drop/", savedviews.drop, name="drop-view"),
    path("office/cases/", cases.work_list, name="cases"),
    path("office/cases.xlsx", cases.export, {"form": "xlsx"}, name="export-xlsx"),
    path("office/cases.csv", cases.export, {"form": "csv"}, name="export-csv"),
    path("office/cases-all.geojson", cases.export, {"form": "geojson"}, name="export-geojson"),
    path("office/cases.geojson", points.case_points, name="points"),
    path("office/cases/<str:number>/", casepage.case_page, name="case"),
    path("office/cases/<str:number>/note/", notes.note, name="note"),
    path("office/cases/<str:number>/reporter/", reporter.reporter, name="reporter"),
    path("office/cases/<str:number>/asks/<int:pk>/", acting.decide, name="decide"),
    path("office/cases/<str:number>/asks/<int:pk>/statement/", acting.state, name="state"),
    path("office/cases/<str:number>/<str:action>/", acting.act, name="act"),
    path("office/photos/<int:pk>/", photos.photo, name="photo"),
    path("office/photos/<int:pk>/thumbnail/", photos.thumbnail, name="thumbnail"),
    path("office/photos/<int:pk>/original/", photos.original, name="original"),
    path("office/rankings/", rankings.round_list, name="rankings"),
    path("office/rankings/<int:pk>/", rankings.round_page, name="ranking"),
    path(
        "office/rankings/<int:pk>/bulletins/<int:bulletin>/<str:form>/",
        rankings.bulletin_file,
        name="bulletin",
    ),
    path("office/rankings/<int:pk>/units/<str:code>/", scoresheet.score_sheet, name="score"),
    path(
        "office/rankings/<int:pk>/units/<str:code>/<str:item>/<str:part>/",
        scoresheet.cases_behind,
        name="behind",
    ),
]
