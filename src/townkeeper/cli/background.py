"""The work that nobody waits for: alarms of clocks, due times under a changed calendar, extracts.

`townkeeper work` runs it by itself, `serve` beside the pages. Every piece may run in several
processes at once; each looks for what is due and does nothing twice.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta

from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

log = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between two rounds."""
JOBS_INTERVAL = 2.0
"""Seconds between two looks for work that somebody has started."""
LANES = 2
"""So many connections ring alarms at once where many have piled up."""


def pieces() -> Mapping[str, Callable[[], object]]:
    """Return the pieces of work by name."""
    return {
        "jobs": do_jobs,
        "units": change_units,
        "alarms": ring,
        "clocks": recount,
        "limits": recount_kinds,
        "merged": follow,
        "relapses": look_back,
        "revisits": draw,
        "orders": watch_orders,
        "briefs": make_briefs,
        "extracts": refresh,
        "calendar": alarm,
        "seals": seal,
    }


def do_jobs() -> str:
    """Do the long work that people have started, and clear up after it; returns how many pieces."""
    from townkeeper.jobs.actions import run_waiting  # noqa: PLC0415 - Django is set up by now
    from townkeeper.jobs.uploads import clear_uploads  # noqa: PLC0415

    clear_uploads()
    return _("%(n)d jobs done") % {"n": run_waiting()}


def change_units() -> list[str]:
    """Carry out the changes of units whose day has come; returns what happened."""
    from townkeeper.cases.handover import apply_due  # noqa: PLC0415 - Django is set up by now

    told = apply_due()
    for text in told:
        log.warning("%s", text)
    return told


def ring() -> str:
    """Ring the alarms of the escalation ladders that are due; returns how many."""
    from townkeeper.cases.sweep import sweep  # noqa: PLC0415 - Django is set up by now

    swept = sweep(lanes=LANES)
    return _("%(alarms)d alarms on %(clocks)d clocks") % {
        "alarms": swept.alarms,
        "clocks": swept.tasks + swept.asks,
    }


def follow() -> str:
    """Let merged cases end with the one they were merged into, after a crash in between."""
    from townkeeper.cases.merging import follow_behind  # noqa: PLC0415

    return _("%(n)d merged cases have followed") % {"n": follow_behind()}


def recount() -> str:
    """Count open due times anew where a calendar has changed; returns how many have moved."""
    from townkeeper.cases.recompute import follow_calendars  # noqa: PLC0415

    return _("%(n)d cases have another due time") % {"n": follow_calendars(lanes=LANES).moved}


def recount_kinds() -> str:
    """Count clocks anew where running cases follow another limit of their category."""
    from townkeeper.cases.effects import recount_limits  # noqa: PLC0415

    return _("%(n)d cases have another due time") % {"n": recount_limits().moved}


def look_back() -> str:
    """Look for what came back after it was closed."""
    from townkeeper.relapse.background import look  # noqa: PLC0415

    return look()


def draw() -> str:
    """Draw closed cases of the day for a revisit."""
    from townkeeper.relapse.background import draw as draw_today  # noqa: PLC0415

    return draw_today()


def watch_orders() -> str:
    """Note which units have let the deadline of an order pass."""
    from townkeeper.supervision.overdue import note_overdue  # noqa: PLC0415

    return _("%(n)d units are late with an order") % {"n": note_overdue()}


def make_briefs() -> str:
    """Make the brief of the morning once it is 08:00."""
    from townkeeper.publication.briefs import make_due  # noqa: PLC0415

    return _("%(n)d briefs made") % {"n": make_due()}


def refresh() -> str:
    """Bring the columns that metrics read up to date; returns the instant they stand for."""
    from townkeeper.analytics.lake import refresh_extracts  # noqa: PLC0415 - Django is set up by now

    return refresh_extracts().as_of.isoformat(timespec="seconds")


def seal() -> int:
    """Seal what was recorded since the last seal, at most once an hour; returns how many seals."""
    from townkeeper.journal.sealing import seal_journal  # noqa: PLC0415

    return len(seal_journal(at_least=timedelta(hours=1)))


def alarm() -> list[str]:
    """Say loudly when the announced holidays run out: later deadlines are provisional."""
    from townkeeper.calendars.actions import calendar_alarms  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415

    alarms = [
        _("Calendar %(code)s: only %(days)s working days are announced, up to %(until)s.")
        % {"code": found.code, "days": found.days_left, "until": found.known_until}
        for found in calendar_alarms(clock.today())
    ]
    for text in alarms:
        log.warning("%s", text)
    return alarms


def work_once() -> dict[str, object]:
    """Do every piece once; one that fails is logged and does not hold up the others."""
    from django.db import close_old_connections  # noqa: PLC0415 - Django is set up by now

    results: dict[str, object] = {}
    for name, piece in pieces().items():
        close_old_connections()
        try:
            results[name] = piece()
        except Problem as problem:
            # what a person can put right, such as a home without a program yet
            log.warning("background work: %s: %s", name, problem.message)
            results[name] = str(problem.message)
        except Exception as error:
            log.exception("background work: %s", name)
            results[name] = f"{type(error).__name__}: {error}"
    return results


def do_jobs_until(done: threading.Event, *, interval: float = JOBS_INTERVAL) -> None:
    """Do long work that people have started, soon after they have, until told to stop."""
    from django.db import close_old_connections, connections  # noqa: PLC0415

    from townkeeper.jobs.actions import run_waiting  # noqa: PLC0415 - Django is set up by now

    while not done.is_set():
        close_old_connections()
        try:
            run_waiting()
        except Exception:
            log.exception("background work: jobs")
        done.wait(interval)
    connections.close_all()


def work_until(done: threading.Event, *, interval: float = INTERVAL) -> None:
    """Work round after round until told to stop."""
    from django.db import connections  # noqa: PLC0415

    while not done.is_set():
        work_once()
        done.wait(interval)
    connections.close_all()
