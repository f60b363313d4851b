"""The addresses of handlers, verifiers and inspectors."""

from django.urls import URLPattern, URLResolver

app_name = "field"
urlpatterns: list[URLPattern | URLResolver] = []
