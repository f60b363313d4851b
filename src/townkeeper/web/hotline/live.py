"""What the desk shows while a caller speaks: history, likely twins, answers, suggestions."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from townkeeper.accounts.models import User
from townkeeper.calls.callers import history_of
from townkeeper.calls.numbers import masked
from townkeeper.cases.desk import desk
from townkeeper.cases.intake import Report
from townkeeper.cases.models import Case
from townkeeper.cases.twins import Twin, find_twins
from townkeeper.duties.register import UnitRow, register
from townkeeper.knowledge.finding import find_articles
from townkeeper.knowledge.models import Article
from townkeeper.suggestions.suggest import Owner, Suggestion, suggest, suggest_owner
from townkeeper.web.hotline.forms import PROCEDURE, CallForm, title_of
from townkeeper.web.options import book_of
from townkeeper.web.spots import area_in_words, where_of
from townkeeper.web.stages import look_of
from townkeeper.web.wording import full_time

SHORTEST: Final = 4
"""Characters of a description before kinds are guessed from it."""
TEXT: Final = 2_000
TWINS: Final = 5
ANSWERS: Final = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A likely twin as the desk shows it, with what can be told of it."""

    twin: Twin
    reasons: list[str]
    state: Any
    progress: str

    @property
    def case(self) -> Case:
        """Return its case."""
        return self.twin.case


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier case of the caller; while it runs, what to tell and the key that adds the call."""

    case: Case
    progress: str
    key: int
    """1 to 5 with Alt, after the likely twins; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Live:
    """Everything beside the form."""

    number: str
    """The caller's number, masked."""
    history: list[Past]
    twins: list[Candidate]
    articles: list[Article]
    kinds: list[Suggestion]
    owner: Owner | None
    owner_title: str
    area: UnitRow | None
    """An area that the address names and the form does not say."""

    @property
    def offered(self) -> str:
        """Return the kinds that are shown, for the form to send back."""
        return " ".join(kind.category for kind in self.kinds)


def look(form: CallForm, user: User) -> Live:
    """Return what is known about what is typed so far; nothing is saved by looking."""
    said = form.guess()
    cases = Case.objects.visible_to(user)
    shown = cases.select_related("unit").defer("unit__outline")
    where = where_of(said["spot"], said["where"], cases)
    text = said["text"].strip()[:TEXT]
    area = said["area"] or where.area or ""
    place = register().units.get(_area_of_place(where.place)) if where.place else None
    area = area or (place.code if place else "")
    named = None if area else area_in_words(f"{said['where']} {text}")
    report = Report(
        title=title_of(text), text=text, category=said["category"] or None, area=area or None,
        place=where.place, address=said["where"].strip(), lon=where.lon, lat=where.lat,
        procedure=PROCEDURE,
    )  # fmt: skip
    guesses = suggest(report.title, text) if len(text) >= SHORTEST and not said["category"] else []
    owner = suggest_owner(report.category, area=area or None) if said["category"] else None
    unit = book_of("units").by_value.get(owner.unit or "") if owner else None
    twins = [_candidate(twin) for twin in find_twins(report, limit=TWINS, among=shown)]
    return Live(
        number=masked(said["phone"]),
        history=_past(history_of(cases, said["phone"]), twins) if form.is_call else [],
        twins=twins,
        articles=_articles(user, said["category"], text),
        kinds=guesses,
        owner=owner,
        owner_title=unit.title if unit else "",
        area=named,
    )


def _past(cases: list[Case], twins: list[Candidate]) -> list[Past]:
    """Return the caller's cases; one that still runs takes the call, as a likely twin does."""
    offered = {candidate.case.pk for candidate in twins}
    keys = iter(range(len(twins) + 1, TWINS + 1))
    found = []
    for case in cases:
        main = case.main or case
        is_running = not main.is_ended
        key = next(keys, 0) if is_running and main.pk not in offered else 0
        offered.add(main.pk)
        found.append(Past(case, progress_of(main) if is_running else "", key))
    return found


def _area_of_place(code: str) -> int:
    return desk().places[code].area_id


def _articles(user: User, category: str, text: str) -> list[Article]:
    known = register()
    line = tuple(row.id for row in known.category_line(known.category_by_key.get(category)))
    if not (line or text):
        return []
    rows = Article.objects.visible_to(user).used()
    return find_articles(rows, words=text, line=line, limit=ANSWERS)


def _candidate(twin: Twin) -> Candidate:
    return Candidate(twin, twin.reasons(), look_of(twin.case.stage), progress_of(twin.case))


def progress_of(case: Case) -> str:
    """Return in one sentence what a caller can be told about a case: no name, no number."""
    values = {
        "number": case.number,
        "opened": full_time(case.opened_at)[5:16],
        "state": look_of(case.stage).word,
        "unit": case.unit.title if case.unit else _("no unit yet"),
        "due": full_time(case.due_at)[5:16] if case.due_at else "",
    }
    if case.is_ended:
        return _("Reported on %(opened)s, number %(number)s: %(state)s.") % values
    if case.due_at:
        return (
            _("Reported on %(opened)s, number %(number)s: %(state)s, %(unit)s, due %(due)s.")
            % values
        )
    return _("Reported on %(opened)s, number %(number)s: %(state)s, %(unit)s.") % values
