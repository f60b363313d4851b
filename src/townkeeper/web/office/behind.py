"""The cases behind a figure of a round, as they were frozen with it."""

from townkeeper.assessment.models import Round
from townkeeper.cases.metrics import metrics
from townkeeper.web.office.rounds import content_of


def case_numbers(round_: Round, unit: str, metric: str, part: str) -> list[str] | None:
    """Return the numbers of the cases that were counted; None where the round keeps none."""
    lines = content_of(round_).get("lines", {}).get(unit)
    known = metrics().get(metric)
    if lines is None or known is None:
        return None
    count = (known.numerator if part == "numerator" else known.denominator) or known.key
    found = lines.get(count)
    return None if found is None else list(found)
