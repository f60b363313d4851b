"""The Django app `suggestions`."""

from django.apps import AppConfig


class SuggestionsConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.suggestions"
    label = "suggestions"
