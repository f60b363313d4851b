"""Addresses of the JSON interface."""

from django.urls import path

from townkeeper.web.api.cases import cases, unknown
from townkeeper.web.api.suggestions import choices, suggestions

app_name = "api"
urlpatterns = [
    path("cases", cases, name="cases"),
    path("suggestions", suggestions, name="suggestions"),
    path("choices", choices, name="choices"),
    path("<path:rest>", unknown, name="unknown"),
]
