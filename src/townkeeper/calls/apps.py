"""The Django app `calls`."""

from django.apps import AppConfig


class CallsConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.calls"
    label = "calls"
