"""The Django app `units`."""

from django.apps import AppConfig


class UnitsConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.units"
    label = "units"
