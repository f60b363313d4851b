"""The Django app `knowledge`."""

from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.knowledge"
    label = "knowledge"
