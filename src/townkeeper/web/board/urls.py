"""The addresses of the supervision office."""

from django.urls import path

from townkeeper.web.board import alarms, campaigns, clocks, importing, looks, notices

app_name = "board"
urlpatterns = [
    path("supervision/", clocks.board, name="clocks"),
    path("supervision/alarms/", alarms.alarm_list, name="alarms"),
    path("supervision/upcoming/", alarms.upcoming, name="upcoming"),
    path("supervision/looks/", looks.look_list, name="looks"),
    path("supervision/campaigns/", campaigns.campaign_list, name="campaigns"),
    path("supervision/campaigns/import/", importing.upload, name="import"),
    path("supervision/campaigns/import/<str:key>/", importing.check, name="import-check"),
    path("supervision/campaigns/order/", importing.order, name="order"),
    path("supervision/campaigns/<str:key>/", campaigns.campaign_page, name="campaign"),
    path("supervision/campaigns/<str:key>/remind/", campaigns.remind_all, name="remind"),
    path("supervision/campaigns/<str:key>/close/", campaigns.close, name="close"),
    path("supervision/campaigns/<str:key>/resume/", campaigns.resume, name="resume"),
    path("supervision/campaigns/<str:key>/print/", campaigns.printed, name="print"),
    path("notices/", notices.notice_list, name="notices"),
    path("notices/read/", notices.read_all, name="read-all"),
    path("notices/<int:pk>/", notices.open_notice, name="notice"),
]
