"""The Django app `programs`."""

from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.programs"
    label = "programs"
