"""The addresses of the supervision office."""

from django.urls import path

from townkeeper.web.board import (
    alarms,
    campaigns,
    chains,
    clocks,
    draws,
    importing,
    ledger,
    looks,
    notices,
    quality,
    rules,
    rulings,
)

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
    path("supervision/recurrence/", chains.chain_list, name="chains"),
    path("supervision/recurrence/<str:number>/", chains.chain_page, name="chain"),
    path("supervision/recurrence/<str:number>/link/", chains.link, name="link"),
    path("supervision/recurrence/<str:number>/<int:pk>/", chains.overrule, name="overrule"),
    path("supervision/draws/", draws.draw_list, name="draws"),
    path("supervision/draws/<str:day>/", draws.draw_detail, name="draw"),
    path("supervision/rulings/", rulings.ruling_list, name="rulings"),
    path("supervision/disputes/", rulings.dispute_statistics, name="disputes"),
    path("supervision/ledger/", ledger.unsolved_list, name="ledger"),
    path("supervision/quality/", quality.overview, name="quality"),
    path("supervision/quality/<str:key>/", quality.check_list, name="quality-list"),
    path("supervision/rules/", rules.rule_list, name="rules"),
    path("notices/", notices.notice_list, name="notices"),
    path("notices/read/", notices.read_all, name="read-all"),
    path("notices/<int:pk>/", notices.open_notice, name="notice"),
]
