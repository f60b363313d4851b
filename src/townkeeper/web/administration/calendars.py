"""Calendars: a year at a glance, versions, and changes with their effect on open due times."""

import json
from calendar import Calendar as Months
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe
from typing_extensions import override

from townkeeper.calendars.actions import (
    Content,
    calendar_alarms,
    change_calendar,
    content_after,
    content_of,
    current_version,
    holiday_change,
    known_days_left,
    note_of,
)
from townkeeper.calendars.hours import HoursError, Spans, parse_spans, weekly_hours
from townkeeper.calendars.models import Calendar, CalendarVersion
from townkeeper.calendars.statutory import DayEntry, read_notices
from townkeeper.calendars.words import say_name
from townkeeper.calendars.worktime import WorkCalendar
from townkeeper.cases.effects import calendar_effects
from townkeeper.duties.kinds import SPOKEN
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.administration.categories import shown_recount
from townkeeper.web.administration.forms import AdminForm, DayField
from townkeeper.web.administration.pages import crumbs, history, person, previewed_page

edits = needs(Permission.CALENDARS_CALENDAR_EDIT)
YEARS = range(2004, 2100)
MOST_DAYS = 62
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_NAMES = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"),
    _("Sunday"),
)  # fmt: skip
LARGEST_NOTICE = 200_000


def _language() -> str:
    return SPOKEN.get(get_language() or "", "en")


@edits
@require_safe
def calendar_list(request: HttpRequest) -> HttpResponse:
    """List the calendars with how long their holidays are known."""
    today = clock.today()
    alarms = {alarm.code for alarm in calendar_alarms(today)}
    rows = []
    for calendar in Calendar.objects.order_by("code"):
        version = current_version(calendar.code)
        rows.append(
            {
                "calendar": calendar,
                "title": say(calendar.title) or calendar.code,
                "version": version,
                "hours": _week(version),
                "days_left": known_days_left(calendar.code, today),
                "alarm": calendar.code in alarms,
            }
        )
    return render(request, "administration/calendars.html", {"rows": rows})


def _week(version: CalendarVersion) -> list[tuple[str, str]]:
    """Return the weekly hours, days with the same hours together."""
    rows: list[tuple[str, str]] = []
    for name, day in zip(WEEKDAY_NAMES, WEEKDAYS, strict=True):
        hours = ", ".join(version.hours.get(day, ())) or _now("no hours")
        if rows and rows[-1][1] == hours:
            first = rows[-1][0].split(" – ")[0]
            rows[-1] = (f"{first} – {name}", hours)
        else:
            rows.append((str(name), hours))
    return rows


@dataclass(frozen=True, slots=True)
class DayBox:
    """A day in the year's view."""

    on: date | None
    look: str = ""
    """`work`, `off`, `holiday`, `makeup`, `unknown`."""
    words: str = ""
    is_local: bool = False
    is_today: bool = False


def _calendar(code: str) -> Calendar:
    calendar = Calendar.objects.filter(code=code).first()
    if calendar is None:
        raise Http404
    return calendar


@edits
@require_safe
def calendar_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show a calendar's year, its hours, its versions."""
    calendar = _calendar(code)
    today = clock.today()
    year = _year(request, today)
    versions = list(calendar.versions.order_by("-number")[:30])
    number = request.GET.get("version", "")
    version = next((v for v in versions if str(v.number) == number), versions[0])
    content = content_of(version)
    alarm = next((each for each in calendar_alarms(today) if each.code == code), None)
    context = {
        "calendar": calendar,
        "title": say(calendar.title) or calendar.code,
        "crumbs": crumbs((_now("Calendars"), reverse("administration:calendars"))),
        "version": version,
        "is_present": version is versions[0],
        "versions": versions,
        "year": year,
        "months": _months(content, year, today),
        "weekdays": [name[:1] if _language() == "en" else name[-1:] for name in
                     (str(each) for each in WEEKDAY_NAMES)],
        "specials": _specials(content, year),
        "hours": _week(version),
        "makeup": WEEKDAY_NAMES[version.makeup_weekday],
        "is_provisional": version.known_until is not None and version.known_until.year < year,
        "alarm": alarm,
        "entries": history([f"calendar:{code}"]),
    }  # fmt: skip
    return render(request, "administration/calendar.html", context)


def _year(request: HttpRequest, today: date) -> int:
    text = request.GET.get("year", "")
    year = int(text) if text.isdecimal() and len(text) < 5 else today.year  # noqa: PLR2004 - a year
    return year if year in YEARS else today.year


def _months(content: Content, year: int, today: date) -> list[dict[str, Any]]:
    working = content.calendar()
    boxes = Months()
    months = []
    for month in range(1, 13):
        weeks = [
            [_box(content, working, on, month, today) for on in week]
            for week in boxes.monthdatescalendar(year, month)
        ]
        title = date_format(date(year, month, 1), "F")
        count = sum(box.look in {"work", "makeup"} for week in weeks for box in week)
        months.append({"title": title, "weeks": weeks, "working": count})
    return months


def _box(
    content: Content,
    working: WorkCalendar,
    on: date,
    month: int,
    today: date,
) -> DayBox:  # fmt: skip
    if on.month != month:
        return DayBox(None)
    known_until = content.known_until
    entry = content.days.get(on)
    is_working = working.is_working_day(on)
    if entry is not None:
        look = "makeup" if entry.is_working else "holiday"
        words = say_name(entry.name, _language()) if entry.name else ""
        return DayBox(on, look, words, entry.is_local, on == today)
    look = "work" if is_working else "off"
    if known_until is not None and on > known_until and is_working:
        look = "unknown"
    return DayBox(on, look, "", is_local=False, is_today=on == today)


def _specials(content: Content, year: int) -> list[dict[str, Any]]:
    """Return the days of a year that differ from their weekday, runs of one holiday together."""
    runs: list[dict[str, Any]] = []
    for on, entry in sorted(content.days.items()):
        if on.year != year:
            continue
        last = runs[-1] if runs else None
        key = (entry.is_working, entry.name, entry.is_local, entry.hours, entry.source)
        if last and last["key"] == key and last["last"] + timedelta(days=1) == on:
            last["last"] = on
            continue
        runs.append(
            {
                "key": key, "first": on, "last": on, "entry": entry,
                "name": say_name(entry.name, _language()) if entry.name else "",
                "hours": ", ".join(span.text() for span in entry.hours or ()),
            }
        )  # fmt: skip
    return runs


class DaysForm(AdminForm):
    """Days that differ: a holiday, a working day, special hours; or back to their weekday."""

    first = DayField(label=_("First day"))
    last = DayField(label=_("Last day"), required=False, help_text=_("Empty: this one day."))
    what = forms.ChoiceField(
        label=_("What they are"), widget=forms.RadioSelect,
        choices=[
            ("off", _("days off")), ("work", _("working days")),
            ("plain", _("as their weekday again")),
        ],
    )  # fmt: skip
    name = forms.CharField(label=_("Name of the day"), max_length=60, required=False)
    hours = forms.CharField(
        label=_("Hours"), max_length=100, required=False,
        help_text=_("For working days, such as 09:00-12:00; empty takes the usual ones."),
    )  # fmt: skip
    source = forms.CharField(label=_("Source"), max_length=120, required=False)
    note = forms.CharField(label=_("Note of the version"), max_length=300, required=False)

    def change(self) -> dict[str, Any]:
        """Return the change as arguments of `change_calendar`."""
        data = self.cleaned_data
        first, last = data["first"], data["last"] or data["first"]
        if last < first:
            raise Problem(
                "dates-reversed", _now("The last day lies before the first."), where="last"
            )
        if (last - first).days >= MOST_DAYS:
            raise Problem(
                "days-many", _now("At most %(n)s days at once.") % {"n": MOST_DAYS}, where="last"
            )
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        if data["what"] == "plain":
            return {"without": days}
        is_working = data["what"] == "work"
        hours = self._hours() if is_working else None
        return {
            "days": [
                DayEntry(
                    on, is_working=is_working, name=data["name"].strip(), hours=hours,
                    source=data["source"].strip(), is_local=True,
                )
                for on in days
            ]
        }  # fmt: skip

    def _hours(self) -> Spans | None:
        text = self.cleaned_data["hours"].strip()
        if not text:
            return None
        try:
            return parse_spans(text)
        except HoursError as error:
            raise Problem("hours-wrong", error.in_words(_language()), where="hours") from error


class HoursForm(AdminForm):
    """The weekly hours."""

    note = forms.CharField(label=_("Note of the version"), max_length=300, required=False)

    def __init__(self, *args: Any, version: CalendarVersion, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        for name, day in zip(WEEKDAY_NAMES, WEEKDAYS, strict=True):
            self.fields[day] = forms.CharField(
                label=name, max_length=100, required=False,
                initial=", ".join(version.hours.get(day, ())),
            )  # fmt: skip
        self.fields["makeup"] = forms.ChoiceField(
            label=_("Make-up working days have the hours of"),
            choices=list(enumerate(WEEKDAY_NAMES)), initial=version.makeup_weekday,
        )  # fmt: skip
        self.order_fields([*WEEKDAYS, "makeup", "note"])

    def change(self) -> dict[str, Any]:
        """Return the change as arguments of `change_calendar`."""
        data = self.cleaned_data
        for day in WEEKDAYS:
            try:
                parse_spans(data[day])
            except HoursError as error:
                raise Problem("hours-wrong", error.in_words(_language()), where=day) from error
        try:
            hours = weekly_hours({day: data[day] for day in WEEKDAYS})
        except HoursError as error:
            raise Problem("hours-wrong", error.in_words(_language()), where="mon") from error
        return {"hours": hours, "makeup_weekday": int(data["makeup"])}


class NoticeForm(AdminForm):
    """A year's notice of holidays."""

    file = forms.FileField(
        label=_("File of the year"), required=False,
        help_text=_("JSON in the form of holiday-cn: year, and days with date, isOffDay, name."),
        widget=forms.ClearableFileInput(attrs={"accept": ".json"}),
    )  # fmt: skip
    text = forms.CharField(required=False, widget=forms.HiddenInput)

    @override
    def clean(self) -> dict[str, Any]:
        """Read the file, or what was looked at before."""
        data = super().clean() or {}
        file = data.get("file")
        if file is not None and file.size <= LARGEST_NOTICE:
            try:
                data["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", _now("The file is not text in UTF-8."))
        elif file is not None:
            self.add_error("file", _now("The file is too large."))
        elif not data.get("text"):
            self.add_error("file", _now("Choose a file."))
        return data

    def change(self, version: CalendarVersion) -> dict[str, Any]:
        """Return the change as arguments of `change_calendar`."""
        try:
            content = json.loads(self.cleaned_data["text"])
        except (json.JSONDecodeError, RecursionError) as error:
            raise Problem(
                "holidays-unreadable",
                _now("This is not a JSON file in UTF-8: %(error)s.") % {"error": error},
                where="file",
            ) from None
        if not isinstance(content, (dict, list)):
            content = {}
        notices = [notice for notice in read_notices(content) if notice.days]
        return {**holiday_change(notices, version), "note": note_of(notices)}


Change = Callable[[], dict[str, Any]]


def _edit(
    request: HttpRequest, code: str, form: AdminForm, change: Change, title: str, **context: Any  # noqa: ANN401 - passed on
) -> HttpResponse:  # fmt: skip
    """Preview a change on open due times, or make the next version by it."""
    version = current_version(code)

    def look() -> dict[str, Any]:
        given = change()
        given.pop("note", "")
        after = content_after(version, **given)
        same = after.calendar().digest == version.digest
        found = None if same else shown_recount(calendar_effects(code, after))
        return {"same": same, "counts": found, "days": _day_changes(content_of(version), after)}

    def do() -> str:
        given = change()
        note = given.pop("note", "") or form.cleaned_data.get("note", "")
        actor = person(request).username
        change_calendar(code, actor=actor, note=note, seen=form.seen_state, **given)
        return reverse("administration:calendar", args=[code])

    calendar = _calendar(code)
    back = reverse("administration:calendar", args=[code])
    return previewed_page(
        request, form, look=look, do=do, title=title, back=back,
        crumbs=crumbs(
            (_now("Calendars"), reverse("administration:calendars")),
            (say(calendar.title) or code, back),
        ),
        template="administration/calendar_edit.html", submit=_now("Save as the next version"),
        done=_now("The calendar has a new version; open due times are counted anew in the "
                  "background."),
        **context,
    )  # fmt: skip


def _day_changes(before: Content, after: Content) -> list[tuple[date, str, str]]:
    """Return the days that become something else: (day, what it was, what it will be)."""
    found = []
    for on in sorted({*before.days, *after.days}):
        old, new = before.days.get(on), after.days.get(on)
        if (old and old.rule()) != (new and new.rule()):
            found.append((on, _said(old), _said(new)))
    return found[:40]


def _said(entry: DayEntry | None) -> str:
    if entry is None:
        return _now("as its weekday")
    words = _now("working day") if entry.is_working else _now("day off")
    return f"{words} {say_name(entry.name, _language())}".strip()


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_days(request: HttpRequest, code: str) -> HttpResponse:
    """Enter days off, working days, or take one out."""
    _calendar(code)
    on = request.GET.get("on", "")
    initial = {"first": on or clock.today(), "what": "off", "seen": current_version(code).number}
    form = DaysForm(request.POST or None, initial=initial)
    return _edit(request, code, form, form.change, _now("Days off and working days"))


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_hours(request: HttpRequest, code: str) -> HttpResponse:
    """Change the weekly hours."""
    _calendar(code)
    version = current_version(code)
    form = HoursForm(request.POST or None, version=version, initial={"seen": version.number})
    return _edit(
        request, code, form, form.change, _now("Working hours"),
        note=_now("Spans such as 08:30-12:00, 14:00-18:00; empty means closed."),
    )  # fmt: skip


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_notice(request: HttpRequest, code: str) -> HttpResponse:
    """Take in a year's notice of holidays."""
    _calendar(code)
    version = current_version(code)
    form = NoticeForm(request.POST or None, request.FILES or None, initial={"seen": version.number})
    return _edit(
        request, code, form, lambda: form.change(version), _now("Holidays of a year"),
        is_notice=True,
        note=_now("The notice is the whole truth about its year; days that the office entered "
                  "itself stay."),
    )  # fmt: skip
