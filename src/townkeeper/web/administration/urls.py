"""The addresses of units, people, duties, categories, calendars and settings."""

from django.urls import URLPattern, URLResolver

app_name = "administration"
urlpatterns: list[URLPattern | URLResolver] = []
