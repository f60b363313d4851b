"""Finds cases that a report may repeat, while it is being entered; shows them, merges nothing.

The database gives what lies near or has the same key place or address and came in not long ago;
`likeness` compares. Cases that have run until now or ended lately are looked at, merged ones are
not: their main case stands for them.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.db.models import BooleanField, Func, Q, QuerySet
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from townkeeper.cases.desk import Desk, desk
from townkeeper.cases.intake import Report
from townkeeper.cases.likeness import (
    TEXT_MAX,
    Facts,
    Kin,
    Reach,
    Vocabulary,
    cosine,
    score,
)
from townkeeper.cases.models import ENDED, Case, Stage
from townkeeper.duties.models import Category
from townkeeper.duties.register import Register
from townkeeper.kit import clock
from townkeeper.kit.globe import box_around, metres_between

METRES: Final = 100
DAYS: Final = 30
ENDED_DAYS: Final = 7
"""How lately a case has ended that is still shown: perhaps it was closed without being done."""
LEAST: Final = 0.5
"""The score from which a case is shown (docs/duplicates.md)."""
ADDRESS_METRES: Final = 500
"""The same address with positions further apart is not the same place."""
CANDIDATES_MAX: Final = 2_000
SAMPLE: Final = 4_000
"""Titles of so many cases, the latest, tell which words are common."""
SAMPLE_SECONDS: Final = 3_600
HOURS_FROM: Final = timedelta(hours=2)
DAYS_FROM: Final = timedelta(days=2)


class HasAddress(Func):
    """`HasAddress("address")`: written as in the index, which SQLite does not take otherwise."""

    template = "NOT (%(expressions)s = '')"
    arity = 1
    output_field: ClassVar = BooleanField()


@dataclass(frozen=True, slots=True)
class Twin:
    """A case that may be the same thing, with what speaks for it."""

    case: Case
    score: float
    """0 to 1."""
    facts: Facts

    def reasons(self) -> list[str]:
        """Return in words, in the language of the moment, why it is shown."""
        facts, said = self.facts, []
        if facts.is_same_spot:
            said.append(_("at the same place"))
        elif facts.metres is not None:
            said.append(_("%(metres)d m away") % {"metres": round(facts.metres)})
        said.append(_apart(facts.apart))
        if facts.kin == "same":
            said.append(_("same kind"))
        elif facts.kin == "sibling":
            said.append(_("related kind"))
        if facts.words is not None:
            said.append(_("words %(share).2f") % {"share": facts.words})
        if not facts.is_running:
            said.append(_("has ended already"))
        return said

    def found(self) -> dict[str, object]:
        """Return the same as data, for the journal and `Merge.found`."""
        facts = self.facts
        return {
            "score": round(self.score, 3),
            "metres": None if facts.metres is None else round(facts.metres),
            "same_spot": facts.is_same_spot,
            "hours": round(facts.apart.total_seconds() / 3600, 1),
            "kind": facts.kin,
            "words": None if facts.words is None else round(facts.words, 2),
        }


def _apart(apart: timedelta) -> str:
    if apart >= DAYS_FROM:
        return _("%(days)d days apart") % {"days": apart.days}
    if apart >= HOURS_FROM:
        return _("%(hours)d hours apart") % {"hours": apart.total_seconds() // 3600}
    return _("%(minutes)d minutes apart") % {"minutes": apart.total_seconds() // 60}


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a report says, whether it is a case already or not."""

    pk: int | None
    category: int | None
    place: int | None
    address: str
    point: tuple[float, float] | None
    at: datetime
    words: str


def find_twins(
    of: Report | Case,
    *,
    limit: int = 5,
    among: QuerySet[Case] | None = None,
    reach: Reach | None = None,
    least: float = LEAST,
) -> list[Twin]:
    """Return cases that came in before and look like the same thing, the likeliest first.

    `among` are the cases that the person may see (all of them without it). `reach` is otherwise
    what the category says (`relapse_metres`), else 100 m and 30 days. Without position, place and
    address there is nothing to search by: then none are found.
    """
    picture = desk()
    looked = _looked(of, picture)
    reach = reach or Reach(_metres(looked.category, picture.register), DAYS)
    words = _vocabulary().vector(looked.words)
    twins: list[Twin] = []
    for case in _candidates(looked, Case.objects.all() if among is None else among, reach):
        facts = _compare(looked, case, picture.register, words)
        if not facts.is_same_spot and (facts.metres is None or facts.metres > reach.metres):
            continue
        value = score(facts, reach)
        if value >= least:
            twins.append(Twin(case, value, facts))
    return sorted(twins, key=lambda twin: (-twin.score, -twin.case.pk))[:limit]


def twins_among(cases: Sequence[Case], *, least: float = LEAST) -> list[tuple[Case, Twin]]:
    """Return which of some cases look like an earlier one of them, the likeliest first.

    For a desk that looks through the running cases: they are compared in memory, so that it costs
    no question per case; each is put to its likeliest earlier one only. `cases` should be a few
    hundred with all their columns.
    """
    picture = desk()
    vectors = _vocabulary()
    known = sorted(cases, key=lambda case: (case.opened_at, case.pk))
    looked = {case.pk: _looked(case, picture) for case in known}
    words = {case.pk: vectors.vector(looked[case.pk].words) for case in known}
    metres = {pk: _metres(pk, picture.register) for pk in {case.category_id for case in known}}
    found: list[tuple[Case, Twin]] = []
    for place, case in enumerate(known):
        here, reach = looked[case.pk], Reach(metres[case.category_id], DAYS)
        best: Twin | None = None
        for other in known[:place]:
            if not _near(here, looked[other.pk], reach):
                continue
            facts = _compare(here, other, picture.register, words[case.pk])
            if not facts.is_same_spot and (facts.metres is None or facts.metres > reach.metres):
                continue
            value = score(facts, reach)
            if value >= max(least, best.score if best else 0.0):
                best = Twin(other, value, facts)
        if best is not None:
            found.append((case, best))
    return sorted(found, key=lambda pair: (-pair[1].score, -pair[0].pk))


def _near(here: _Looked, there: _Looked, reach: Reach) -> bool:
    """Tell quickly whether two may be at the same place at all; degrees, before any metre."""
    if here.at - there.at > timedelta(days=reach.days):
        return False
    if here.place is not None and here.place == there.place:
        return True
    if here.address and here.address == there.address:
        return True
    if here.point is None or there.point is None:
        return False
    span = box_around(*here.point, reach.metres)
    lon, lat = there.point
    return span.south <= lat <= span.north and span.west <= lon <= span.east


def _looked(of: Report | Case, picture: Desk) -> _Looked:
    if isinstance(of, Case):
        point = (of.lon, of.lat) if of.lon is not None and of.lat is not None else None
        words = f"{of.title} {of.text[:TEXT_MAX]}"
        return _Looked(
            of.pk, of.category_id, of.place_id, of.address.strip(), point, of.opened_at, words
        )
    place = picture.places.get(of.place) if of.place else None
    category = picture.register.category_by_key.get(of.category) if of.category else None
    lon, lat = of.lon, of.lat
    if (lon is None or lat is None) and place is not None:
        lon, lat = place.lon, place.lat
    return _Looked(
        None,
        category.id if category else None,
        place.pk if place else None,
        of.address.strip(),
        (lon, lat) if lon is not None and lat is not None else None,
        clock.now(),
        f"{of.title} {of.text[:TEXT_MAX]}",
    )


def _metres(category: int | None, register: Register) -> float:
    """Return how near is the same place for a category, its own word before its parents'."""
    row = register.categories.get(category) if category is not None else None
    line = [each.id for each in register.category_line(row)]
    said = dict(
        Category.objects.filter(pk__in=line, relapse_metres__gt=0).values_list(
            "pk", "relapse_metres"
        )
    )
    return float(next((said[pk] for pk in line if pk in said), None) or METRES)


def _candidates(looked: _Looked, among: QuerySet[Case], reach: Reach) -> Iterator[Case]:
    """Yield cases near by, at the key place or at the address; each way has its own index."""
    since = looked.at - timedelta(days=reach.days)
    lately = looked.at - timedelta(days=ENDED_DAYS)
    base = (
        among.filter(opened_at__gte=since, opened_at__lte=looked.at)
        .exclude(stage__in=[Stage.MERGED, Stage.VOIDED])
        .filter(Q(closed_at=None) | Q(closed_at__gte=lately))
        .annotate(start=Substr("text", 1, TEXT_MAX))
        .defer("text", "answer", "extra", "counts")
    )
    if looked.pk is not None:
        base = base.exclude(pk=looked.pk)
    ways: list[Q] = []
    if looked.point is not None:
        span = box_around(*looked.point, reach.metres)
        ways.append(Q(lat__range=(span.south, span.north)) & Q(lon__range=(span.west, span.east)))
    if looked.place is not None:
        ways.append(Q(place=looked.place))
    if looked.address:
        ways.append(Q(HasAddress("address")) & Q(address=looked.address))
    seen: set[int] = set()
    for way in ways:
        for case in base.filter(way)[:CANDIDATES_MAX]:
            if case.pk not in seen:
                seen.add(case.pk)
                yield case


def _compare(looked: _Looked, case: Case, register: Register, words: dict[str, float]) -> Facts:
    metres: float | None = None
    if looked.point is not None and case.lon is not None and case.lat is not None:
        metres = metres_between(*looked.point, case.lon, case.lat)
    theirs = _vocabulary().vector(f"{case.title} {getattr(case, 'start', '')}")
    same_place = looked.place is not None and looked.place == case.place_id
    same_address = bool(looked.address) and looked.address == case.address
    if metres is not None and metres > ADDRESS_METRES:
        same_address = False  # 「中山路」 is found in every town
    return Facts(
        metres=metres,
        is_same_spot=same_place or same_address,
        apart=abs(looked.at - case.opened_at),
        kin=kin_of(looked.category, case.category_id, register),
        words=cosine(words, theirs),
        is_running=case.stage not in ENDED,
    )


def kin_of(one: int | None, other: int | None, register: Register) -> Kin:
    """Return how two categories are related."""
    if one is None or other is None:
        return "unknown"
    if one == other:
        return "same"
    first, second = register.categories.get(one), register.categories.get(other)
    if first is None or second is None:
        return "unknown"
    above = {first.parent, second.parent} - {None}
    is_near = (len(above) == 1 and first.parent == second.parent) or above & {one, other}
    return "sibling" if is_near else "other"


_lock = threading.Lock()
_words: list[tuple[float, Vocabulary]] = []


def _vocabulary() -> Vocabulary:
    """Return which words are common of late, read again after an hour."""
    with _lock:
        if _words and time.monotonic() - _words[0][0] < SAMPLE_SECONDS:
            return _words[0][1]
        titles = Case.objects.order_by("-opened_at").values_list("title", flat=True)
        known = Vocabulary.of(titles[:SAMPLE])
        _words[:] = [(time.monotonic(), known)]
        return known


def forget_words() -> None:
    """Let the next search read anew which words are common (after an import)."""
    with _lock:
        _words.clear()
