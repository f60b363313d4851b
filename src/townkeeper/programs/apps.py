"""The Django app `programs`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class ProgramsConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.programs"
    label = "programs"

    @override
    def ready(self) -> None:
        """Name the long work that this app does."""
        from townkeeper.jobs.kinds import register_kind  # noqa: PLC0415 - models are there by now

        register_kind(
            "program", _("Loading of a program"), "townkeeper.programs.jobs.run_loading", again=True
        )
