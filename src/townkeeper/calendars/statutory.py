"""Statutory holidays and make-up working days, from the package and from published files."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import chinese_calendar.constants as package  # type: ignore[import-untyped]
from django.utils.translation import gettext_lazy as _

from townkeeper.calendars.hours import Spans
from townkeeper.calendars.words import plain_name
from townkeeper.calendars.worktime import DayRule
from townkeeper.kit.errors import Problem

LATE_DECEMBER: Final = (12, 25)
"""From here on a day off can belong to the next year's notice (New Year's Day and its make-ups)."""


@dataclass(frozen=True, slots=True)
class DayEntry:
    """One date of a calendar's table: what it is, and where that is said."""

    date: date
    is_working: bool
    name: str = ""
    hours: Spans | None = None
    source: str = ""
    is_local: bool = False

    def rule(self) -> DayRule:
        return DayRule(self.is_working, self.name, self.hours, self.is_local)


@dataclass(frozen=True, slots=True)
class Notice:
    """What one year's notice says; without days the year is not announced yet."""

    year: int
    days: tuple[DayEntry, ...]


def package_days() -> tuple[list[DayEntry], date]:
    """List the days that the package knows, and the last day of its last year."""
    source = f"chinesecalendar {version('chinesecalendar')}"
    entries = [
        DayEntry(on, is_working=is_working, name=plain_name(str(name)), source=source)
        for table, is_working in ((package.holidays, False), (package.workdays, True))
        for on, name in table.items()
    ]
    last = max(entry.date for entry in entries)
    return sorted(entries, key=lambda entry: entry.date), date(last.year, 12, 31)


def read_notices(source: Path | Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> list[Notice]:
    """Read notices in the form of holiday-cn: a file, a folder of files, or what such files hold.

    Errors: `Problem` that names the file, the entry and what would be right.
    """
    if isinstance(source, Path):
        paths = sorted(source.glob("[12][0-9][0-9][0-9].json")) if source.is_dir() else [source]
        if not paths:
            raise Problem(
                "holidays-none",
                _("There is no holiday file here."),
                where=str(source),
                hint=_("Files are named by year, such as 2027.json."),
            )
        notices = [_notice(_loaded(path), where=path.name) for path in paths]
    else:
        rows = [source] if isinstance(source, Mapping) else list(source)
        notices = [_notice(row, where=f"#{n}") for n, row in enumerate(rows, start=1)]
    return sorted(notices, key=lambda notice: notice.year)


def _loaded(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise Problem("file-missing", _("There is no such file."), where=str(path)) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Problem(
            "holidays-unreadable",
            _("This is not a JSON file in UTF-8: %(error)s.") % {"error": error},
            where=path.name,
        ) from None


def _notice(content: object, *, where: str) -> Notice:
    if not isinstance(content, Mapping) or not isinstance(content.get("year"), int):
        raise _wrong(where)
    rows = content.get("days")
    if not isinstance(rows, list):
        raise _wrong(where)
    year = content["year"]
    days = tuple(_entry(row, year, where=f"{where}: days[{n}]") for n, row in enumerate(rows))
    return Notice(year, days)


def _entry(row: object, year: int, *, where: str) -> DayEntry:
    if not isinstance(row, Mapping) or not isinstance(row.get("isOffDay"), bool):
        raise _wrong(where)
    try:
        on = date.fromisoformat(str(row.get("date")))
    except ValueError:
        raise _wrong(where) from None
    if on.year != year and not (on.year == year - 1 and is_late(on)):
        raise Problem(
            "holidays-year",
            _("%(date)s is not a day of %(year)s.") % {"date": on, "year": year},
            where=where,
        )
    name = plain_name(str(row.get("name", "")))
    return DayEntry(on, is_working=not row["isOffDay"], name=name, source=f"holiday-cn {year}")


def is_late(on: date) -> bool:
    """Whether a day lies so late in December that the next year's notice may name it."""
    return (on.month, on.day) >= LATE_DECEMBER


def _wrong(where: str) -> Problem:
    return Problem(
        "holidays-form",
        _("This is not the form of a holiday file."),
        where=where,
        hint=_("It holds “year” and “days”, each day with “date”, “isOffDay” and “name”."),
    )
