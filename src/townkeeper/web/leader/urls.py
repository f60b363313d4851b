"""The addresses of leaders."""

from django.urls import URLPattern, URLResolver

app_name = "leader"
urlpatterns: list[URLPattern | URLResolver] = []
