"""The Django app `duties`."""

from django.apps import AppConfig


class DutiesConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.duties"
    label = "duties"
