"""The Django app `analytics`."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.analytics"
    label = "analytics"
