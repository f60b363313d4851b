"""The Django app `campaigns`."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.campaigns"
    label = "campaigns"
