"""The addresses of the hotline desk, and of registering a case in the office."""

from django.urls import URLPattern, URLResolver

app_name = "hotline"
urlpatterns: list[URLPattern | URLResolver] = []
