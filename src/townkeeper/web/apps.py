"""The Django app `web`: templates, static files and template tags of all faces."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers the app; it has no tables."""

    name = "townkeeper.web"
    label = "web"
