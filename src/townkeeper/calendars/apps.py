"""The Django app `calendars`."""

from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.calendars"
    label = "calendars"
