"""The Django app `files`."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.files"
    label = "files"
