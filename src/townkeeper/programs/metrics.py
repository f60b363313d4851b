"""Which metrics a scheme may name: those defined by the cases and by the apps above them."""

from functools import cache

import yaml

from townkeeper.cases.metrics_named import definition_files


@cache
def known_metrics() -> frozenset[str]:
    """Return the names of all metrics; read from the definitions, as the engine is slow to load."""
    return frozenset(
        key for path in definition_files() for key in yaml.safe_load(path.read_text("utf-8"))
    )
