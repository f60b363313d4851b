"""The Django app `jobs`."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.jobs"
    label = "jobs"
