"""The addresses of the supervision office."""

from django.urls import path

from townkeeper.web.board import alarms, clocks, looks, notices

app_name = "board"
urlpatterns = [
    path("supervision/", clocks.board, name="clocks"),
    path("supervision/alarms/", alarms.alarm_list, name="alarms"),
    path("supervision/upcoming/", alarms.upcoming, name="upcoming"),
    path("supervision/looks/", looks.look_list, name="looks"),
    path("notices/", notices.notice_list, name="notices"),
    path("notices/read/", notices.read_all, name="read-all"),
    path("notices/<int:pk>/", notices.open_notice, name="notice"),
]
