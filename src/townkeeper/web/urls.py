"""Addresses of the web faces."""

from django.urls import include, path
from django.views.i18n import set_language

from townkeeper.web.api.cases import unknown

urlpatterns = [
    path("api/v1/", include("townkeeper.web.api.urls")),
    path("api/<path:rest>", unknown),
    path("language/", set_language, name="set_language"),
    path("", include("townkeeper.web.office.urls")),
]
