"""The Django app `supervision`."""

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.supervision"
    label = "supervision"
