"""Draws closed cases for a revisit, day by day, and lets anybody check a draw."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from townkeeper.cases.desk import Desk, desk
from townkeeper.cases.intake import ZONE
from townkeeper.cases.models import Case, ProcedureVersion, Stage
from townkeeper.duties.register import Register
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures import model as language
from townkeeper.procedures.language import parse
from townkeeper.relapse._history import Line, append_entries
from townkeeper.relapse.drawing import (
    Candidate,
    chance_of,
    day_within,
    is_drawn,
    list_digest,
)
from townkeeper.relapse.models import Cursor, Draw, Recurrence, Revisit
from townkeeper.relapse.parties import is_of
from townkeeper.units.models import Unit

PERFORMER = "verifier"
CURSOR = "draws"
BACK = 14
"""Days for which the background work makes up draws that it missed."""
LONGEST = 3660
"""Days that one call may draw for."""
SEED_BYTES = 16
SEED_MAX = 100


def draw_revisits(
    first: date, last: date | None = None, *, seed: str | None = None, actor: str
) -> list[Draw]:
    """Draw for each day from `first` to `last`; a day that was drawn before keeps its draw.

    Candidates of a day are the closed cases whose window opens on it: the first day after closing
    on which the final step of their procedure wants them looked at. A day without candidates is
    drawn too, with an empty list. Without a `seed` chance makes one for each day; a given one is
    marked as given, because it could have been tried out before.
    """
    last = last or first
    _check_days(first, last, seed)
    draws = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        known = Draw.objects.filter(on=day).first()
        draws.append(known or _draw(day, f"{seed}:{day:%F}" if seed else None, actor))
    return draws


def draw_missing(*, actor: str) -> list[Draw]:
    """Draw for today and for the days since the last draw, two weeks back at most.

    The first time only today is drawn: what was closed before the office began to revisit is not
    made up for.
    """
    today = clock.today()
    latest = Draw.objects.filter(on__lt=today).order_by("-on").values_list("on", flat=True).first()
    if Draw.objects.filter(on=today).exists():
        return []
    first = today if latest is None else max(latest, today - timedelta(days=BACK))
    first = first + timedelta(days=1) if first < today else first
    return draw_revisits(first, today, actor=actor)


def _check_days(first: date, last: date, seed: str | None) -> None:
    if last < first:
        raise Problem("days-reversed", _("The last day is before the first."), where=f"{last:%F}")
    if last > clock.today():
        raise Problem(
            "draw-too-early",
            _("Cases may still be reopened before that day."),
            where=f"{last:%F}",
            hint=_("Draw for today, or for days that have passed."),
        )
    if (last - first).days >= LONGEST:
        raise Problem("too-many-days", _("At most ten years can be drawn at a time."))
    if seed is not None and (not seed.strip() or len(seed) > SEED_MAX):
        raise Problem(
            "seed-wrong",
            _("A seed has 1 to %(max)d characters.") % {"max": SEED_MAX},
            where="seed",
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate with what a visit needs to know of its case."""

    candidate: Candidate
    case: Case
    rule: language.Revisit
    procedure: str


@transaction.atomic
def _draw(day: date, seed: str | None, actor: str) -> Draw:
    # two who draw for one day at once: the second waits here and finds the first one's draw
    Cursor.objects.get_or_create(key=CURSOR)
    Cursor.objects.select_for_update().get(key=CURSOR)
    known = Draw.objects.filter(on=day).first()
    if known is not None:
        return known
    picture = desk()
    chosen = list(candidates_of(day, picture))
    listed = sorted(one.candidate for one in chosen)
    draw = Draw.objects.create(
        on=day,
        seed=seed or secrets.token_hex(SEED_BYTES),
        is_seed_given=seed is not None,
        candidates=[[c.number, c.closed_at, c.chance] for c in listed],
        digest=list_digest(listed),
        drawn_at=clock.now(),
        drawn_by=actor,
    )
    visits = [_visit(one, draw, picture) for one in chosen if is_drawn(draw.seed, one.candidate)]
    Revisit.objects.bulk_create(visits)
    _journal(draw, visits, actor)
    return draw


def _journal(draw: Draw, visits: Sequence[Revisit], actor: str) -> None:
    record(
        subject=draw.subject,
        act="revisit.drawn",
        actor=actor,
        data={
            "seed": draw.seed,
            "is_seed_given": draw.is_seed_given,
            "digest": draw.digest,
            "candidates": len(draw.candidates),
            "drawn": [visit.case.number for visit in visits],
        },
    )
    append_entries(
        [
            Line(
                visit.case.subject,
                "case.revisit-drawn",
                {
                    "draw": f"{draw.on:%F}",
                    "due": visit.due_at.isoformat(),
                    "unit": visit.unit.code if visit.unit else None,
                },
            )
            for visit in visits
        ],
        actor=actor,
    )


def candidates_of(day: date, picture: Desk) -> Iterator[Chosen]:
    """Yield the closed cases whose window opens on a day, with their chances."""
    for version in ProcedureVersion.objects.order_by("pk"):
        steps = parse(version.definition).steps.values()
        for step in steps:
            if step.final and step.revisit is not None:
                closed_on = day - timedelta(days=step.revisit.after_min_days)
                cases = _closed_on(closed_on).filter(procedure=version, step=step.name)
                yield from _with_chances(cases, step.revisit, version.key, picture.register)


def _closed_on(day: date) -> "QuerySet[Case]":
    start = datetime.combine(day, time(), ZONE)
    end = datetime.combine(day + timedelta(days=1), time(), ZONE)
    return Case.objects.filter(stage=Stage.CLOSED, closed_at__gte=start, closed_at__lt=end)


def _with_chances(
    cases: "QuerySet[Case]", rule: language.Revisit, procedure: str, register: Register
) -> Iterator[Chosen]:
    came_back = Recurrence.objects.standing().filter(former=OuterRef("pk"))
    is_relapse = Recurrence.objects.standing().filter(case=OuterRef("pk"))
    rows = cases.annotate(back=Exists(came_back), again=Exists(is_relapse)).defer("text", "answer")
    for case in rows.order_by("number"):
        chance = chance_of(
            rule,
            kinds=_kinds_above(case, register),
            areas=_areas_above(case, register),
            has_relapsed=case.back or case.again,
        )
        assert case.closed_at is not None  # noqa: S101 - the filter asks for it
        moment = case.closed_at.astimezone(UTC).isoformat(timespec="microseconds")
        yield Chosen(Candidate(case.number, moment, chance), case, rule, procedure)


def _kinds_above(case: Case, register: Register) -> list[str]:
    line: list[str] = []
    row = register.categories.get(case.category_id) if case.category_id else None
    while row is not None and row.key not in line:
        line.append(row.key)
        row = register.categories.get(row.parent) if row.parent else None
    return line


def _areas_above(case: Case, register: Register) -> list[str]:
    row = register.units.get(case.area_id) if case.area_id else None
    if row is None:
        return []
    above = [unit for unit in register.units.values() if row.path.startswith(unit.path)]
    return [unit.code for unit in sorted(above, key=lambda unit: -len(unit.path))]


def _visit(chosen: Chosen, draw: Draw, picture: Desk) -> Revisit:
    """Return the visit of a drawn case: by whom, and when within the window."""
    case, rule = chosen.case, chosen.rule
    assert case.closed_at is not None  # noqa: S101 - only closed cases are drawn
    days = day_within(draw.seed, case.number, rule.after_min_days, rule.after_max_days)
    day = case.closed_at.astimezone(ZONE).date() + timedelta(days=days + 1)
    fixer = Unit.objects.get(pk=case.unit_id) if case.unit_id else None
    return Revisit(
        case=case,
        draw=draw,
        closed_at=case.closed_at,
        fixer=fixer,
        unit=visitor_of(fixer, picture, chosen.procedure),
        performer=rule.performer or PERFORMER,
        due_at=datetime.combine(day, time(), ZONE),
        updated_at=timezone.now(),
    )


def visitor_of(fixer: Unit | None, picture: Desk, procedure: str) -> Unit | None:
    """Return the unit that visits: the office, or what is above it where the office fixed it."""
    row = picture.office_for(procedure)
    office = Unit.objects.get(pk=row.id) if row else None
    if fixer is None or office is None or not is_of(office, fixer):
        return office
    return fixer.parent


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of drawing again: empty lists where everything agrees."""

    is_list_intact: bool
    """The kept list has the digest that was recorded."""
    missing: tuple[str, ...]
    """Drawn again, but without a visit."""
    extra: tuple[str, ...]
    """With a visit, but not drawn again."""
    left_out: tuple[str, ...]
    """Closed on such a day, and not on the list."""
    changed: tuple[str, ...]
    """On the list, but reopened or closed anew since: no fault of the draw."""

    @property
    def is_right(self) -> bool:
        """Whether the draw is what the seed and the list make of it."""
        return self.is_list_intact and not (self.missing or self.extra or self.left_out)


def verify_draw(draw: Draw) -> Verified:
    """Draw again with the recorded seed and list, and compare with the visits and the records.

    The seed and the digest stand in the journal (`draw:DAY`), which `townkeeper verify` checks.
    """
    listed = [Candidate(*row) for row in draw.candidates]
    drawn = {c.number for c in listed if is_drawn(draw.seed, c)}
    visited = set(draw.revisits.values_list("case__number", flat=True))
    known = {c.number: c.closed_at for c in listed}
    present = {one.candidate.number: one.candidate for one in candidates_of(draw.on, desk())}
    return Verified(
        is_list_intact=list_digest(listed) == draw.digest,
        missing=tuple(sorted(drawn - visited)),
        extra=tuple(sorted(visited - drawn)),
        left_out=tuple(sorted(_closed_before(present.values(), draw) - known.keys())),
        changed=tuple(sorted(number for number in known if number not in present)),
    )


def _closed_before(candidates: Iterable[Candidate], draw: Draw) -> set[str]:
    """Return the numbers of what was closed, and recorded here, when the draw was made."""
    numbers = [c.number for c in candidates]
    there = Case.objects.filter(number__in=numbers, closed_at__lt=draw.drawn_at)
    return set(there.exclude(origin="imported").values_list("number", flat=True))
