"""Addresses of the JSON interface."""

from django.urls import path

from townkeeper.web.api.cases import cases, unknown

app_name = "api"
urlpatterns = [
    path("cases", cases, name="cases"),
    path("<path:rest>", unknown, name="unknown"),
]
