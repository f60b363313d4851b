"""What a change of the register would have done to last month's cases."""

from datetime import date, timedelta

import pytest

from tests import make
from tests.make import MONDAY
from townkeeper.cases.dryrun import counted_gaps, counted_overlaps, dry_run, month_before
from townkeeper.cases.models import Case
from townkeeper.duties.loading import said_of
from townkeeper.duties.models import Category, Duty
from townkeeper.duties.program import DutyEntry, expand_duties
from townkeeper.duties.register import load_register
from townkeeper.duties.whatif import after_edits, after_program
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.program import UnitEntry

pytestmark = pytest.mark.django_db
DECEMBER = date(2026, 12, 3)
MONTH = "2026-11"


@pytest.fixture
def units():
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


def month(people):
    """Three of refuse (one dispatched otherwise), one stall, one that nobody leads, one outside."""
    cases = [make.opened(MONDAY + timedelta(hours=n), area="S1") for n in range(3)]
    for case in cases:
        make.do(case, "file", people["operator"], MONDAY + timedelta(hours=5))
    away = MONDAY + timedelta(hours=6)
    make.do(cases[0], "dispatch", people["dispatcher"], away, units=(("GSJ", "lead"),))
    make.do(cases[1], "dispatch", people["dispatcher"], away)
    make.opened(category="matter/09022", area="S2", title="占道經營")
    make.opened(category="local/nobody", area="S1", title="無主")
    make.opened(MONDAY - timedelta(days=5), area="S1")
    void = make.opened(area="S2")
    Case.objects.filter(pk=void.pk).update(stage="voided")


def edited(**edits):
    what = after_edits(load_register(), today=DECEMBER, **edits)
    return dry_run(what, month=MONTH)


def test_who_gains_and_who_loses(units, people):
    month(people)
    run = edited(move=["matter/06010@D=CGJ>GSJ"])
    assert run.total == 5
    assert dict(run.moves()) == {("CGJ", "GSJ"): 3}
    assert run.units() == [("GSJ", 0, 3), ("CGJ", 3, 0)]
    assert run.categories() == [("matter/06010", "CGJ", "GSJ", 3)]
    assert run.ownerless() == (1, 1)
    assert [count for _change, count in run.effects()] == [3, 3]
    rows = {row["number"]: row for row in run.case_rows()}
    assert len(rows) == 4
    assert sum(int(str(row["overruled"])) for row in rows.values()) == 1


def test_what_dispatchers_overruled_is_shown_beside_it(units, people):
    month(people)
    run = edited(move=["matter/06010@*=CGJ>GSJ"])
    assert run.overruled()[0] == 1
    assert run.overruled()[1] < 2 + run.overruled()[0]


def test_a_line_that_ends_leaves_nobody_or_the_one_above(units, people):
    month(people)
    gone = edited(close=["matter/09022@S2=S2"])
    assert gone.ownerless() == (1, 2)
    assert dict(gone.moves()) == {("S2", ""): 1}
    above = edited(close=["matter/06010@D=CGJ"])
    assert dict(above.moves()) == {("CGJ", "S1"): 3}, "the class's own line answers then"


def test_a_second_lead_is_a_conflict_and_a_line_without_cases_does_nothing(units, people):
    month(people)
    run = edited(add=["matter/06010@D=GSJ", "matter/09022@S1=GSJ", "matter/06010@S1=S2:assist"])
    assert run.conflicts() == (0, 3)
    assert not run.moves()
    assert [(change.area, change.unit) for change in run.idle()] == [("S1", "GSJ")]
    assert [row["conflict"] for row in run.case_rows() if row["conflict"]] == ["GSJ"] * 3


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"close": ["matter/06010@S1=CGJ"]}, "line-unknown"),
        ({"close": ["nothing"]}, "edit-unreadable"),
        ({"add": ["matter/06010@D=A>B"]}, "edit-unreadable"),
        ({"move": ["matter/06010@D=CGJ"]}, "edit-unreadable"),
        ({"add": ["matter/06010@D=GSJ:boss"]}, "edit-unreadable"),
        ({"add": ["matter/xx@D=GSJ"]}, "category-unknown"),
        ({"add": ["matter/06010@D=XX"]}, "unit-unknown"),
        ({"add": ["matter/06010@*=GSJ"]}, "unit-unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_edits_that_are_none(units, edit, code):
    with pytest.raises(Problem) as told:
        edited(**edit)
    assert told.value.code == code


def test_a_month_that_is_none(units):
    with pytest.raises(Problem) as told:
        dry_run(after_edits(load_register(), today=DECEMBER), month="2026-13")
    assert told.value.code == "month-wrong"
    assert month_before(date(2026, 1, 31)) == "2025-12"


def lines(*entries):
    entries = [DutyEntry(key=f"k{n}", **entry) for n, entry in enumerate(entries)]
    return expand_duties(entries, {})


OLD = (
    {"lead": "CGJ", "area": ["D"], "categories": ["matter/06010"]},
    {"lead": "each", "area": ["S1", "S2"], "categories": ["matter/09022"]},
)


def programmed():
    """Let the town's lines be those of a program; the others were entered by hand."""
    for line in lines(*OLD):
        Duty.objects.filter(
            category__key=line.category, area__code=line.area, unit__code=line.unit
        ).update(said=said_of(line), note=line.note, source=line.source)
    make.touch_registers()


def test_a_changed_program(units, people):
    month(people)
    programmed()
    fresh = lines(
        {"lead": "HWJ", "area": ["D"], "categories": ["matter/06010", "local/new"]},
        {"lead": "each", "area": ["S1"], "categories": ["matter/09022"]},
    )
    bureau = UnitEntry(code="HWJ", name={"zh-Hant": "環衛局"}, kind="department", parent="D")
    what = after_program(
        load_register(), fresh, [bureau], parents={"local/new": None}, today=DECEMBER
    )
    run = dry_run(what, month=MONTH)
    assert dict(run.moves()) == {("CGJ", "HWJ"): 3, ("S2", ""): 1}
    acts = {(change.act, change.category, change.unit): n for change, n in run.effects()}
    assert acts == {
        ("added", "matter/06010", "HWJ"): 3,
        ("added", "local/new", "HWJ"): 0,
        ("closed", "matter/06010", "CGJ"): 3,
        ("closed", "matter/09022", "S2"): 1,
    }
    assert Duty.objects.filter(until=None).count() == load_register_lines()


def load_register_lines():
    return sum(len(found) for found in load_register().duties.values())


def test_the_same_program_changes_nothing_and_lines_by_hand_stay(units, people):
    month(people)
    programmed()
    what = after_program(load_register(), lines(*OLD), [], today=DECEMBER)
    run = dry_run(what, month=MONTH)
    assert what.changes == ()
    assert (run.moves(), run.ownerless()) == ({}, (1, 1))
    assert all(verdict.is_same for verdict in run.verdicts.values())


def test_the_register_asks_once_for_each_kind_and_area(units, people, django_assert_num_queries):
    month(people)
    what = after_edits(load_register(), move=["matter/06010@D=CGJ>GSJ"], today=DECEMBER)
    with django_assert_num_queries(1):
        run = dry_run(what, month=MONTH)
    assert len(run.verdicts) == 3


# --- gaps and overlaps ---


def test_gaps_are_found_by_area_with_the_cases_that_fell_into_them(units, people):
    month(people)
    Duty.objects.filter(category__key="matter/09022", area__code="S2").delete()
    make.touch_registers()
    with clock.at(MONDAY + timedelta(days=31), "live"):
        found = counted_gaps(load_register(), DECEMBER, month=MONTH)
    assert [(gap.category, gap.area, gap.cases) for gap in found] == [
        ("local/nobody", "D", 1),
        ("matter/09022", "S2", 1),
    ]


def test_a_case_of_the_whole_district_can_fall_between_the_streets(units, people):
    make.opened(category="matter/09022", area="D", title="占道經營")
    found = counted_gaps(load_register(), DECEMBER, month=MONTH)
    assert ("matter/09022", "D", 1) in [(gap.category, gap.area, gap.cases) for gap in found]


def test_overlaps_with_their_cases(units, people):
    month(people)
    refuse = Category.objects.get(key="matter/06010")
    Duty.objects.create(category=refuse, area=units["D"], unit=units["GSJ"])
    [found] = counted_overlaps(load_register(), DECEMBER, month=MONTH)
    assert (found.category, found.area, found.units, found.cases) == (
        "matter/06010",
        "D",
        ("CGJ", "GSJ"),
        3,
    )
