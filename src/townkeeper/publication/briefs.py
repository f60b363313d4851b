"""The morning brief: an edition for each day and area, made once after 08:00, never changed.

So that figures do not move during a meeting, pages show the stored edition; whoever wants the
present opens the lists. What is worth knowing is chosen by rules that the page says in words.
"""

import hashlib
import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from townkeeper.duties.models import Category
from townkeeper.journal.actions import json_line, record
from townkeeper.kit import clock
from townkeeper.publication.brief_figures import (
    SPANS,
    Counted,
    Scope,
    by_area,
    by_category,
    by_day,
    by_unit,
    flows,
    late_at,
    late_of_unit,
    midnight,
    overdue_at,
    reports_of_kind,
)
from townkeeper.publication.models import BriefEdition
from townkeeper.relapse.models import Recurrence
from townkeeper.units.models import Unit

HOUR: Final = time(8, 0)
"""When an edition stands; before it the edition of the day before is the present one."""
ZONE: Final = ZoneInfo(settings.TIME_ZONE)
SYSTEM: Final = "system"
FIGURES: Final = ("reported", "closed", "on_time", "overdue", "back")
LEAST_RUNNING: Final = 5
"""A unit with fewer running cases is not called the worst: one late case would be a fifth."""
LEAST_REPORTS: Final = 5
LEAST_CHAIN: Final = 3
WEEK: Final = 7
TREND: Final = 14
"""Days of the line on the big screen."""
FORM: Final = 1
"""Version of the content's form."""


def edition_day(now: datetime) -> date:
    """Return the day whose edition is the present one."""
    local = timezone.localtime(now, ZONE)
    return local.date() if local.time() >= HOUR else local.date() - timedelta(days=1)


def current_edition(area: Unit, *, actor: str = SYSTEM) -> BriefEdition:
    """Return the edition of this morning, made now if nobody has looked yet."""
    day = edition_day(clock.now())
    found = BriefEdition.objects.defer("behind").filter(area=area, day=day).first()
    return found or make_edition(area, day, actor=actor)


def make_edition(area: Unit, day: date, *, actor: str = SYSTEM) -> BriefEdition:
    """Make the edition of a day; of two made at once the first stands."""
    as_of = datetime.combine(day, HOUR, ZONE)
    scope = Scope.of(area)
    spans, behind = _spans(scope, as_of)
    things = list(_things(scope, as_of))
    for thing in things:
        ids = thing.pop("ids", None)
        if ids is not None:
            behind[f"thing.{thing['key']}"] = ids
            thing["kept"] = True
    content = {
        "form": FORM,
        "spans": spans,
        "things": things,
        "areas": by_area(scope, as_of),
        "trend": by_day(scope, midnight(as_of), TREND),
    }
    digest = hashlib.sha256(json_line(content).encode()).hexdigest()
    edition = BriefEdition(
        day=day, area=area, as_of=as_of, made_at=clock.now(), content=content, behind=behind,
        digest=digest,
    )  # fmt: skip
    try:
        with transaction.atomic():
            edition.save(force_insert=True)
            data = {"day": day.isoformat(), "area": area.code, "digest": digest}
            record(subject=edition.subject, act="brief.made", actor=actor, data=data)
    except IntegrityError:
        return BriefEdition.objects.get(area=area, day=day)
    return edition


def make_due() -> int:
    """Make this morning's edition for the whole place and for areas that had one of late."""
    day = edition_day(clock.now())
    recent = BriefEdition.objects.filter(day__gte=day - timedelta(days=WEEK))
    wanted = {*recent.values_list("area", flat=True)}
    top = Unit.objects.filter(parent=None, until=None).order_by("path").first()
    wanted |= {top.pk} if top else set()
    have = set(BriefEdition.objects.filter(day=day).values_list("area", flat=True))
    areas = Unit.objects.filter(pk__in=wanted - have, until=None).defer("outline")
    for area in areas:
        make_edition(area, day)
    return len(areas)


def _spans(scope: Scope, as_of: datetime) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Return the five figures of every span with what they were before, and the cases behind."""
    end = midnight(as_of)
    stock = overdue_at(scope, as_of)
    spans: dict[str, Any] = {}
    behind: dict[str, list[int]] = {"overdue": stock.ids}
    for name, days in SPANS.items():
        begin = end - timedelta(days=days)
        now = flows(scope, begin, end)
        before = flows(scope, begin - timedelta(days=days), begin)
        late, due = now["late"]
        late_before, due_before = before["late"]
        figures: dict[str, dict[str, Any]] = {
            key: {"value": now[key][0].number, "before": before[key][0].number}
            for key in ("reported", "closed", "back")
        }
        figures["on_time"] = {
            "value": _rate(late, due), "before": _rate(late_before, due_before),
            "late": late.number, "due": due or 0,
        }  # fmt: skip
        earlier = _stock_before(scope, as_of, days)
        figures["overdue"] = {"value": stock.number, "before": earlier}
        spans[name] = {
            "from": begin.isoformat(), "until": end.isoformat(),
            "figures": {key: figures[key] for key in FIGURES},
        }  # fmt: skip
        for key in ("reported", "closed", "back"):
            behind[f"{name}.{key}"] = now[key][0].ids
        behind[f"{name}.on_time"] = late.ids
    return spans, behind


def _rate(late: Counted, due: int | None) -> float | None:
    """Return the share handled in time, 0 to 1; None where nothing was due."""
    return round(1 - late.number / due, 4) if due else None


def _stock_before(scope: Scope, as_of: datetime, days: int) -> int:
    """Return what stood overdue so many days before: as that edition said, else reckoned back."""
    day = timezone.localtime(as_of, ZONE).date() - timedelta(days=days)
    old = BriefEdition.objects.filter(area=scope.area, day=day).defer("behind").first()
    if old is not None:
        return int(old.content["spans"]["day"]["figures"]["overdue"]["value"])
    return overdue_at(scope, as_of - timedelta(days=days)).number


def _things(scope: Scope, as_of: datetime) -> Iterator[dict[str, Any]]:
    """Yield three things to know, each by its rule; a rule that finds nothing says so.

    `ids` are the cases behind it: they are kept beside the edition, not in it.
    """
    yield _worst_unit(scope, as_of)
    yield _rising_kind(scope, as_of)
    yield _chain(scope, as_of) or _longest(scope, as_of)


def _worst_unit(scope: Scope, as_of: datetime) -> dict[str, Any]:
    """Return the unit with the largest share of overdue cases; at least five must be running."""
    rows = [row for row in by_unit(scope, as_of) if row[1] >= LEAST_RUNNING and row[2]]
    thing: dict[str, Any] = {"key": "unit", "least": LEAST_RUNNING}
    if not rows:
        return thing
    pk, running, over = max(rows, key=lambda row: (row[2] / row[1], row[2], -row[0]))
    code = Unit.objects.values_list("code", flat=True).get(pk=pk)
    ids = late_of_unit(scope, as_of, pk).ids
    return thing | {"unit": code, "running": running, "overdue": over, "ids": ids}


def _rising_kind(scope: Scope, as_of: datetime) -> dict[str, Any]:
    """Return the kind that rose most against chance: (now - before) / sqrt(now + before).

    For two Poisson counts that is how many standard deviations the rise is; below one it is no
    rise worth telling (Przyborowski and Wilenski 1940, in its normal form).
    """
    thing: dict[str, Any] = {"key": "kind", "least": LEAST_REPORTS, "days": WEEK}
    best: tuple[float, int, int, int] | None = None
    for pk, now, before in by_category(scope, midnight(as_of), WEEK):
        if now < LEAST_REPORTS or now <= before:
            continue
        rise = (now - before) / math.sqrt(now + before)
        if rise >= 1 and (best is None or (rise, now) > (best[0], best[2])):
            best = (rise, pk, now, before)
    if best is None:
        return thing
    key = Category.objects.values_list("key", flat=True).get(pk=best[1])
    ids = reports_of_kind(scope, midnight(as_of), WEEK, best[1]).ids
    return thing | {"category": key, "now": best[2], "before": best[3], "ids": ids}


def _chain(scope: Scope, as_of: datetime) -> dict[str, Any] | None:
    """Return the longest chain of relapses that grew within the week, from the third time on."""
    rows = Recurrence.objects.standing().filter(
        scope.on("case__"), ordinal__gte=LEAST_CHAIN,
        case__opened_at__gte=as_of - timedelta(days=WEEK), case__opened_at__lt=as_of,
    )  # fmt: skip
    row = rows.select_related("case", "first").order_by("-ordinal", "-case__opened_at").first()
    if row is None:
        return None
    return {
        "key": "chain", "least": LEAST_CHAIN, "case": row.case.number, "title": row.case.title,
        "ordinal": row.ordinal, "days": (row.case.opened_at - row.first.opened_at).days,
    }  # fmt: skip


def _longest(scope: Scope, as_of: datetime) -> dict[str, Any]:
    """Return the case that is overdue for longest."""
    late = late_at(scope, as_of).order_by("due_at", "pk").select_related("case__unit")
    task = late.defer("case__unit__outline", "case__text").first()
    if task is None or task.due_at is None:
        return {"key": "longest"}
    case = task.case
    return {
        "key": "longest", "case": case.number, "title": case.title,
        "unit": case.unit.code if case.unit else "",
        "hours": int((as_of - task.due_at).total_seconds() // 3600),
    }  # fmt: skip
