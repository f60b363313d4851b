"""Addresses of the web faces."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("townkeeper.web.api.urls")),
]
