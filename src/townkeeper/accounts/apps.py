"""The Django app `accounts`."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.accounts"
    label = "accounts"
