"""Calendars in the browser: a year, days and hours with their effect, notices, versions."""

import json
from datetime import UTC, datetime

from django.core.files.uploadedfile import SimpleUploadedFile

from tests import make
from tests.web.administration.world import BASE, entries, form_of, send, words
from townkeeper.accounts.models import User
from townkeeper.calendars.actions import current, current_version
from townkeeper.calendars.models import CalendarVersion
from townkeeper.cases.models import Task
from townkeeper.cases.recompute import follow_calendars
from townkeeper.kit import clock

DAYS = "calendars/default/days/"
MONDAY = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


def running():
    """A case in handling on Monday 2 November, due the same afternoon."""
    case = make.opened(at=MONDAY)
    case = make.do(case, "file", User.objects.get(username="operator"), MONDAY)
    case = make.do(case, "dispatch", User.objects.get(username="dispatcher"), MONDAY)
    return Task.objects.get(case=case, done_at=None, part="lead", limit="4wh")


def test_a_year_shows_holidays_makeup_days_and_what_is_not_announced(admin):
    with clock.at(MONDAY, "live"):
        page = admin.get(f"{BASE}calendars/default/?year=2026")
        looks = {
            box.on.isoformat(): box.look
            for month in page.context["months"]
            for week in month["weeks"]
            for box in week
            if box.on
        }
        assert looks["2026-10-01"] == "holiday"
        assert looks["2026-10-10"] == "makeup"
        assert looks["2026-11-07"] == "off"
        later = admin.get(f"{BASE}calendars/default/?year=2027")
        assert later.context["is_provisional"]
        assert "are not announced" in words(later)
        assert "working days are announced" in words(later)
        for year in ("99999", "abc", "1"):
            assert admin.get(f"{BASE}calendars/default/?year={year}").context["year"] == 2026
    assert admin.get(f"{BASE}calendars/nothing/").status_code == 404


def test_a_holiday_is_previewed_then_saved_then_open_cases_follow(admin, town):
    task = running()
    due = task.due_at
    given = {"first": "2026-11-02", "what": "off", "name": "停電"}
    with clock.at(MONDAY, "live"):
        answer = send(admin, DAYS, do="preview", **given)
        counts = answer.context["preview"]["counts"]
        assert counts["moved"] == 1
        assert counts["later"] >= 1
        assert current_version().number == 1
        task.refresh_from_db()
        assert task.due_at == due
        assert send(admin, DAYS, note="停電一天", **given).status_code == 302
        version = current_version()
        assert (version.number, version.note) == (2, "停電一天")
        assert not current().is_working_day(MONDAY.date())
        follow_calendars()
    task.refresh_from_db()
    assert task.due_at > due
    act, actor, data = entries("calendar:default")[0]
    assert (act, actor, data["number"]) == ("calendar.changed", "supervisor", 2)
    page = admin.get(f"{BASE}calendars/default/?version=1")
    assert not page.context["is_present"]


def test_what_the_calendar_says_already_makes_no_version(admin):
    answer = send(admin, DAYS, do="preview", first="2026-10-12", what="plain")
    assert answer.context["preview"]["same"]
    assert 'value="save"' not in words(answer)
    send(admin, DAYS, first="2026-10-12", what="plain")
    assert CalendarVersion.objects.count() == 1


def test_hours_are_changed_and_wrong_ones_named(admin):
    path = "calendars/default/hours/"
    for fields, said in (
        ({"mon": "nine to five"}, "nine to five"),
        ({"tue": "12:00-08:00"}, "12:00-08:00"),
        (dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ""), ""),
    ):
        answer = send(admin, path, **fields)
        assert answer.status_code == 422, fields
        assert said in words(answer)
    assert send(admin, path, do="preview", mon="09:00-12:00").status_code == 200
    assert CalendarVersion.objects.count() == 1
    assert send(admin, path, mon="09:00-12:00", note="x").status_code == 302
    assert current_version().hours["mon"] == ["09:00-12:00"]


def test_days_that_make_no_sense_are_refused(admin):
    for fields, said in (
        ({"first": "2026-12-02", "last": "2026-12-01", "what": "off"}, "before the first"),
        ({"first": "2026-01-01", "last": "2026-12-31", "what": "off"}, "At most"),
        ({"first": "2026-12-02", "what": "work", "hours": "x"}, "x"),
        ({"first": "", "what": "off"}, "required"),
    ):
        answer = send(admin, DAYS, **fields)
        assert answer.status_code == 422, fields
        assert said in words(answer), fields
    old = form_of(admin, DAYS)
    send(admin, DAYS, first="2026-12-02", what="off")
    answer = admin.post(BASE + DAYS, {**old, "do": "save", "first": "2026-12-03", "what": "off"})
    assert answer.status_code == 422
    assert "Somebody else has changed this" in words(answer)


def notice(content):
    text = content if isinstance(content, str) else json.dumps(content)
    return SimpleUploadedFile("2027.json", text.encode())


def test_a_years_notice_is_looked_at_and_taken_in(admin):
    path = f"{BASE}calendars/default/notice/"
    days = [{"date": "2027-01-01", "isOffDay": True, "name": "元旦"}]
    file = notice({"year": 2027, "days": days})
    seen = current_version().number
    answer = admin.post(path, {"do": "preview", "seen": seen, "file": file})
    assert answer.context["preview"]["days"][0][0].isoformat() == "2027-01-01"
    assert CalendarVersion.objects.count() == 1
    text = json.dumps({"year": 2027, "days": days})
    assert admin.post(path, {"do": "save", "seen": seen, "text": text}).status_code == 302
    assert current_version().known_until.isoformat() == "2027-12-31"
    for content, said in (("{", "not a JSON"), ([1], "form of a holiday file"), ("7", "form of")):
        answer = admin.post(path, {"do": "save", "seen": 2, "file": notice(content)})
        assert answer.status_code == 422
        assert said in words(answer), content
    assert admin.post(path, {"do": "save", "seen": 2}).status_code == 422
