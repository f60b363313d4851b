"""The pieces of background work: look for what came back, drop what is moot, draw for the day."""

from townkeeper.relapse.draws import draw_missing
from townkeeper.relapse.finding import SYSTEM, look_for_relapses
from townkeeper.relapse.revisiting import drop_revisits


def look() -> str:
    """Look at whatever was written since the last look."""
    look = look_for_relapses(actor=SYSTEM)
    return f"{look.found} of {look.looked_at}"


def draw() -> str:
    """Drop moot visits, and draw for the days that have not been drawn."""
    dropped = drop_revisits(actor=SYSTEM)
    draws = draw_missing(actor=SYSTEM)
    drawn = sum(one.revisits.count() for one in draws)
    return f"{len(draws)} days, {drawn} drawn, {dropped} dropped"
