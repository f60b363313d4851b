"""The Django app `cases`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class CasesConfig(AppConfig):
    """Registers the app."""

    name = "townkeeper.cases"
    label = "cases"

    @override
    def ready(self) -> None:
        """Name the long work that this app does."""
        from townkeeper.jobs.kinds import register_kind  # noqa: PLC0415 - models are there by now

        register_kind(
            "import", _("Import of records"), "townkeeper.cases.imports.jobs.run_import", again=True
        )
