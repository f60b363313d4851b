"""The Django app `publication`."""

from django.apps import AppConfig


class PublicationConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.publication"
    label = "publication"
