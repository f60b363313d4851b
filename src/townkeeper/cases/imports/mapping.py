"""The mapping file: which column of an office's spreadsheet is what, and what its values mean."""

from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from townkeeper.kit.errors import Problem
from townkeeper.kit.schema import Strict, Texts
from townkeeper.kit.yamlfile import read_yaml, validated


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        msg = f"there is no time zone {name!r}; write it as Asia/Shanghai"
        raise ValueError(msg) from None
    return name


def _no_text(value: object) -> object:
    return "" if value is None else value


Columns = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Words = Annotated[tuple[Annotated[str, BeforeValidator(_no_text)], ...], BeforeValidator(_listed)]
Unknown = Literal["reject", "create", "leave", "register"]
"""What happens to a value that the program does not know: the row is rejected; the value becomes a
local entry; the field stays empty (a case without owner is a counted state); the duty register
is asked."""


class TableRules(Strict):
    """How the file is written, where that cannot be found out."""

    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    header_row: int = Field(default=0, ge=0)
    """The row of the column names as a spreadsheet program counts; 0 looks for it."""


class CategoryColumn(Strict):
    """A category in two columns: the kind, and the group that it belongs to."""

    column: str
    parent: str = ""


class ColumnRules(Strict):
    """Field → column. Only the number and the time of opening are indispensable."""

    number: str
    opened: str
    due: str = ""
    closed: str = ""
    state: str = ""
    title: str = ""
    text: Columns = ()
    category: CategoryColumn | None = None
    unit: str = ""
    area: str = ""
    address: str = ""
    lon: str = ""
    lat: str = ""
    channel: str = ""
    outcome: str = ""
    answer: str = ""
    reporter_name: str = ""
    reporter_phone: str = ""
    before_photo: str = ""
    after_photo: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short_category(cls, data: object) -> object:
        """Accept `category: type` for `category: {column: type}`."""
        if isinstance(data, dict) and isinstance(data.get("category"), str):
            return {**data, "category": {"column": data["category"]}}
        return data

    def used(self) -> list[str]:
        """Return every column named, once."""
        named: list[str] = []
        for value in self.__dict__.values():
            if isinstance(value, CategoryColumn):
                named += [value.column, value.parent]
            else:
                named += [value] if isinstance(value, str) else list(value or ())
        return [name for name in dict.fromkeys(named) if name]


class DateRules(Strict):
    """How times are written, and what a date without a time means."""

    formats: Words = ()
    """`strptime` patterns, tried in turn after ISO 8601."""
    opened_at: time = time(0, 0)
    due_at: time = time(23, 59)
    closed_at: time = time(23, 59)
    """Times of day for dates without one; a closing is never put before its opening."""


class StateRules(Strict):
    """Which values of the state column mean what; without that column the closing time decides."""

    closed: Words = ()
    open: Words = ()
    voided: Words = ()
    duplicate: Words = ()


class DuplicateRules(Strict):
    """How the records in a `duplicate` state find the record that they repeat."""

    within_metres: float = Field(default=100, gt=0, le=5_000)
    within_days: float = Field(default=30, gt=0, le=3_650)
    """How much earlier that one may have come in."""
    least: float = Field(default=0.5, ge=0, le=1)
    """The confidence below which none is taken: then the record stays a duplicate of nothing."""


class UnknownRules(Strict):
    """What happens to unknown values; empty ones are never rejected, only counted."""

    category: Literal["reject", "create", "leave"] = "reject"
    unit: Unknown = "reject"
    area: Literal["reject", "create", "leave"] = "leave"


class ValueRules(Strict):
    """Field → value in the file → what it is here: a code, a key or a name."""

    category: dict[str, str] = {}
    unit: dict[str, str] = {}
    area: dict[str, str] = {}
    channel: dict[str, str] = {}
    outcome: dict[str, str] = {}


class ImportMapping(Strict):
    """One office's spreadsheet, explained."""

    format: Literal["1"] = "1"
    system: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)
    """Where the numbers come from; with the number it tells records apart for ever."""
    title: Texts | None = None
    source: str = ""
    number_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9-]*$", max_length=12)
    time_zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    as_of: datetime | None = None
    """When the file was taken; open cases are open as of then. Without it: now."""
    procedure: str = "problem"
    table: TableRules = TableRules()
    columns: ColumnRules
    keep: Columns = ()
    """Columns kept beside the case as they are (`extra`)."""
    blank: Words = ("-", "--", "/", "N/A", "n/a", "NULL", "null", "无", "無", "暂无", "暫無")
    """Values that mean nothing; spaces alone always do."""
    dates: DateRules = DateRules()
    states: StateRules = StateRules()
    duplicates: DuplicateRules | None = None
    """Whether and how records in a `duplicate` state are linked with the one they repeat."""
    values: ValueRules = ValueRules()
    unknown: UnknownRules = UnknownRules()
    outcome: str = ""
    """The outcome of a closed case whose file says none."""

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the times in the file."""
        return ZoneInfo(self.time_zone)

    @property
    def required(self) -> list[str]:
        """Return the columns without which the file is not the one described."""
        return self.columns.used()

    @property
    def wanted(self) -> list[str]:
        """Return every column of use."""
        return list(dict.fromkeys([*self.columns.used(), *self.keep]))

    @model_validator(mode="after")
    def _states_make_sense(self) -> Self:
        words = [*self.states.closed, *self.states.open, *self.states.voided]
        words += self.states.duplicate
        twice = sorted({word for word in words if words.count(word) > 1})
        if twice:
            msg = f"states: {twice[0]!r} stands for two states"
            raise ValueError(msg)
        if words and not self.columns.state:
            msg = "states are given, but columns.state names no column"
            raise ValueError(msg)
        if self.duplicates is not None and not self.states.duplicate:
            msg = "duplicates are to be linked, but states.duplicate names no state"
            raise ValueError(msg)
        return self


def load_mapping(path: Path) -> ImportMapping:
    """Read and check a mapping file; a Problem names file and line of everything wrong."""
    file = read_yaml(path)
    if not isinstance(file.data, dict) or not file.data:
        raise Problem(
            "mapping-empty",
            _("This is no mapping file."),
            where=path.name,
            hint=_("See docs/import.md and docs/examples/boston.yaml."),
        )
    return validated(file, ImportMapping)
