"""The cases behind a figure of a round, as they were frozen with it."""

from townkeeper.assessment.models import Round
from townkeeper.assessment.published import cases_behind_score


def case_numbers(round_: Round, unit: str, metric: str, part: str) -> list[str] | None:
    """Return the numbers of the cases that were counted; None where the round keeps none."""
    try:
        return cases_behind_score(round_, unit, metric)[part]
    except (KeyError, ValueError):
        return None
