"""The Django app `suggestions`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class SuggestionsConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.suggestions"
    label = "suggestions"

    @override
    def ready(self) -> None:
        """Name the long work that this app does."""
        from townkeeper.jobs.kinds import register_kind  # noqa: PLC0415 - models are there by now

        register_kind(
            "training",
            _("Training of suggestions"),
            "townkeeper.suggestions.jobs.run_training",
            again=True,
        )
