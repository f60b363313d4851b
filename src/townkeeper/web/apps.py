"""The Django app `web`: templates, static files and template tags of all faces."""

from importlib import import_module

from django.apps import AppConfig
from typing_extensions import override


class WebConfig(AppConfig):
    """Registers the app; it has no tables."""

    name = "townkeeper.web"
    label = "web"

    @override
    def ready(self) -> None:
        """Let histories tell what the apps above the cases write into them."""
        for name in (
            "call_words",
            "campaign_words",
            "evidence_words",
            "field_words",
            "look_words",
            "note_words",
            "order_words",
            "plain_words",
            "register_words",
            "relapse_words",
            "reporter_words",
            "unit_words",
        ):
            import_module(f"townkeeper.web.{name}")
