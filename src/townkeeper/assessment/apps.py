"""The Django app `assessment`."""

from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.assessment"
    label = "assessment"
