"""The addresses of procedures, programs, imports, the journal and long work."""

from django.urls import URLPattern, URLResolver

app_name = "workshop"
urlpatterns: list[URLPattern | URLResolver] = []
