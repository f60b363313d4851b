"""Mergers, splits and abolitions with everything that is under way: nothing ends with nobody."""

from datetime import date, timedelta

import pytest

from tests import make
from tests.make import MONDAY
from townkeeper.cases.actions import advance_case
from townkeeper.cases.handover import (
    apply_change,
    apply_due,
    preview_change,
    settle_closed,
    withdraw_change,
)
from townkeeper.cases.models import Ask, Case, Handover, Task
from townkeeper.duties.models import Category, Duty
from townkeeper.duties.register import load_register
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.actions import add_unit, close_unit
from townkeeper.units.changes import abolition, merger, split
from townkeeper.units.models import Place, Post, Unit, UnitChange

pytestmark = pytest.mark.django_db
MIN = timedelta(minutes=1)
DAY = date(2026, 11, 3)
"""Tuesday: the day of the change."""
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def units():
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


def dispatched(people, at=MONDAY, **fields):
    case = make.opened(at, **fields)
    make.do(case, "file", people["operator"], at + 5 * MIN)
    make.do(case, "dispatch", people["dispatcher"], at + 10 * MIN)
    case.refresh_from_db()
    return case


def apply(plan, at=TUESDAY):
    with clock.at(at, "live"):
        return apply_change(plan, actor="boss")


def refused(plan, code, at=TUESDAY):
    before = state()
    with pytest.raises(Problem) as told:
        apply(plan, at)
    assert told.value.code == code
    assert state() == before


def state():
    """Everything that a refused change must leave as it was."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Unit, Post, Duty, Case, Task, Ask, Place, UnitChange, Handover)
    ]


def new(code, units, **fields):
    values = {"name": f"新{code}", "kind": "department", "parent": units["D"], **fields}
    with clock.at(MONDAY, "live"):
        units[code] = add_unit(code, actor="test", **values)
    return units[code]


def nobody_is_left():
    """No running work belongs to a unit that has ended, and the history holds together."""
    assert not Task.objects.filter(done_at=None, unit__until__isnull=False).exists()
    assert not Case.objects.running().filter(unit__until__isnull=False).exists()
    assert verify_journal().problems == []


def square(west, south, east, north):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


# --- mergers ---


def test_a_merger_carries_over_what_runs_and_leaves_what_has_ended(units, people):
    ended = dispatched(people)
    make.photo(ended, people["CGJ"], MONDAY + 20 * MIN)
    make.do(ended, "report", people["CGJ"], MONDAY + 30 * MIN)
    make.do(ended, "pass", people["verifier"], MONDAY + 40 * MIN, answer="清了")
    running = dispatched(people, MONDAY + 60 * MIN)
    task = running.tasks.get(done_at=None, part="lead")
    Task.objects.filter(pk=task.pk).update(assignee=people["CGJ"])
    before = running.version
    preview = apply(merger(["CGJ", "GSJ"], into="GSJ", on=DAY))
    ended.refresh_from_db()
    running.refresh_from_db()
    after = running.tasks.get(pk=task.pk)
    assert ended.unit.code == "CGJ"
    assert {t.unit.code for t in ended.tasks.filter(stage="handling", part="lead")} == {"CGJ"}
    assert (running.unit.code, running.version) == ("GSJ", before + 1)
    assert (after.unit.code, after.assignee, after.due_at) == ("GSJ", None, task.due_at)
    assert (preview.total("case"), preview.total("task"), preview.uncovered) == (1, 1, [])
    entry = Entry.objects.get(subject=running.subject, act="case.handed-over")
    assert '"from":"CGJ"' in entry.data
    assert '"to":"GSJ"' in entry.data
    assert not Entry.objects.filter(subject=ended.subject, act="case.handed-over").exists()
    nobody_is_left()


def test_duty_lines_end_on_the_day_and_begin_for_the_heir(units, people):
    apply(merger(["CGJ", "GSJ"], into="GSJ", on=DAY))
    old = Duty.objects.get(unit=units["CGJ"])
    fresh = Duty.objects.get(unit=units["GSJ"])
    assert (old.until, fresh.since, fresh.until) == (DAY, DAY, None)
    assert fresh.source == "篇2 L95; merge 2026-11-03: CGJ→GSJ"
    known = load_register()
    refuse, street = known.category_by_key["matter/06010"], known.unit_by_code["S1"]
    assert known.resolve(refuse, street, DAY - timedelta(days=1)).lead.code == "CGJ"
    assert known.resolve(refuse, street, DAY).lead.code == "GSJ"
    assert known.overlaps(DAY) == []


def test_a_street_takes_its_area_its_duties_and_what_lies_below(units, people):
    village = new("V1", units, kind="village", parent=units["S1"])
    place = Place.objects.create(code="market", name="菜市場", area=units["S1"])
    stall = dispatched(people, category="matter/09022", area="S1")
    below = dispatched(people, category="matter/09022", area="V1")
    apply(merger(["S1", "S2"], into="S2", on=DAY))
    for each in (stall, below, place, village):
        each.refresh_from_db()
    assert (stall.unit.code, stall.area.code) == ("S2", "S2")
    assert (below.unit.code, below.area.code) == ("S2", "V1")
    assert (village.parent.code, place.area.code) == ("S2", "S2")
    assert village.is_under(Unit.objects.get(code="S2"))
    lines = Duty.objects.filter(Duty.valid_on(DAY)).values_list("area__code", "unit__code", "part")
    assert sorted(set(lines)) == [
        ("D", "CGJ", "lead"),
        ("S2", "S2", "assist"),
        ("S2", "S2", "lead"),
    ]
    assert len(lines) == 4, "no line twice"
    with clock.at(TUESDAY + MIN, "live"):
        late = dispatched(people, TUESDAY + MIN, category="matter/09022", area="S1")
    assert (late.area.code, late.unit.code) == ("S2", "S2")


def test_people_keep_their_roles_and_nobody_has_one_twice(units, people):
    Post.objects.create(
        user=people["CGJ"], unit=units["GSJ"], role=Post.objects.get(user=people["CGJ"]).role
    )
    watcher = make.person("watcher", "leader", units["ZLB"], scope=units["CGJ"])
    apply(merger(["CGJ", "GSJ"], into="GSJ", on=DAY))
    posts = Post.objects.filter(user=people["CGJ"]).values_list("unit__code", "since", "until")
    assert sorted(posts) == [("CGJ", None, DAY), ("GSJ", None, None)]
    seen = Post.objects.filter(user=watcher).order_by("pk")
    assert [(p.unit.code, p.scope.code, p.until) for p in seen] == [
        ("ZLB", "CGJ", DAY),
        ("ZLB", "GSJ", None),
    ]


def test_the_same_person_goes_on_with_the_same_case(units, people):
    case = dispatched(people)
    version = case.version
    apply(merger(["CGJ", "GSJ"], into="GSJ", on=DAY))
    at = TUESDAY + 10 * MIN
    make.photo(case, people["CGJ"], at)
    with clock.at(at, "live"), pytest.raises(Problem) as told:
        advance_case(case, "report", actor=people["CGJ"], seen_version=version)
    assert told.value.code == "case-moved-on", "the old page is told who was faster"
    make.do(case, "report", people["CGJ"], at)
    make.do(case, "pass", people["verifier"], at + MIN, answer="清了")
    case.refresh_from_db()
    assert (case.stage, case.unit.code) == ("closed", "GSJ")


def test_a_unit_does_not_assist_itself(units, people):
    case = dispatched(people)
    parts = set(case.tasks.filter(done_at=None).values_list("unit__code", "part"))
    assert parts == {("CGJ", "lead"), ("S1", "assist")}
    preview = apply(merger(["CGJ", "S1"], into="S1", on=DAY))
    left = case.tasks.filter(done_at=None)
    assert [(t.unit.code, t.part) for t in left] == [("S1", "lead")]
    assert preview.doubles == 1
    dropped = case.tasks.get(part="assist")
    assert (dropped.outcome, dropped.done_by) == ("cancelled", "")
    make.photo(case, people["CGJ"], TUESDAY + 5 * MIN)
    make.do(case, "report", people["CGJ"], TUESDAY + 6 * MIN)
    case.refresh_from_db()
    assert case.stage == "verifying"


def test_what_was_asked_goes_along_and_an_argument_with_oneself_ends(units, people):
    case, other = dispatched(people), dispatched(people)
    common = {"action": "dispute", "actor": "x", "decider": "arbiter", "asked_at": MONDAY}
    stays = Ask.objects.create(case=case, unit=units["CGJ"], other=units["S1"], **common)
    moot = Ask.objects.create(case=other, unit=units["CGJ"], other=units["GSJ"], **common)
    apply(merger(["CGJ", "GSJ"], into="GSJ", on=DAY))
    for ask in (stays, moot):
        ask.refresh_from_db()
    assert (stays.unit.code, stays.other.code, stays.decided_at) == ("GSJ", "S1", None)
    assert (moot.unit.code, moot.decided_by, moot.is_accepted) == ("GSJ", "boss", None)


def test_a_unit_may_go_into_what_lies_below_it(units, people):
    new("V1", units, kind="village", parent=units["S1"])
    new("V2", units, kind="village", parent=units["S1"])
    apply(merger(["S1"], into="V1", on=DAY))
    heir, sister = Unit.objects.get(code="V1"), Unit.objects.get(code="V2")
    assert (heir.parent.code, sister.parent.code) == ("D", "V1")
    assert len(set(Unit.objects.values_list("path", flat=True))) == Unit.objects.count()


def test_an_office_that_ends_leaves_its_work_to_its_heir(units, people):
    new("DSJ", units)
    waiting = make.opened()
    apply(merger(["ZLB"], into="DSJ", on=DAY))
    waiting.refresh_from_db()
    assert waiting.tasks.get(done_at=None).unit.code == "DSJ"
    make.do(waiting, "file", people["operator"], TUESDAY + MIN)
    make.do(waiting, "dispatch", people["dispatcher"], TUESDAY + 2 * MIN)
    fresh = make.opened(TUESDAY + 3 * MIN)
    assert fresh.tasks.get().unit.code == "DSJ"
    assert not Unit.objects.get(code="ZLB").attributes.get("office")


def test_a_case_in_dispute_or_with_a_stopped_clock_goes_along(units, people):
    case = dispatched(people)
    make.photo(case, people["CGJ"], MONDAY + 15 * MIN, "document")
    make.do(case, "suspend", people["CGJ"], MONDAY + 20 * MIN, reason="下雨", ground="weather")
    ask = case.asks.get()
    preview = apply(merger(["CGJ", "GSJ"], into="GSJ", on=DAY))
    assert case.tasks.get(done_at=None, part="lead").unit.code == "GSJ"
    assert preview.total("case") == 1
    ask.refresh_from_db()
    assert ask.decided_at is None


# --- splits ---


def divided(units):
    """The first street is divided in an eastern and a western half, drawn on the map."""
    units["S1"].outline = square(105.0, 29.0, 105.2, 29.1)
    units["S1"].save()
    new("E", units, kind="township", outline=square(105.1, 29.0, 105.2, 29.1))
    new("W", units, kind="township", outline=square(105.0, 29.0, 105.1, 29.1))


def test_a_split_goes_by_place_then_category_then_default(units, people):
    divided(units)
    stall = {"category": "matter/09022", "area": "S1"}
    cases = {
        "E": dispatched(people, lon=105.15, lat=29.05, **stall),
        "W": dispatched(people, lon=105.05, lat=29.05, **stall),
        "border": dispatched(people, lon=105.1, lat=29.05, **stall),
        "unplaced": dispatched(people, **stall),
    }
    rules = {"category:matter/09022": "W", "default": "E"}
    preview = apply(split("S1", into=["E", "W"], on=DAY, rules=rules))
    border = load_register().area_at(105.1, 29.05, DAY).code
    found = {}
    for name, case in cases.items():
        case.refresh_from_db()
        found[name] = (case.unit.code, case.area.code)
    assert found == {
        "E": ("E", "E"),
        "W": ("W", "W"),
        "border": (border, border),
        "unplaced": ("W", "E"),
    }
    by_rule = {rule for (what, *_rest, rule) in preview.counts() if what == "case"}
    assert by_rule == {"place", "category:matter/09022"}
    lines = Duty.objects.filter(Duty.valid_on(DAY), category__key="matter/09022")
    assert sorted(lines.values_list("area__code", "unit__code")) == [
        ("E", "E"),
        ("S2", "S2"),
        ("W", "W"),
    ]
    nobody_is_left()


def test_a_split_with_nothing_to_go_by_is_refused_until_a_default_is_named(units, people):
    divided(units)
    case = dispatched(people, category="matter/09022", area="S1")
    plan = split("S1", into=["E", "W"], on=DAY)
    with clock.at(TUESDAY, "live"):
        uncovered = {(piece.what, piece.key) for piece in preview_change(plan).uncovered}
    assert ("case", case.number) in uncovered
    assert ("post", "handler-s1 handler") in uncovered
    refused(plan, "change-uncovered")
    apply(split("S1", into=["E", "W"], on=DAY, rules={"default": "W"}))
    case.refresh_from_db()
    assert case.unit.code == "W"


def test_outlines_that_leave_a_hole_are_said_and_what_lies_in_it_needs_a_rule(units, people):
    divided(units)
    units["E"].outline = square(105.15, 29.0, 105.2, 29.1)
    units["E"].save()
    inside = dispatched(people, category="matter/09022", area="S1", lon=105.12, lat=29.05)
    rules = {"post:handler-s1": "E"}
    with clock.at(TUESDAY, "live"):
        preview = preview_change(split("S1", into=["E", "W"], on=DAY, rules=rules))
    assert preview.left_over == pytest.approx(0.25)
    assert {p.key for p in preview.uncovered if p.what == "case"} == {inside.number}
    refused(split("S1", into=["E", "W"], on=DAY, rules=rules), "change-uncovered")


def test_units_below_go_where_they_lie_or_where_a_rule_says(units, people):
    divided(units)
    outline = square(105.01, 29.01, 105.02, 29.02)
    new("V1", units, kind="village", parent=units["S1"], outline=outline)
    new("V2", units, kind="village", parent=units["S1"])
    case = dispatched(people, category="matter/09022", area="V2")
    apply(split("S1", into=["E", "W"], on=DAY, rules={"child:V2": "E", "default": "W"}))
    parents = dict(Unit.objects.filter(code__startswith="V").values_list("code", "parent__code"))
    case.refresh_from_db()
    assert parents == {"V1": "W", "V2": "E"}
    assert (case.unit.code, case.area.code) == ("E", "V2"), "the area below a part decides"


def test_a_department_is_split_by_category(units, people):
    new("HWJ", units)
    new("ZFJ", units)
    case = dispatched(people)
    rules = {"category:matter/06": "HWJ", "post:handler-cgj": "ZFJ"}
    preview = apply(split("CGJ", into=["HWJ", "ZFJ"], on=DAY, rules=rules))
    case.refresh_from_db()
    assert case.unit.code == "HWJ"
    assert preview.counts()["duty", "CGJ", "HWJ", "category:matter/06"] == 1
    assert Post.objects.filter(user=people["CGJ"], unit=units["ZFJ"]).exists()


# --- abolition ---


def test_an_abolished_unit_leaves_its_duties_line_by_line_and_cases_follow(units, people):
    trade = Category.objects.create(key="matter/07", kind="matter", name="無照經營", limit="1wd")
    with clock.at(MONDAY, "live"):
        Duty.objects.create(category=trade, area=units["D"], unit=units["CGJ"])
        make.touch_registers()
    refuse, shop = dispatched(people), dispatched(people, category="matter/07")
    rules = {
        "duty:matter/06010@D": "S2",
        "duty:matter/07@D": "GSJ",
        "post:handler-cgj": "GSJ",
    }
    apply(abolition("CGJ", on=DAY, rules=rules))
    refuse.refresh_from_db()
    shop.refresh_from_db()
    assert (refuse.unit.code, shop.unit.code) == ("S2", "GSJ")
    nobody_is_left()


def test_nothing_ends_with_nobody(units, people):
    dispatched(people)
    refused(abolition("CGJ", on=DAY), "no-heir")
    refused(abolition("CGJ", on=DAY, rules={"post:handler-cgj": "GSJ", "office": "S2"}),
            "change-uncovered")  # fmt: skip


# --- what is refused ---


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (lambda: merger(["CGJ"], into="CGJ", on=DAY), "merger-of-one"),
        (lambda: split("CGJ", into=["GSJ"], on=DAY), "split-in-one"),
        (lambda: split("CGJ", into=["GSJ", "CGJ"], on=DAY), "unit-own-successor"),
        (lambda: abolition("CGJ", on=DAY, rules={"default": "CGJ"}), "unit-own-successor"),
        (lambda: merger(["CGJ", "XXX"], into="GSJ", on=DAY), "unit-unknown"),
        (lambda: merger(["CGJ"], into="GSJ", on=DAY, rules={"default": "S1"}), "rule-outsider"),
        (lambda: merger(["CGJ"], into="GSJ", on=DAY, rules=["category:x=GSJ"]), "category-unknown"),
    ],
    ids=["one", "one-part", "part-of-itself", "its-own-heir", "unknown", "outsider", "category"],
)
def test_what_no_change_can_be(units, plan, code):
    refused(plan(), code)


@pytest.mark.parametrize("rule", ["default", "color=red", "scores=maybe", "category:=A", "x:y=A"])
def test_a_rule_that_is_none(rule):
    with pytest.raises(Problem) as told:
        merger(["A"], into="B", on=DAY, rules=[rule])
    assert (told.value.code, str(told.value.where)) == ("rule-unknown", "rule")


def test_a_unit_ends_once_and_its_heir_must_be_there(units, people):
    apply(merger(["CGJ"], into="GSJ", on=DAY))
    refused(merger(["CGJ"], into="S1", on=DAY), "unit-closed-already")
    refused(merger(["GSJ"], into="CGJ", on=DAY), "heir-not-there")
    new("LATER", units, since=date(2027, 1, 1))
    refused(merger(["GSJ"], into="LATER", on=DAY), "heir-not-there")


def test_a_day_before_the_unit_began(units):
    new("YOUNG", units, since=DAY)
    refused(merger(["YOUNG"], into="GSJ", on=date(2026, 11, 1)), "unit-ends-first")


# --- days past and to come ---


def test_a_change_that_held_from_an_earlier_day(units, people):
    case = dispatched(people)
    on = date(2026, 10, 1)
    apply(merger(["CGJ", "GSJ"], into="GSJ", on=on))
    case.refresh_from_db()
    assert case.unit.code == "GSJ"
    assert Unit.objects.get(code="CGJ").until == on
    assert Handover.objects.filter(case=case).values_list("at", flat=True)[0] == TUESDAY


def test_a_change_to_come_waits_for_its_day_and_happens_once(units, people):
    case = dispatched(people)
    on = date(2026, 11, 5)
    preview = apply(merger(["CGJ", "GSJ"], into="GSJ", on=on))
    assert (preview.change.state, preview.total("case")) == ("waiting", 1)
    case.refresh_from_db()
    assert case.unit.code == "CGJ"
    with clock.at(TUESDAY, "live"):
        assert apply_due() == []
    thursday = MONDAY + timedelta(days=3)
    with clock.at(thursday, "live"):
        assert len(apply_due()) == 1
        assert apply_due() == []
    case.refresh_from_db()
    assert case.unit.code == "GSJ"
    change = UnitChange.objects.get()
    assert (change.state, change.applied_at) == ("applied", thursday)
    assert Entry.objects.filter(subject=case.subject, act="case.handed-over").count() == 1
    entry = Entry.objects.get(subject=case.subject, act="case.handed-over")
    assert entry.actor == "boss"


def test_a_planned_change_can_be_withdrawn_and_is_not_planned_twice(units, people):
    on = date(2026, 11, 5)
    change = apply(merger(["CGJ"], into="GSJ", on=on)).change
    refused(merger(["CGJ"], into="S1", on=on), "change-planned-already")
    refused(merger(["S1"], into="CGJ", on=on), "change-planned-already")
    with clock.at(TUESDAY, "live"):
        assert withdraw_change(change.pk, actor="boss").state == "withdrawn"
        with pytest.raises(Problem):
            withdraw_change(change.pk, actor="boss")
    with clock.at(MONDAY + timedelta(days=5), "live"):
        assert apply_due() == []
    assert Unit.objects.get(code="CGJ").until is None


def test_a_planned_change_that_cannot_be_is_told_and_leaves_nothing_half_done(units, people):
    on = date(2026, 11, 5)
    change = apply(merger(["CGJ"], into="GSJ", on=on)).change
    with clock.at(TUESDAY, "live"):
        close_unit(units["GSJ"], on=DAY, actor="x", successor=units["S1"])
    with clock.at(MONDAY + timedelta(days=3), "live"):
        [told] = apply_due()
        assert apply_due() == []
    change.refresh_from_db()
    assert (change.state, change.result["code"]) == ("blocked", "heir-not-there")
    assert told.startswith(f"#{change.pk}")
    assert Unit.objects.get(code="CGJ").until is None


# --- what is left behind ---


def test_work_found_behind_a_closed_unit_goes_to_its_heir(units, people):
    case = dispatched(people)
    with clock.at(TUESDAY, "live"):
        close_unit(units["CGJ"], on=DAY, actor="x", successor=units["GSJ"])
        assert settle_closed() == ["CGJ → GSJ: 1"]
        assert settle_closed() == []
    case.refresh_from_db()
    assert case.unit.code == "GSJ"
    nobody_is_left()


def test_work_without_any_heir_is_told_every_time(units, people):
    dispatched(people)
    with clock.at(TUESDAY, "live"):
        close_unit(units["CGJ"], on=DAY, actor="x")
        assert len(settle_closed()) == len(settle_closed()) == 1


def test_what_came_late_follows_the_rules_of_the_change(units, people):
    new("HWJ", units)
    new("ZFJ", units)
    rules = {"category:matter/06": "HWJ", "default": "ZFJ"}
    case = dispatched(people)
    apply(split("CGJ", into=["HWJ", "ZFJ"], on=DAY, rules=rules))
    Task.objects.filter(case=case, part="lead", done_at=None).update(unit=units["CGJ"])
    Case.objects.filter(pk=case.pk).update(unit=units["CGJ"])
    with clock.at(TUESDAY + MIN, "live"):
        assert settle_closed() == ["CGJ → HWJ, ZFJ: 1"]
    case.refresh_from_db()
    assert case.unit.code == "HWJ"
    assert set(Handover.objects.filter(case=case).values_list("change__kind", flat=True)) == {
        "split"
    }


def test_the_preview_says_what_the_change_does(units, people):
    for _ in range(3):
        dispatched(people)
    plan = merger(["CGJ", "GSJ"], into="GSJ", on=DAY)
    before = state()
    with clock.at(TUESDAY, "live"):
        said = preview_change(plan).as_dict()["moves"]
    assert state() == before
    assert apply(plan).as_dict()["moves"] == said
    assert UnitChange.objects.get().result == said


def test_many_cases_take_few_statements(units, people, django_assert_max_num_queries):
    case = dispatched(people)
    plan = merger(["CGJ", "GSJ"], into="GSJ", on=DAY)
    for n in range(30):
        case.pk, case.number = None, f"X{n}"
        case.save(force_insert=True)
    with django_assert_max_num_queries(90):
        assert apply(plan).total("case") == 31
    assert Entry.objects.filter(act="case.handed-over").count() == 31
    assert verify_journal().problems == []
