"""Loading a program again leaves alone what the office did itself, and says so."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from tests.programs.conftest import Copy
from townkeeper.cases.handover import apply_change
from townkeeper.duties.models import Category, Duty
from townkeeper.journal.actions import touch_registers, verify_journal
from townkeeper.kit import clock
from townkeeper.programs.load import load_program
from townkeeper.units.actions import move_unit, rename_unit
from townkeeper.units.carry import carry_units, plan_units
from townkeeper.units.changes import merger, open_stand
from townkeeper.units.models import Place, Post, Unit

pytestmark = pytest.mark.django_db


def load(copy: Copy, **more):
    report = load_program(copy.path, actor="test", **more)
    assert report.ok, report.report.as_dict()
    return report


def streets():
    return list(Unit.objects.filter(kind="township").order_by("path")[:2])


def merged(first: Unit, second: Unit) -> None:
    apply_change(merger([first.code], into=second.code, on=clock.today()), actor="boss")


def test_a_merger_by_the_office_outlives_a_loading(copy: Copy) -> None:
    load(copy, with_people=True)
    first, second = streets()
    merged(first, second)
    before = {
        "open": Unit.objects.filter(until=None).count(),
        "duties": Duty.objects.filter(until=None).count(),
        "posts": Post.objects.filter(until=None).count(),
        "places": sorted(Place.objects.values_list("code", "area__code")),
    }
    report = load(copy, with_people=True)
    first.refresh_from_db()
    assert (first.until, first.successor) == (clock.today(), second)
    assert before == {
        "open": Unit.objects.filter(until=None).count(),
        "duties": Duty.objects.filter(until=None).count(),
        "posts": Post.objects.filter(until=None).count(),
        "places": sorted(Place.objects.values_list("code", "area__code")),
    }
    assert report.changes == ()
    said = report.words("en")
    assert said[0] == "Nothing changed."
    assert any(line.startswith("unit kept as the office has it") for line in said)
    assert any("duty lines kept" in line for line in said)
    assert verify_journal().problems == []


def test_a_line_entered_by_hand_stays_and_one_ended_by_hand_stays_ended(copy: Copy) -> None:
    load(copy)
    street, other = streets()
    category = Category.objects.filter(is_used=True, parent__isnull=False).first()
    own = Duty.objects.create(category=category, area=street, unit=other, note="口頭交辦")
    ended = Duty.objects.filter(until=None, said__isnull=False).first()
    ended.until = clock.today() - timedelta(days=1)
    ended.save()
    touch_registers()
    report = load(copy)
    own.refresh_from_db()
    ended.refresh_from_db()
    assert (own.until, own.said) == (None, None)
    assert ended.until == clock.today() - timedelta(days=1)
    assert [change.count for change in report.kept] == [2]


def test_what_the_program_itself_changes_is_applied(copy: Copy) -> None:
    load(copy)
    count = Duty.objects.filter(until=None).count()
    text = (copy.path / "duties.yaml").read_text("utf-8")
    first = text.index("  - key:")
    second = text.index("  - key:", first + 5)
    (copy.path / "duties.yaml").write_text(text[:first] + text[second:], "utf-8")
    report = load(copy)
    gone = Duty.objects.filter(until=clock.today())
    assert gone.count() == count - Duty.objects.filter(until=None).count() > 0
    assert not gone.filter(said__isnull=False).exists()
    (copy.path / "duties.yaml").write_text(text, "utf-8")
    load(copy)
    assert Duty.objects.filter(until=None).count() == count
    assert any(change.what == "duty" and change.act == "closed" for change in report.changes)


def test_a_line_by_hand_that_the_program_says_later_becomes_the_programs(copy: Copy) -> None:
    load(copy)
    line = Duty.objects.filter(until=None, part="lead").first()
    Duty.objects.filter(pk=line.pk).update(said=None, since=date(2026, 1, 1))
    count = Duty.objects.count()
    load(copy)
    line.refresh_from_db()
    assert line.said is not None
    assert line.since == date(2026, 1, 1)
    assert Duty.objects.count() == count


def test_a_name_and_a_place_in_the_tree_that_the_office_gave_stay(copy: Copy) -> None:
    load(copy)
    first, second = streets()
    below = (
        Unit.objects.filter(kind="team").first() or Unit.objects.filter(kind="department").last()
    )
    rename_unit(first, name="新東興街道", on=clock.today(), actor="boss")
    move_unit(below, parent=second, actor="boss")
    report = load(copy)
    first.refresh_from_db()
    below.refresh_from_db()
    assert first.name == "新東興街道"
    assert below.parent == second
    assert {(c.key, c.fields) for c in report.kept} == {
        (first.code, ("name",)),
        (below.code, ("parent",)),
    }


def test_carrying_units_alone_needs_no_case(copy: Copy) -> None:
    load(copy)
    first, second = streets()
    with transaction.atomic():
        stand = open_stand(merger([first.code], into=second.code, on=clock.today()))
        carry_units(stand, plan_units(stand), actor="boss")
    first.refresh_from_db()
    assert first.until == clock.today()
