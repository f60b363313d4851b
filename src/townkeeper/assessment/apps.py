"""The Django app `assessment`."""

from django.apps import AppConfig
from typing_extensions import override


class AssessmentConfig(AppConfig):
    """Registers the app, and its say in changes of units."""

    name = "townkeeper.assessment"
    label = "assessment"

    @override
    def ready(self) -> None:
        from townkeeper.assessment.unit_changes import refuse_published  # noqa: PLC0415
        from townkeeper.cases.handover import register_guard  # noqa: PLC0415

        register_guard("assessment", refuse_published)
