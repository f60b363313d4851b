"""The Django app `relapse`."""

from pathlib import Path

from django.apps import AppConfig
from typing_extensions import override

from townkeeper.cases.metrics_named import register_metrics


class RelapseConfig(AppConfig):
    """Registers the app, and its metrics beside those of the cases."""

    name = "townkeeper.relapse"
    label = "relapse"

    @override
    def ready(self) -> None:
        """Tell the metrics of cases that there are more."""
        register_metrics(
            Path(__file__).with_name("metrics.yaml"), facts="townkeeper.relapse.metrics"
        )
