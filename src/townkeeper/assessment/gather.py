"""Gathers everything a round is made of: members, figures, the cases behind, what came before."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from townkeeper.analytics.engine import Tables, open_tables
from townkeeper.assessment.forerunners import heirs_of
from townkeeper.assessment.frozen import FORMAT, Content, measure_as_dict
from townkeeper.assessment.models import Scheme
from townkeeper.assessment.program import SOURCE_ENTERED, Group, SchemeFile
from townkeeper.assessment.scoring import Measure, Sheet, score, sheet_as_dict
from townkeeper.calendars.models import Calendar
from townkeeper.cases.metrics import (
    EVERYBODY,
    Lines,
    Subjects,
    Value,
    Window,
    figures,
    lines_behind,
    metrics,
    overdue_work,
    value_of,
)
from townkeeper.cases.models import Case
from townkeeper.duties.models import Category
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Unit

MOST_PLACES = 10
CHUNK = 500
Entered = Mapping[tuple[str, str], Decimal]
"""(unit code, name) → value of an input that a person typed in, for `entered:name`."""


def office_zone() -> ZoneInfo:
    """Return the zone whose months count: the calendar's, as the program sets it."""
    name = Calendar.objects.filter(code="default").values_list("time_zone", flat=True).first()
    return ZoneInfo(name or settings.TIME_ZONE)


@dataclass(frozen=True)
class Members:
    """The assessed units, their groups, and under which of them every other unit counts."""

    units: dict[str, Unit]
    groups: dict[str, str]
    codes: dict[int, str]


def members_of(scheme: SchemeFile, window: Window, zone: ZoneInfo) -> Members:
    """Find the units of every group as they were in the month, and who counts for whom.

    A unit that ended in the month has its own sheet for what fell due before its day, unless the
    rules of the change say that its successor answers for it already (`scores: successor`).
    """
    first = window.start.astimezone(zone).date()
    day = (window.end - timedelta(seconds=1)).astimezone(zone).date()
    existing = list(Unit.objects.existing(day).order_by("path"))
    ended = Unit.objects.filter(
        Q(since=None) | Q(since__lte=day), until__gt=first, until__lte=day
    ).select_related("successor")
    apart = [unit for unit in ended if unit.attributes.get("scores") != "successor"]
    gone = Unit.objects.filter(until__lte=day).select_related("successor").defer("outline")
    standing = {unit.code: _standing(unit, day) for unit in gone}
    units: dict[str, Unit] = {}
    groups: dict[str, str] = {}
    for group in scheme.groups:
        for unit in _picked(group, [*existing, *apart], standing):
            if unit.code in groups:
                raise Problem(
                    "unit-in-two-groups",
                    _("%(unit)s is in two groups of the scheme, %(one)s and %(two)s.")
                    % {"unit": unit.name, "one": groups[unit.code], "two": group.key},
                    where=scheme.scheme,
                )
            units[unit.code], groups[unit.code] = unit, group.key
    _add_heirs(scheme, existing, units, groups)
    by_path = {unit.path: unit.code for unit in units.values()}
    codes = {
        pk: code
        for pk, path in Unit.objects.values_list("pk", "path")
        if (code := _nearest(path, by_path))
    }
    for unit in ended:
        heir = standing[unit.code]
        if unit not in apart and heir is not None and heir.pk in codes:
            codes[unit.pk] = codes[heir.pk]
    return Members(units, groups, codes)


def _standing(unit: Unit, day: date) -> Unit | None:
    """Return who stands for a unit on a day; None for nobody."""
    seen: set[int] = set()
    while unit.until is not None and unit.until <= day:
        if unit.successor is None or unit.pk in seen:
            return None
        seen.add(unit.pk)
        unit = unit.successor
    return unit


def _add_heirs(
    scheme: SchemeFile, existing: list[Unit], units: dict[str, Unit], groups: dict[str, str]
) -> None:
    """Let heirs of the same kind take the place of a unit that the scheme names and that ended."""
    living = {unit.code: unit for unit in existing}
    before = {
        unit.code: unit
        for unit in Unit.objects.filter(until__isnull=False).select_related("successor")
    }
    for group in scheme.groups:
        waiting = [before[code] for code in group.units if code in before]
        seen: set[str] = set()
        while waiting:
            unit = waiting.pop(0)
            seen.add(unit.code)
            for code in heirs_of(unit):
                heir = living.get(code)
                if heir is None:
                    waiting += [before[code]] if code in before and code not in seen else []
                elif code not in groups and heir.kind == unit.kind and code not in group.without:
                    units[code], groups[code] = heir, group.key


def _picked(group: Group, existing: list[Unit], standing: Mapping[str, Unit | None]) -> list[Unit]:
    by_code = {unit.code: unit for unit in existing}
    found: list[Unit] = []
    for choice in group.units:
        kind, _colon, name = choice.partition(":")
        if kind == "kind":
            found += [unit for unit in existing if unit.kind == name]
        elif kind == "under":
            over = by_code.get(name) or standing.get(name)
            found += [unit for unit in existing if over and unit.parent_id == over.pk]
        elif kind == "group":
            found += [unit for unit in existing if name in unit.attributes.get("groups", ())]
        elif choice in by_code:
            found.append(by_code[choice])
    return [unit for unit in dict.fromkeys(found) if unit.code not in group.without]


def _nearest(path: str, by_path: Mapping[str, str]) -> str:
    """Return the code of the unit itself or of the nearest one above that is assessed."""
    parts = path.rstrip(".").split(".")
    for length in range(len(parts), 0, -1):
        code = by_path.get(".".join(parts[:length]) + ".")
        if code:
            return code
    return ""


def gather(
    scheme: Scheme, window: Window, zone: ZoneInfo, *, entered: Entered
) -> tuple[Content, tuple[Sheet, ...], Members]:
    """Return a round's content (without who and when), its score sheets and its members."""
    plan = SchemeFile.model_validate(scheme.definition)
    members = members_of(plan, window, zone)
    tables = open_tables()
    subjects = Subjects("unit", members.codes)
    lines = _lines(tables, window, subjects)
    by_unit = _values(tables, window, subjects, lines)
    measured = {
        code: {**_measures(by_unit(code)), **_entered(plan, entered, code)}
        for code in members.units
    }
    sheets = score(plan, members=members.groups, inputs=measured)
    content: Content = {
        "format": FORMAT,
        "scheme": plan.model_dump(mode="json", exclude_none=True),
        "metrics": {key: _metric(key) for key in metrics()},
        "units": _units(members),
        "figures": {code: _frozen(given) for code, given in measured.items()},
        "totals": _frozen(_measures(_values(tables, window, Subjects(), lines)(EVERYBODY))),
        "cases": _cases(lines, members),
        "sheets": [sheet_as_dict(sheet) for sheet in sheets],
        "overdue": _overdue(tables, window, subjects),
        "places": _places(window),
    }
    return content, sheets, members


def _measures(values: Mapping[str, Value]) -> dict[str, Measure]:
    return {key: Measure(v.value, v.numerator, v.denominator) for key, v in values.items()}


def _entered(plan: SchemeFile, entered: Entered, code: str) -> dict[str, Measure]:
    names = [name for name in plan.metrics() if name.startswith(SOURCE_ENTERED)]
    return {
        name: Measure(entered[code, name.removeprefix(SOURCE_ENTERED)])
        for name in names
        if (code, name.removeprefix(SOURCE_ENTERED)) in entered
    }


def _frozen(measured: Mapping[str, Measure]) -> dict[str, object]:
    return {key: measure_as_dict(measure) for key, measure in measured.items()}


def _metric(key: str) -> dict[str, object]:
    metric = metrics()[key]
    return {
        "kind": metric.kind,
        "names": dict(metric.names),
        "definition": dict(metric.definition),
        "numerator": metric.numerator,
        "denominator": metric.denominator,
        "better": metric.better,
    }


def _units(members: Members) -> dict[str, object]:
    return {
        code: {"name": unit.name, "names": unit.names, "group": members.groups[code]}
        for code, unit in members.units.items()
    }


def _lines(tables: Tables, window: Window, subjects: Subjects) -> Lines:
    """Return the cases behind every count, for each unit and for all."""
    wanted = [key for key, metric in metrics().items() if metric.kind == "count"]
    lines = lines_behind(tables, window, subjects, wanted=wanted)
    return {**lines, **lines_behind(tables, window, wanted=wanted)}


def _values(
    tables: Tables, window: Window, subjects: Subjects, lines: Lines
) -> Callable[[str], dict[str, Value]]:
    """Return a function from a subject to its figures; counts are the lengths of the lists."""
    known = metrics()
    hours = [key for key, metric in known.items() if metric.kind == "hours"]
    times = figures(tables, window, subjects, wanted=hours)

    def values(subject: str) -> dict[str, Value]:
        counts = {key: len(numbers) for key, numbers in lines.get(subject, {}).items()}
        counted = {
            key: value_of(metric, counts) for key, metric in known.items() if metric.kind != "hours"
        }
        return {**counted, **times.get(subject, dict.fromkeys(hours, Value(None, None, 0)))}

    return values


def _cases(lines: Lines, members: Members) -> dict[str, object]:
    """Return the numbers behind every count: each number once, lists of places in that list."""
    kept = {
        code: found for code, found in lines.items() if code in members.units or code == EVERYBODY
    }
    numbers = sorted({n for counts in kept.values() for behind in counts.values() for n in behind})
    place = {number: at for at, number in enumerate(numbers)}
    behind = {
        subject: {count: [place[number] for number in found] for count, found in counts.items()}
        for subject, counts in kept.items()
    }
    return {"numbers": numbers, "behind": behind}


def _overdue(tables: Tables, window: Window, subjects: Subjects) -> list[dict[str, object]]:
    """Return the work that is overdue and open, with what a list must say of it."""
    work = overdue_work(tables, window, subjects)
    names = dict(Category.objects.values_list("key", "name"))
    texts = dict(Category.objects.values_list("key", "names"))
    return [
        {
            "number": row.number,
            "unit": row.subject,
            "due": row.due_at.isoformat(),
            "category": names.get(row.category or "", ""),
            "categories": texts.get(row.category or "") or {},
        }
        for row in work
    ]


def _places(window: Window) -> list[dict[str, object]]:
    """Return the named places with two cases or more opened in the month, the worst first."""
    opened = Q(opened_at__gte=window.start, opened_at__lt=min(window.end, window.until))
    rows = (
        Case.objects.filter(opened, place__isnull=False)
        .exclude(stage="voided")
        .values("place__name", "place__names")
        .annotate(times=Count("pk"))
        .filter(times__gte=2)
        .order_by("-times", "place__name")[:MOST_PLACES]
    )
    return [
        {"name": row["place__name"], "names": row["place__names"], "cases": row["times"]}
        for row in rows
    ]


def origin_of(numbers: Iterable[str]) -> str:
    """Return `simulated` or `imported` if any of the cases is, else `live`."""
    found: set[str] = set()
    chunk: list[str] = []
    for number in [*numbers, None]:
        if number is not None:
            chunk.append(number)
        if chunk and (number is None or len(chunk) == CHUNK):
            rows = Case.objects.filter(number__in=chunk).order_by().values_list("origin", flat=True)
            found |= set(rows.distinct())
            chunk.clear()
    return next((mark for mark in ("simulated", "imported") if mark in found), "live")
