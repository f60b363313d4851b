"""The Django app `relapse`."""

from django.apps import AppConfig


class RelapseConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.relapse"
    label = "relapse"
