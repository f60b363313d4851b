"""Checks every row of a list before anything is written: nothing is ever half imported."""

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from townkeeper.calendars.deadlines import (
    Deadline,
    PastError,
    UnreadableError,
    end_of_work,
    read_deadline,
)
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.campaigns.listing import ListRow
from townkeeper.cases.imports.resolve import Resolver, folded
from townkeeper.cases.intake import NOT_TEXT
from townkeeper.cases.models import Case
from townkeeper.duties.models import Category
from townkeeper.duties.register import CategoryRow, Register, UnitRow

T = TypeVar("T")
TITLE_MAX: Final = 200
PLACE_MAX: Final = 300
TEXT_MAX: Final = 20_000
SEPARATORS: Final = re.compile(r"[、,，;；/\n]+|\s{2,}")
BROKEN: Final = re.compile(r"#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!)")
ZONE: Final = ZoneInfo(settings.TIME_ZONE)


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one row, and what would be right."""

    row: int
    field: str
    value: str
    message: str | Promise
    hint: str | Promise = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as data."""
        return {
            "row": self.row,
            "field": self.field,
            "value": self.value,
            "message": str(self.message),
            "hint": str(self.hint),
        }


class RowWrongError(ValueError):
    """A row that cannot be taken; carries the field, its value and the message."""

    def __init__(
        self, field: str, value: str, message: str | Promise, hint: str | Promise = ""
    ) -> None:
        self.field, self.value, self.message, self.hint = field, value, message, hint
        super().__init__(field)


class RowsWrongError(ValueError):
    """A row with all of its faults: whoever mends the list mends it once."""

    def __init__(self, errors: list[RowWrongError]) -> None:
        self.errors = errors
        super().__init__(len(errors))


@dataclass(frozen=True, slots=True)
class Checked:
    """One row with everything found out."""

    row: int
    problem: str
    text: str
    place: str
    area: UnitRow | None
    category: CategoryRow | None
    unit: UnitRow
    assists: tuple[UnitRow, ...]
    reason: dict[str, object]
    leader: str
    due_text: str
    deadline: Deadline
    due_at: datetime | None
    case: int | None = None


@dataclass
class CheckedList:
    """The outcome for a whole list: with one error nothing is taken."""

    rows: list[Checked] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    repeated: list[tuple[int, int]] = field(default_factory=list)
    """(row, the earlier row that says the same): left out and named."""


class Checker:
    """Looks up units, areas, categories and cases for the rows of one list."""

    def __init__(self, register: Register, calendar: WorkCalendar, *, now: datetime) -> None:
        self.register, self.calendar, self.now = register, calendar, now
        self.today = now.astimezone(ZONE).date()
        self.resolver = Resolver(register)
        self.territories = self._territories()

    @cached_property
    def category_words(self) -> dict[str, str]:
        """Return the words of categories in use, keywords too, and what each stands for."""
        words: dict[str, str] = {}
        for row in Category.objects.filter(is_used=True).order_by("sort_key", "pk"):
            for word in (row.name, *row.names.values(), *row.keywords):
                words.setdefault(folded(str(word)), row.title)
        return words

    def _territories(self) -> list[tuple[str, UnitRow]]:
        """Return the names of areas below the top, the longest first: 東興街道 before 東興."""
        top = self.register.root
        pairs = [
            (word, rows[0])
            for word, rows in self.resolver.areas.by_word.items()
            if len(word) > 1 and len(rows) == 1 and rows[0] != top
        ]
        return sorted(pairs, key=lambda pair: -len(pair[0]))

    def check(self, rows: Iterable[ListRow], *, due_text: str = "") -> CheckedList:
        """Check all rows; `due_text` is the deadline of those that say none."""
        found, seen = CheckedList(), dict[tuple[str, ...], int]()
        for row in rows:
            try:
                checked = self._row(row, due_text)
            except RowsWrongError as wrong:
                found.errors += [
                    RowError(row.row, each.field, each.value, each.message, each.hint)
                    for each in wrong.errors
                ]
                continue
            key = (checked.problem, checked.text, checked.place, checked.unit.code)
            if key in seen:
                found.repeated.append((row.row, seen[key]))
                continue
            seen[key] = row.row
            found.rows.append(checked)
        return found

    def _row(self, row: ListRow, due_text: str) -> Checked:
        """Return the row with everything found out. Errors: RowsWrongError names all its faults."""
        errors: list[RowWrongError] = []

        def tried(part: Callable[[], T]) -> T | None:
            try:
                return part()
            except RowWrongError as error:
                errors.append(error)
                return None

        place = row.said("place")[:PLACE_MAX]
        said = row.cells.get("due")
        said = due_text if said is None or not str(said).strip() else said
        texts = tried(lambda: self._texts(row))
        case = tried(lambda: self._case(row))
        category = tried(lambda: self._category(row))
        area = tried(lambda: self._area(row, place))
        # whoever answers follows from kind and area: with those wrong it is not asked
        units = None if errors else tried(lambda: self._units(row, category, area))
        deadline = tried(lambda: self.deadline(said))
        if errors or texts is None or units is None or deadline is None:
            raise RowsWrongError(errors)
        (problem, text), (unit, assists, reason) = texts, units
        return Checked(
            row=row.row,
            problem=problem,
            text=text,
            place=place,
            area=area,
            category=category,
            unit=unit,
            assists=assists,
            reason=reason,
            leader=row.said("leader")[:80],
            due_text=_written(said)[:60],
            deadline=deadline,
            due_at=self.due_at(deadline),
            case=case,
        )

    def _texts(self, row: ListRow) -> tuple[str, str]:
        """Return title and text; a long problem goes on in the text, whole."""
        problem, text = row.said("problem"), row.said("text")
        for name in row.cells:
            said = row.said(name)
            if BROKEN.fullmatch(said):
                raise RowWrongError(
                    name, said, _("The formula in this cell has no result."),
                    _("Write the value itself into the cell."),
                )  # fmt: skip
            if NOT_TEXT.search(said):
                raise RowWrongError(name, "", _("The text holds a character that is not text."))
        if not problem:
            raise RowWrongError("problem", "", _("The row does not say what is wrong."))
        if len(problem) + len(text) > TEXT_MAX:
            raise RowWrongError("problem", problem[:40], _("The text is too long."))
        if len(problem) <= TITLE_MAX:
            return problem, text
        return problem[: TITLE_MAX - 1] + "…", "\n".join(filter(None, [problem, text]))

    def _case(self, row: ListRow) -> int | None:
        number = row.said("case")
        if not number:
            return None
        case = Case.objects.filter(number=number).first()
        if case is None:
            raise RowWrongError("case", number, _("There is no case with this number."))
        if case.is_ended:
            raise RowWrongError(
                "case", number, _("This case has ended already."),
                _("Leave the number out: the row becomes a new case."),
            )  # fmt: skip
        return case.pk

    def _category(self, row: ListRow) -> CategoryRow | None:
        word = row.said("category")
        if not word:
            return None
        found = self.resolver.category(word)
        if len(found) == 1:
            return found[0]
        if found:
            raise RowWrongError(
                "category", word, _("Several categories have this name."),
                _("Write the code: %(codes)s.") % {"codes": ", ".join(r.key for r in found)},
            )  # fmt: skip
        hint = nearest(word, self.category_words)
        raise RowWrongError("category", word, _("There is no such category."), hint)

    def _area(self, row: ListRow, place: str) -> UnitRow | None:
        """Return the area that the row names, or the one whose name stands in the place."""
        word = row.said("area")
        if word:
            found = self.resolver.area(word)
            if len(found) != 1:
                names = {folded(name): name for name, _row in self.territories}
                raise RowWrongError("area", word, _("There is no such area."), nearest(word, names))
            return self.register.standing(found[0], self.today) or found[0]
        said = folded(place)
        hit = next((unit for name, unit in self.territories if name in said), None)
        return (self.register.standing(hit, self.today) or hit) if hit else None

    def _units(
        self, row: ListRow, category: CategoryRow | None, area: UnitRow | None
    ) -> tuple[UnitRow, tuple[UnitRow, ...], dict[str, object]]:
        named = [self.unit(word, "unit") for word in _split(row.said("unit"))]
        assists = [self.unit(word, "assist") for word in _split(row.said("assist"))]
        if named:
            others = dict.fromkeys([*named[1:], *assists])
            return named[0], tuple(u for u in others if u != named[0]), {"by": "list"}
        if category is None:
            raise RowWrongError(
                "unit", "", _("The row names neither a unit nor a category."),
                _("One of them is needed: by the category the duty register names the unit."),
            )  # fmt: skip
        answer = self.register.resolve(category, area, self.today)
        if answer.lead is None:
            raise RowWrongError(
                "unit", "", _("The duty register names nobody for “%(name)s” here.")
                % {"name": category.name},
                _("Name the unit in the list."),
            )  # fmt: skip
        others = dict.fromkeys([*assists, *answer.assistants])
        reason = {"by": "register", **answer.reason()}
        return answer.lead, tuple(u for u in others if u != answer.lead), reason

    def unit(self, word: str, name: str) -> UnitRow:
        """Return the unit of a name; unknown and closed ones are refused. Error: RowWrongError."""
        found = self.resolver.unit(word)
        if not found:
            names = {
                folded(unit.name): unit.name
                for unit in self.register.units.values()
                if unit.exists(self.today)
            }
            raise RowWrongError(name, word, _("There is no such unit."), nearest(word, names))
        standing = [unit for unit in found if unit.exists(self.today)]
        if len(standing) > 1:
            raise RowWrongError(
                name, word, _("Several units have this name."),
                _("Write the code: %(codes)s.")
                % {"codes": ", ".join(unit.code for unit in standing)},
            )  # fmt: skip
        if standing:
            return standing[0]
        heir = self.register.standing(found[0], self.today)
        raise RowWrongError(
            name, word, _("This unit no longer exists."),
            _("Its successor is “%(name)s”.") % {"name": heir.name} if heir else "",
        )  # fmt: skip

    def deadline(self, said: object) -> Deadline:
        """Read a deadline as it is written. Error: RowWrongError."""
        try:
            return read_deadline(said, now=self.now, zone=ZONE)
        except PastError:
            raise RowWrongError(
                "due", _written(said), _("The deadline has passed already.")
            ) from None
        except UnreadableError:
            raise RowWrongError(
                "due", _written(said), _("This is no deadline."),
                _("Write 當日, 20:30, 11月25日, 2026-11-25 18:00 or 3個工作日."),
            ) from None  # fmt: skip

    def due_at(self, deadline: Deadline) -> datetime | None:
        """Return the instant of a dated deadline; None for a limit, which the dispatch begins."""
        if deadline.day is not None:
            return end_of_work(deadline.day, self.calendar)
        return deadline.at


def nearest(word: str, names: dict[str, str]) -> str | Promise:
    """Return a hint with the names that look most like a word; `names` by their folded form."""
    plain = folded(word)
    near = difflib.get_close_matches(plain, names, n=3, cutoff=0.4)
    near += [name for name in names if name not in near and (plain in name or name in plain)]
    if not near:
        return ""
    meant = dict.fromkeys(names[name] for name in near)
    return _("Is it %(names)s?") % {"names": "、".join(f"“{name}”" for name in list(meant)[:3])}


def _split(text: str) -> list[str]:
    return [word.strip() for word in SEPARATORS.split(text) if word.strip()]


def _written(said: object) -> str:
    if isinstance(said, datetime):
        return f"{said:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
    return "" if said is None else str(said).strip()
