"""Reads dates and times as offices write them, into instants."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from townkeeper.kit.sheets import Cell, as_text

COMMON_FORMATS: Final = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日 %H时%M分",
    "%Y年%m月%d日",
    "%Y.%m.%d %H:%M",
    "%Y.%m.%d",
)
"""Year first, so that none can be misread; other orders are declared in the mapping."""

SERIALS: Final = (20_000, 80_000)
"""Excel's day numbers from 1954 to 2119: a date cell that was formatted as a number."""
EXCEL_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - local until a zone is put on
YEARS: Final = (1950, 2150)
DATE_LENGTH: Final = len("2011-07-01")
HOURS_KEPT: Final = 100_000


class UnreadableError(ValueError):
    """Not a date in any known form."""


class ImpossibleError(ValueError):
    """A date, but of a year that cannot be meant."""


class Moment(NamedTuple):
    """An instant in UTC, and what was doubtful about it."""

    at: datetime
    is_day_only: bool = False
    is_ambiguous: bool = False
    """The local time occurs twice on this day; the first is taken."""


class MomentReader:
    """Reads times of one time zone; remembers the form that fitted last."""

    def __init__(self, zone: ZoneInfo, formats: tuple[str, ...] = ()) -> None:
        self.zone = zone
        self._formats = list(formats or COMMON_FORMATS)
        self._hours: dict[tuple[int, int, int, int], tuple[timedelta, bool] | None] = {}

    def read(self, cell: Cell, day_time: time) -> Moment | None:
        """Return the moment of a cell, None for an empty one.

        `day_time` completes a date without a time. Errors: UnreadableError, ImpossibleError.
        """
        try:
            # Nearly every cell is ISO text with a time and without a zone; the rest goes below.
            local: datetime | date | None = datetime.fromisoformat(cell)  # type: ignore[arg-type]
            if len(cell) <= DATE_LENGTH:  # type: ignore[arg-type]
                local = self._local(cell)
        except (ValueError, TypeError):
            local = self._local(cell)
        if local is None:
            return None
        is_day = not isinstance(local, datetime)
        moment = local if isinstance(local, datetime) else datetime.combine(local, day_time)
        if not YEARS[0] <= moment.year <= YEARS[1]:
            raise ImpossibleError
        if moment.tzinfo is not None:
            return Moment(moment.astimezone(UTC), is_day)
        offset, is_ambiguous = self._offset(moment)
        return Moment((moment - offset).replace(tzinfo=UTC), is_day, is_ambiguous)

    def _offset(self, local: datetime) -> tuple[timedelta, bool]:
        """Return the offset of a local time and whether that time occurs twice, hour by hour."""
        key = (local.year, local.month, local.day, local.hour)
        if key not in self._hours:
            if len(self._hours) > HOURS_KEPT:
                self._hours.clear()
            first = self._exact(local.replace(minute=0, second=0, microsecond=0))
            last = self._exact(local.replace(minute=59, second=59, microsecond=999_999))
            # In an hour within which the clock is changed each time is looked up by itself.
            self._hours[key] = first if first == last else None
        return self._hours[key] or self._exact(local)

    def _exact(self, local: datetime) -> tuple[timedelta, bool]:
        first, later = local.replace(tzinfo=self.zone), local.replace(tzinfo=self.zone, fold=1)
        offset, offset_later = first.utcoffset() or timedelta(), later.utcoffset() or timedelta()
        # A repeated hour has the smaller offset the second time; a skipped one the larger.
        return offset, offset_later < offset

    def _local(self, cell: Cell) -> datetime | date | None:
        if isinstance(cell, str):
            text = cell.strip()
            return self._parsed(text) if text else None
        if isinstance(cell, datetime):
            # Workbooks keep fractions of a day, which come back as 31:19.999999.
            return (cell + timedelta(milliseconds=500)).replace(microsecond=0)
        if isinstance(cell, date):
            return cell
        if isinstance(cell, float | int) and SERIALS[0] <= cell <= SERIALS[1]:
            moment = EXCEL_EPOCH + timedelta(seconds=round(float(cell) * 86_400))
            return moment if float(cell) % 1 else moment.date()
        if cell is None:
            return None
        return self._parsed(as_text(cell))

    def _parsed(self, text: str) -> datetime | date:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return self._by_format(text)
        return moment if ":" in text or "T" in text else moment.date()

    def _by_format(self, text: str) -> datetime | date:
        for place, form in enumerate(self._formats):
            try:
                moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is put on later
            except ValueError:
                continue
            if place:
                self._formats.insert(0, self._formats.pop(place))
            return moment if "%H" in form or "%I" in form or "%X" in form else moment.date()
        raise UnreadableError(text)
