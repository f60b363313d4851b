"""The addresses of the hotline desk, and of registering a case in the office."""

from django.urls import path

from townkeeper.web.hotline import articles, callbacks, desk, shift, supporters

app_name = "hotline"
urlpatterns = [
    path("hotline/", desk.desk, name="desk"),
    path("hotline/live/", desk.live, name="live"),
    path("hotline/held/<int:pk>/drop/", desk.drop, name="drop"),
    path("hotline/callbacks/", callbacks.backlog, name="callbacks"),
    path("hotline/callbacks.xlsx", callbacks.backlog_file, {"form": "xlsx"}, name="callbacks-xlsx"),
    path("hotline/callbacks.csv", callbacks.backlog_file, {"form": "csv"}, name="callbacks-csv"),
    path("hotline/callbacks/<str:number>/", callbacks.callback, name="callback"),
    path("hotline/callbacks/<str:number>/too/<int:pk>/", supporters.callback, name="callback-too"),
    path("hotline/shift/", shift.sheet, name="shift"),
    path("hotline/shift/notes/<int:pk>/", shift.take, name="take-over"),
    path("hotline/articles/", articles.articles, name="articles"),
    path("hotline/articles/new/", articles.edit, name="article-new"),
    path("hotline/articles/<int:pk>/", articles.edit, name="article"),
    path("hotline/phrases/", articles.phrases, name="phrases"),
    path("hotline/phrases/find/", articles.find, name="phrase-find"),
    path("hotline/phrases/<int:pk>/", articles.phrases, name="phrase"),
    path("register/", desk.register, name="register"),
]
