"""Which metrics a scheme may name: the register of the product's own records."""

from importlib import import_module


def known_metrics() -> set[str]:
    """Return the names of all metrics; empty where the register is not there."""
    try:
        register = import_module("townkeeper.cases.metrics")
    except ModuleNotFoundError:
        return set()
    return set(getattr(register, "METRICS", ()))
