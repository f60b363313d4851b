"""Reads deadlines as people write them: 當日, 20:30, 11月25日, 3個工作日, an Excel date. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from townkeeper.calendars.limits import Limit, LimitError
from townkeeper.calendars.worktime import WorkCalendar

SAME_DAY: Final = {
    "当日",
    "當日",
    "当天",
    "當天",
    "今日",
    "今天",
    "即日",
    "当日完成",
    "當日完成",
    "当天完成",
    "當天完成",
    "立行立改",
    "立即整改",
    "立即",
    "same-day",
    "same day",
    "today",
    "immediately",
}
AMOUNT: Final = re.compile(
    r"(?:在|于|於)?(?P<n>\d{1,4})\s*个?個?\s*"
    r"(?P<unit>工作日|工作天|工作小?[时時]|日|天|小时|小時|(?:working )?(?:days?|hours?))"
    r"(?:内|內|以内|以內|之内|之內)?(?:完成|整改|办结|辦結)*"
)
UNITS: Final = {
    "工作日": "wd",
    "工作天": "wd",
    "working day": "wd",
    "工作时": "wh",
    "工作時": "wh",
    "工作小时": "wh",
    "工作小時": "wh",
    "working hour": "wh",
    "日": "d",
    "天": "d",
    "day": "d",
    "小时": "h",
    "小時": "h",
    "hour": "h",
}
CLOCK: Final = re.compile(
    r"(?P<half>上午|下午|晚上|今晚|晚)?(?P<hour>\d{1,2})(?:[:时時点點](?P<minute>\d{2})?分?)"
)
DAY: Final = re.compile(
    r"(?:(?P<year>\d{4})[-/.年])?(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})[日号號]?"
)
TAIL: Final = re.compile(
    r"(?:以?之?前|前完成|完成|截止|止|前办结|前辦結|整改到位|今天|今日|当日|當日)+"
)
SERIALS: Final = (20_000, 80_000)
EPOCH: Final = date(1899, 12, 30)
HALF_A_YEAR: Final = timedelta(days=183)
NOON: Final = 12


class UnreadableError(ValueError):
    """Not a deadline in any known form."""


class PastError(ValueError):
    """A deadline that has passed already."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """Either a limit that is counted from the dispatch, or a day, or an instant."""

    limit: str = ""
    day: date | None = None
    """Due at the end of the working time of this day, as `same-day` is."""
    at: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.limit or self.day or self.at)


def read_deadline(cell: object, *, now: datetime, zone: ZoneInfo) -> Deadline:
    """Return the deadline of a cell, an empty one for an empty cell.

    A day without a year is the next one there is: in December `1月5日` is next year's. Errors:
    UnreadableError, PastError.
    """
    local = now.astimezone(zone)
    found = _read(cell, local)
    if found.day is not None and found.day < local.date():
        raise PastError(str(cell))
    if found.at is not None and found.at <= now:
        raise PastError(str(cell))
    return found


def _read(cell: object, local: datetime) -> Deadline:
    if cell is None or cell == "":
        return Deadline()
    if isinstance(cell, date):
        return _date(cell, local)
    if isinstance(cell, time):
        return _clock(cell.hour, cell.minute, local)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _number(float(cell), local)
    return _text(str(cell), local)


def _date(cell: date, local: datetime) -> Deadline:
    """Read a date cell; midnight is a day, for a workbook knows no days without a time."""
    if not isinstance(cell, datetime):
        return Deadline(day=cell)
    rounded = (cell + timedelta(milliseconds=500)).replace(microsecond=0)
    if rounded.time() == time(0):
        return Deadline(day=rounded.date())
    return Deadline(at=rounded.replace(tzinfo=local.tzinfo))


def _number(value: float, local: datetime) -> Deadline:
    """Read a date cell that lost its format, or a share of a day that was a time."""
    if SERIALS[0] <= value <= SERIALS[1]:
        day = EPOCH + timedelta(days=int(value))
        minutes = round((value % 1) * 1440)
        if not minutes:
            return Deadline(day=day)
        moment = datetime.combine(day, time(0), local.tzinfo) + timedelta(minutes=minutes)
        return Deadline(at=moment)
    if 0 < value < 1:
        minutes = round(value * 1440)
        return _clock(minutes // 60, minutes % 60, local)
    raise UnreadableError(str(value))


def _text(text: str, local: datetime) -> Deadline:
    said = unicodedata.normalize("NFKC", text).strip().lower()
    plain = "".join(said.split())
    if not plain:
        return Deadline()
    if said in SAME_DAY or plain in SAME_DAY:
        return Deadline(limit="same-day")
    if found := AMOUNT.fullmatch(said) or AMOUNT.fullmatch(plain):
        unit = found["unit"].removesuffix("s")
        return _limit(f"{int(found['n'])}{UNITS[unit]}", text)
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return _words(plain, text, local)
    if ":" not in said:
        return Deadline(day=moment.date())
    return Deadline(at=moment if moment.tzinfo else moment.replace(tzinfo=local.tzinfo))


def _words(plain: str, text: str, local: datetime) -> Deadline:
    """Read a day and a time of day that stand in words, in any order; nothing may be left over."""
    rest, day = plain, None
    if found := DAY.search(rest):
        day = _day(found, local.date(), text)
        rest = rest[: found.start()] + " " + rest[found.end() :]
    moment = None
    if found := CLOCK.search(rest):
        hour, minute = int(found["hour"]), int(found["minute"] or 0)
        if found["half"] in {"下午", "晚上", "今晚", "晚"} and hour < NOON:
            hour += NOON
        if hour > 23 or minute > 59:  # noqa: PLR2004 - a clock
            raise UnreadableError(text)
        moment = time(hour, minute)
        rest = rest[: found.start()] + " " + rest[found.end() :]
    rest = TAIL.sub("", rest.replace(" ", ""))
    if rest or (day is None and moment is None):
        return _limit(plain, text)
    if day is None and moment is not None:
        return _clock(moment.hour, moment.minute, local)
    if moment is None:
        return Deadline(day=day)
    return Deadline(at=datetime.combine(day or local.date(), moment, local.tzinfo))


def _day(found: re.Match[str], today: date, text: str) -> date:
    month, number = int(found["month"]), int(found["day"])
    try:
        if found["year"]:
            return date(int(found["year"]), month, number)
        near = date(today.year, month, number)
        # of 29 February there may be none in the year after
        return near.replace(year=today.year + 1) if today - near > HALF_A_YEAR else near
    except ValueError:
        raise UnreadableError(text) from None


def _clock(hour: int, minute: int, local: datetime) -> Deadline:
    """Return a time of today; the limit says it as the procedure does."""
    if (hour, minute) <= (local.hour, local.minute):
        raise PastError(f"{hour}:{minute:02d}")
    return Deadline(limit=f"{hour:02d}:{minute:02d}")


def _limit(written: str, text: str) -> Deadline:
    try:
        return Deadline(limit=str(Limit.parse(written)))
    except LimitError:
        raise UnreadableError(text) from None


def end_of_work(day: date, calendar: WorkCalendar) -> datetime:
    """Return when the work of a day ends; on a free day, the end of the day itself."""
    start = datetime(day.year, day.month, day.day, tzinfo=calendar.zone)
    if calendar.is_working_day(day):
        due = calendar.due(start, Limit.parse("same-day")).at
        if due is not None and due.astimezone(calendar.zone).date() == day:
            return due
    return start.replace(hour=23, minute=59)
