"""The Django app `journal`."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.journal"
    label = "journal"
