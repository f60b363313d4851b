"""A running office is written out as a program, and loading that program makes the same office."""

from datetime import date
from pathlib import Path

import pytest

from townkeeper.assessment.models import Scheme
from townkeeper.calendars.actions import change_calendar, content_of, current_version
from townkeeper.calendars.models import Calendar, CalendarVersion
from townkeeper.calendars.statutory import DayEntry
from townkeeper.cases.models import ProcedureVersion
from townkeeper.duties.models import Category, Duty
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.programs.commands import diff_command
from townkeeper.programs.export import export_program
from townkeeper.programs.load import load_program
from townkeeper.units.actions import add_unit, close_unit, rename_unit
from townkeeper.units.models import Place, Role, Unit

DONGXING = Path(__file__).parents[2] / "programs" / "dongxing"
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def office():
    """Everything that the tables say, without row numbers."""
    today = clock.today()
    units = {
        unit.code: (
            unit.name, unit.names, unit.kind, unit.parent and unit.parent.code,
            sorted(unit.aliases), unit.since, unit.until, unit.successor and unit.successor.code,
            {k: v for k, v in unit.attributes.items() if k != "program"}, unit.source,
            unit.outline,
        )
        for unit in Unit.objects.select_related("parent", "successor")
    }  # fmt: skip
    duties = sorted(
        Duty.objects.filter(Duty.valid_on(today)).values_list(
            "category__key", "area__code", "unit__code", "part", "since", "until", "note", "source"
        ),
        key=str,
    )
    skip = ("id", "parent")
    categories = {
        row.key: [
            getattr(row, f.name) for f in Category._meta.concrete_fields if f.name not in skip
        ]
        for row in Category.objects.all()
    }
    return {
        "units": units,
        "duties": duties,
        "categories": categories,
        "roles": {role.key: (role.names, sorted(role.permissions)) for role in Role.objects.all()},
        "places": {
            place.code: (place.name, place.area.code, place.lon, place.lat, place.problems)
            for place in Place.objects.filter(until=None).select_related("area")
        },
        "procedures": dict(
            ProcedureVersion.objects.filter(is_current=True).values_list("key", "digest")
        ),
        "schemes": dict(Scheme.objects.filter(is_current=True).values_list("key", "definition")),
        "calendars": {
            calendar.code: content_of(current_version(calendar.code)).calendar().digest
            for calendar in Calendar.objects.all()
        },
    }


def emptied():
    """Take the office away, so that the written program is loaded into nothing."""
    from django.apps import apps

    from townkeeper.programs.models import LoadedProgram

    Category.objects.update(parent=None)
    for model in (Duty, Place, Category, LoadedProgram, ProcedureVersion, Scheme, Role):
        model.objects.all().delete()
    Unit.objects.update(parent=None, successor=None)
    for label in ("post", "unitchange", "unit"):
        apps.get_model("units", label).objects.all().delete()
    CalendarVersion.objects.all().delete()
    Calendar.objects.all().delete()


@pytest.fixture
def loaded():
    assert load_program(DONGXING, actor="test").ok


def test_an_office_that_nobody_changed_gives_its_files_back(loaded, tmp_path):
    exported = export_program(tmp_path / "out")
    assert exported.report.ok
    assert exported.rewritten == ()
    for path in DONGXING.rglob("*"):
        if path.is_file():
            written = tmp_path / "out" / path.relative_to(DONGXING)
            assert written.read_text("utf-8") == path.read_text("utf-8-sig")


def people_change_things():
    today = clock.today()
    units = Unit.objects.in_bulk(field_name="code")
    rename_unit(units["511011-SWJ"], name="區商務和經濟合作局", on=today, actor="test")
    new = add_unit(
        "511011-NEW", name="區大數據局", kind="department", parent=units["511011"], actor="test"
    )
    category = Category.objects.get(key="matter/06010")
    Duty.objects.create(
        category=category, area=units["511011"], unit=new, part="lead", note="會議紀要第三號"
    )
    Duty.objects.filter(category__key="matter/06007", part="lead").update(until=today)
    Category.objects.filter(key="matter/09").update(limit="2wh")
    Category.objects.filter(key="matter/06001").update(keywords=["違建"])
    close_unit(units["511011-JKJ"], on=today, successor=new, actor="test") if (
        "511011-JKJ" in units
    ) else None
    change_calendar(
        "default",
        actor="test",
        days=[DayEntry(date(2026, 12, 30), is_working=False, name="停電", is_local=True)],
        hours={0: content_of(current_version()).hours[0]},
    )
    role = Role.objects.first()
    role.permissions = role.permissions[:-1]
    role.save()
    Place.objects.filter(pk=Place.objects.first().pk).update(lon=105.1, lat=29.6)
    Place.objects.filter(pk=Place.objects.last().pk).update(until=today)


def test_what_people_changed_is_in_the_files_and_comes_back(loaded, tmp_path):
    people_change_things()
    before = office()
    out = tmp_path / "out"
    exported = export_program(out)
    assert exported.report.ok, [str(finding) for finding in exported.report.findings]
    assert "procedures/problem.yaml" in exported.kept
    assert set(exported.rewritten) >= {
        "categories.yaml", "duties.yaml", "calendar.yaml", "roles.yaml", "places.yaml",
        "units/since-loading.yaml",
    }  # fmt: skip
    emptied()
    assert load_program(out, actor="test").ok
    after = office()
    for part, said in before.items():
        assert after[part] == said, part
    # and what comes out then is the same again
    again = export_program(tmp_path / "again")
    assert again.rewritten == ()


def test_the_difference_says_what_people_changed(loaded, tmp_path):
    people_change_things()
    export_program(tmp_path / "out")
    lines = diff_command(None, tmp_path / "out").words("zh-hant")
    assert any("2 工作小時（縮短）" in line for line in lines)
    assert any("區大數據局" in line for line in lines)


def test_loading_what_was_just_written_out_changes_nothing(loaded, tmp_path):
    people_change_things()
    before = office()
    out = tmp_path / "out"
    export_program(out)
    report = load_program(out, actor="test")
    assert report.ok
    assert office() == before


def test_a_folder_that_holds_something_is_left_alone(loaded, tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(Problem) as caught:
        export_program(tmp_path)
    assert caught.value.code == "folder-not-empty"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_is_written_out_of_nothing(tmp_path):
    with pytest.raises(Problem) as caught:
        export_program(tmp_path / "out")
    assert caught.value.code == "no-units"
    assert not (tmp_path / "out").exists()
