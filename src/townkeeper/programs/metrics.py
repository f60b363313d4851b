"""Which metrics a scheme may name: those defined in `cases/metrics.yaml`."""

from functools import cache
from importlib.resources import files

import yaml


@cache
def known_metrics() -> frozenset[str]:
    """Return the names of all metrics; read from the definitions, as the engine is slow to load."""
    text = (files("townkeeper.cases") / "metrics.yaml").read_text("utf-8")
    return frozenset(yaml.safe_load(text))
