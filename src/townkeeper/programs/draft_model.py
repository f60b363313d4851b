"""A program drafted in memory: what was learnt, what a person answered, what is left to decide."""

import difflib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from townkeeper.cases.imports.mapping import ImportMapping
from townkeeper.cases.imports.resolve import folded, slug
from townkeeper.kit.schema import plain
from townkeeper.programs.draft_answers import Answers
from townkeeper.programs.draft_learn import Kind, Learned
from townkeeper.programs.draft_limits import LimitGuess, WeekGuess, guess_limit, guess_week

LEAD_SHARE: Final = 0.8
"""A unit that handled this share of a kind leads for it; below that a person decides."""
AREA_SHARE: Final = 0.6
"""Areas with a clear unit each must hold this share of a kind to make duties area by area."""
LIMIT_SHARE: Final = 0.6
"""A limit that explains fewer of the due times is a question."""
FEW: Final = 5
"""Fewer rows prove nothing."""
SMALL_UNIT: Final = 20
ALIKE: Final = 0.86


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that a person must decide, with the evidence in numbers."""

    kind: str
    """`place`, `lead`, `limit`, `unit` …: also the part of the answers file that settles it."""
    subject: str
    question: str
    evidence: str = ""
    rows: int = 0
    suggestion: str = ""


@dataclass
class Duty:
    """A unit that leads for kinds in an area; an empty area is the whole place."""

    unit: str
    area: str
    kinds: list[Kind] = field(default_factory=list)


@dataclass
class Draft:
    """Everything that goes into the folder."""

    mapping: ImportMapping
    learned: Learned
    answers: Answers
    file: str
    week: WeekGuess = field(init=False)
    limits: dict[Kind, LimitGuess] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    """Unit → code."""
    area_codes: dict[str, str] = field(default_factory=dict)
    keys: dict[Kind, str] = field(default_factory=dict)
    group_keys: dict[str, str] = field(default_factory=dict)
    duties: list[Duty] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.week = guess_week(self.learned)
        self.limits = {
            kind: guess
            for kind in self.learned.kinds
            if (guess := guess_limit(self.learned.spans[kind], self.week)) is not None
        }
        self._name_units()
        self._name_kinds()
        self._lead()

    @property
    def root(self) -> str:
        """Return the code of the place."""
        if self.answers.place:
            return self.answers.place.code
        return self.mapping.number_prefix or slug(self.mapping.system, longest=12).upper()

    @property
    def place_name(self) -> dict[str, str]:
        """Return the names of the place; without an answer the title of the file stands in."""
        if self.answers.place:
            return self.answers.place.name
        return self.mapping.title or {"": self.mapping.system}

    def label(self, kind: Kind) -> str:
        """Return how a kind is called in decisions: its name, with the group if two share it."""
        twice = sum(other.name == kind.name for other in self.learned.kinds) > 1
        return f"{kind.group} / {kind.name}" if twice else kind.name

    def limit_of(self, kind: Kind) -> str:
        """Return the limit of a kind: answered, or learnt; empty for none."""
        answered = self.answers.limits.get(self.label(kind))
        if answered:
            return "" if answered == "none" else answered
        guess = self.limits.get(kind)
        return guess.limit if guess and guess.rows >= FEW else ""

    def shares(self, counts: Counter[str], most: int = 4) -> str:
        """Return counts as shares in words: `PROP 61 %, PWDx 22 %`."""
        total = counts.total() or 1
        return ", ".join(f"{name} {n / total:.0%}" for name, n in counts.most_common(most))

    def _name_units(self) -> None:
        used: set[str] = {self.root}
        for unit, _count in self.learned.units.most_common():
            self.codes[unit] = self._code(unit, used)
        place = {folded(name) for name in self.place_name.values()}
        for area, _count in self.learned.areas.most_common():
            if folded(area) in place:
                self.area_codes[area] = self.root
            else:
                self.area_codes[area] = self._code(area, used)

    def _code(self, name: str, used: set[str]) -> str:
        stem = f"{self.root}-"
        plain_code = stem + slug(name, longest=34 - len(stem)).upper()
        code, number = plain_code, 2
        while code in used:
            code, number = f"{plain_code}-{number}", number + 1
        used.add(code)
        return code

    def _name_kinds(self) -> None:
        used: set[str] = set()

        def key_of(*names: str) -> str:
            parts = [slug(name) for name in names]
            for length in range(1, len(parts) + 1):
                key = "local/" + "-".join(parts[-length:])
                if key not in used and len(key) <= 60:  # noqa: PLR2004 - the field's length
                    used.add(key)
                    return key
            key, number = f"local/{parts[-1]}-2", 2
            while key in used:
                number += 1
                key = f"local/{parts[-1]}-{number}"
            used.add(key)
            return key

        for group in sorted({kind.group for kind in self.learned.kinds if kind.group}):
            self.group_keys[group] = key_of(group)
        for kind in sorted(self.learned.kinds):
            self.keys[kind] = key_of(kind.group, kind.name) if kind.group else key_of(kind.name)

    def _lead(self) -> None:
        """Give each kind to whom it belongs by the records, or ask."""
        found: dict[tuple[str, str], Duty] = {}

        def lead(unit: str, area: str, kind: Kind) -> None:
            found.setdefault((unit, area), Duty(unit, area)).kinds.append(kind)

        for kind in sorted(self.learned.kinds):
            answer = self.answers.leads.get(self.label(kind))
            units = self.learned.units_of(kind)
            if answer and answer in self.codes:
                lead(answer, "", kind)
                continue
            if not units:
                continue
            unit, count = units.most_common(1)[0]
            if count >= units.total() * LEAD_SHARE:
                lead(unit, "", kind)
                continue
            for area, owner in self._clear_areas(kind).items():
                lead(owner, area, kind)
        order = {unit: n for n, (unit, _c) in enumerate(self.learned.units.most_common())}
        self.duties = sorted(found.values(), key=lambda duty: (order[duty.unit], duty.area))

    def _clear_areas(self, kind: Kind) -> dict[str, str]:
        """Return area → unit where the area decides; nothing where it explains too little."""
        clear: dict[str, str] = {}
        explained = 0
        for area, units in self.learned.by_area(kind).items():
            unit, count = units.most_common(1)[0]
            if area and units.total() >= FEW and count >= units.total() * LEAD_SHARE:
                clear[area] = unit
                explained += units.total()
        total = self.learned.units_of(kind).total()
        if len(set(clear.values())) < 2 or explained < total * AREA_SHARE:  # noqa: PLR2004
            return {}
        return clear

    def led(self) -> set[Kind]:
        """Return the kinds that some unit leads somewhere."""
        return {kind for duty in self.duties for kind in duty.kinds}

    def names_of(self, part: str, value: str) -> dict[str, str]:
        """Return the name to show for a unit or an area."""
        given = self.answers.names.unit if part == "unit" else self.answers.names.area
        return given.get(value) or {"": value}

    def aliases_of(self, part: str, value: str) -> list[str]:
        """Return the writings under which the file knows a unit or an area."""
        merged = self.answers.same.unit if part == "unit" else self.answers.same.area
        words = [other for other, meant in merged.items() if other != meant == value]
        if value not in self.names_of(part, value).values():
            words.insert(0, value)
        return words


def alike(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of names that are probably one: a slip of the pen, a part, another spelling."""
    plain_names = {name: "".join(c for c in folded(name) if c.isalnum()) for name in names}
    items = sorted(plain_names.items())
    pairs = []
    for place, (name, short) in enumerate(items):
        for other, other_short in items[place + 1 :]:
            shorter, longer = sorted((short, other_short), key=len)
            ratio = difflib.SequenceMatcher(None, short, other_short).ratio()
            is_part = len(shorter) > 3 and shorter in longer  # noqa: PLR2004 - `isd` is in much
            if ratio >= ALIKE or is_part:
                pairs.append((name, other))
    return pairs


def looks_like_code(name: str) -> bool:
    """Whether a unit's name is an abbreviation that no citizen would understand."""
    return name.isascii() and " " not in name.strip() and len(name) <= 6  # noqa: PLR2004


def decide(draft: Draft) -> list[Decision]:
    """Return everything that a person must decide, the weightiest first in each part."""
    return [
        *_about_place(draft),
        *_about_leads(draft),
        *_about_limits(draft),
        *_about_units(draft),
        *_about_names(draft),
        *_about_blanks(draft),
    ]


def _about_place(draft: Draft) -> list[Decision]:
    answers, week = draft.answers, draft.week
    found = []
    if answers.place is None:
        question = _("How is the place called, and what is its code?")
        found.append(Decision("place", draft.root, question, suggestion=plain(draft.place_name)))
    if not answers.office:
        question = _("Which unit accepts reports and dispatches them? Now: the place itself.")
        found.append(Decision("office", draft.root, question))
    if not answers.hours:
        question = _("When is the office open?")
        evidence = _("Nine tenths of the closings on weekdays lie between %(hours)s.")
        said = evidence % {"hours": week.hours}
        found.append(
            Decision("hours", "calendar", question, said, suggestion=f"mon-fri: {week.hours}")
        )
    if answers.days_off is None and week.days_off:
        days = ", ".join(day.isoformat() for day in week.days_off)
        question = _("Are these days off? Hardly anything was closed on them.")
        found.append(Decision("days_off", "calendar", question, days, suggestion=days))
    question = _("Do weights and thresholds of the scheme fit, and the head of the bulletin?")
    found.append(Decision("scheme", "schemes/monthly.yaml", question))
    return found


def _about_leads(draft: Draft) -> list[Decision]:
    led = draft.led()
    found = []
    for kind, rows in draft.learned.kinds.most_common():
        units = draft.learned.units_of(kind)
        if kind in led and rows >= FEW:
            continue
        label = draft.label(kind)
        if label in draft.answers.leads:
            continue
        suggestion = units.most_common(1)[0][0] if units else ""
        if rows < FEW and kind in led:
            question = _("Few records: does this unit lead?")
        else:
            question = _("Who leads? No unit handled enough of these.")
        found.append(Decision("leads", label, question, draft.shares(units), rows, suggestion))
    return found


def _about_limits(draft: Draft) -> list[Decision]:
    found = []
    for kind, rows in draft.learned.kinds.most_common():
        label, guess = draft.label(kind), draft.limits.get(kind)
        if label in draft.answers.limits:
            continue
        if guess is None or guess.rows < FEW:
            question = _("What is the limit? There are too few due times to learn it from.")
            found.append(Decision("limits", label, question, "", rows))
        elif guess.share < LIMIT_SHARE:
            tried = [(guess.limit, guess.share), *guess.others]
            evidence = ", ".join(f"{limit} {share:.0%}" for limit, share in tried)
            said = _("%(tried)s; median %(median)s days") % {
                "tried": evidence,
                "median": guess.median,
            }
            question = _("What is the limit? No rule explains most of the due times.")
            found.append(Decision("limits", label, question, said, rows, guess.limit))
        elif _runs_at_night(guess.limit):
            question = _("These hours also run at night and on days off: is that meant?")
            said = f"{guess.limit} {guess.share:.0%}"
            found.append(Decision("limits", label, question, said, rows, guess.limit))
    return found


def _runs_at_night(limit: str) -> bool:
    return limit.endswith("h") and not limit.endswith("wh")


def _about_units(draft: Draft) -> list[Decision]:
    found = []
    for unit, rows in draft.learned.units.most_common():
        if looks_like_code(unit) and unit not in draft.answers.names.unit:
            question = _("What is the full name of this unit?")
            found.append(Decision("names.unit", unit, question, "", rows))
        if rows < SMALL_UNIT and unit not in draft.answers.names.unit:
            question = _("Is this a unit of its own? It handled very little.")
            found.append(Decision("drop.unit", unit, question, "", rows))
    return found


def _about_names(draft: Draft) -> list[Decision]:
    question = _("Are these two the same?")
    found = []
    for part, names in (("unit", draft.learned.units), ("area", draft.learned.areas)):
        known: Counter[str] = names
        merged = getattr(draft.answers.same, part)
        for one, other in alike(known):
            if merged.get(one) == one or merged.get(other) == other:
                continue
            rare, usual = sorted((one, other), key=lambda name: known[name])
            evidence = f"{one} {known[one]:,}, {other} {known[other]:,}"
            rows = known[rare]
            found.append(Decision(f"same.{part}", rare, question, evidence, rows, usual))
    return found


def _about_blanks(draft: Draft) -> list[Decision]:
    question = _("Rows without a value: these cases have no owner, kind or area.")
    return [
        Decision("blank", column, question, f"{rows / draft.learned.rows:.1%}", rows)
        for column, rows in draft.learned.blank.most_common()
    ]
