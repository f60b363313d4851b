"""The Django app `cases`."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.cases"
    label = "cases"
