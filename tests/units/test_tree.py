"""The tree of units: paths, moves, names, mergers and splits, and what is refused."""

from contextlib import suppress
from datetime import date

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from townkeeper.accounts.models import User
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit.errors import Problem
from townkeeper.units.actions import (
    MAX_LEVEL,
    add_unit,
    close_unit,
    merge_units,
    move_unit,
    next_path,
    rename_unit,
    split_unit,
)
from townkeeper.units.models import Unit
from townkeeper.units.program import UnitEntry, apply_units

pytestmark = pytest.mark.django_db
YEAR = date(2026, 1, 1)
NEXT = date(2027, 1, 1)


def add(code, parent=None, **fields):
    fields = {"name": f"單位{code}", "kind": "department", "actor": "test", **fields}
    return add_unit(code, parent=parent, **fields)


def shape_of(code=None):
    """Code → path of every unit."""
    return dict(Unit.objects.values_list("code", "path"))


def assert_sound():
    """Every path is the parent's plus one segment, and nobody has another's."""
    units = list(Unit.objects.select_related("parent"))
    assert len({unit.path for unit in units}) == len(units)
    for unit in units:
        base = unit.parent.path if unit.parent else ""
        assert unit.path[:-5] == base
        assert unit.level == len(unit.path) // 5 - 1


def test_children_are_numbered_and_a_subtree_is_one_range():
    root = add("R")
    first, second = add("A", root), add("B", root)
    below = add("A1", first)
    assert (root.path, first.path, second.path) == ("0001.", "0001.0001.", "0001.0002.")
    assert set(Unit.objects.under(first)) == {first, below}
    assert below.is_under(root)
    assert not below.is_under(second)
    assert_sound()


def test_the_tenth_child_sorts_after_the_ninth_and_only_its_own_range_is_its_own():
    root = add("R")
    children = [add(f"C{n:02}", root) for n in range(1, 12)]
    assert [unit.code for unit in Unit.objects.all()][1:] == [unit.code for unit in children]
    assert list(Unit.objects.under(children[0])) == [children[0]]


def test_the_ten_thousandth_child_is_refused():
    root = add("R")
    Unit.objects.create(
        code="LAST", name="末", kind="team", parent=root, path=f"{root.path}9999.", level=1
    )
    with pytest.raises(Problem) as refused:
        add("MORE", root)
    assert refused.value.code == "units-too-many"


def test_a_tree_may_be_forty_levels_deep_and_no_deeper():
    unit = None
    for level in range(MAX_LEVEL + 1):
        unit = add(f"L{level}", unit)
    assert unit.level == MAX_LEVEL
    assert len(unit.path) == Unit._meta.get_field("path").max_length
    with pytest.raises(Problem) as refused:
        add("TOO-DEEP", unit)
    assert refused.value.code == "units-too-deep"
    assert_sound()


@pytest.mark.parametrize(
    ("code", "name", "why"), [("R", "又一個", "unit-twice"), ("NEW", "  ", "unit-nameless")]
)
def test_what_no_unit_can_be(code, name, why):
    add("R")
    with pytest.raises(Problem) as refused:
        add(code, name=name)
    assert refused.value.code == why
    assert Unit.objects.count() == 1


def test_a_move_takes_the_subtree_along_and_is_journaled():
    root = add("R")
    a, b = add("A", root), add("B", root)
    child = add("A1", a)
    grandchild = add("A11", child)
    move_unit(child, parent=b, actor="test", reason="職能調整")
    grandchild.refresh_from_db()
    assert (child.parent, child.path) == (b, f"{b.path}0001.")
    assert grandchild.is_under(b)
    assert list(Unit.objects.under(a)) == [a]
    assert Entry.objects.get(subject="unit:A1", act="unit.moved").data == (
        '{"from":"A","reason":"職能調整","to":"B"}'
    )
    assert_sound()
    assert verify_journal().problems == []


def test_a_move_to_the_top_and_a_free_number_are_fine():
    root = add("R")
    a = add("A", root)
    move_unit(a, parent=None, actor="test")
    assert (a.path, a.level, a.parent) == ("0002.", 0, None)
    add("B", root)
    assert_sound()


def test_no_unit_can_lie_below_itself_however_deep():
    root = add("R")
    child = add("A", root)
    grandchild = add("A1", child)
    for parent in (root, child, grandchild):
        with pytest.raises(Problem) as refused:
            move_unit(root, parent=parent, actor="test")
        assert refused.value.code == "unit-below-itself"
    assert_sound()


def test_a_move_that_would_go_too_deep_is_refused_for_the_deepest_below():
    unit = deep = add("D0")
    for level in range(1, MAX_LEVEL):
        deep = add(f"D{level}", deep)
    other = add("X")
    add("X1", other)
    with pytest.raises(Problem) as refused:
        move_unit(other, parent=deep, actor="test")
    assert refused.value.code == "units-too-deep"
    assert unit.path == "0001."


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(-1, 7)), max_size=12))
def test_any_moves_leave_a_sound_tree(moves):
    with transaction.atomic():
        units = [add(f"U{n}") for n in range(8)]
        for child, parent in moves:
            target = Unit.objects.get(pk=units[parent].pk) if parent >= 0 else None
            with suppress(Problem):
                move_unit(units[child], parent=target, actor="test")
            assert_sound()
        for unit in Unit.objects.all():
            line, seen = unit, set()
            while line is not None:
                assert line.pk not in seen, "a cycle"
                seen.add(line.pk)
                line = line.parent
        transaction.set_rollback(True)


def test_a_new_name_keeps_the_old_one_findable_with_its_date():
    unit = add("HBJ", name="環保局", names={"zh-Hant": "環保局"})
    rename_unit(unit, name="生態環境局", names={"zh-Hant": "生態環境局"}, on=YEAR, actor="test")
    rename_unit(unit, name="生態環境分局", on=NEXT, actor="test")
    unit.refresh_from_db()
    assert unit.name == "生態環境分局"
    assert unit.aliases == ["環保局", "生態環境局"]
    assert [(f["name"], f["until"]) for f in unit.attributes["former_names"]] == [
        ("環保局", "2026-01-01"),
        ("生態環境局", "2027-01-01"),
    ]
    assert unit.sort_key.startswith("sthjfj ")
    assert Entry.objects.filter(subject="unit:HBJ", act="unit.renamed").count() == 2


def test_the_first_day_without_a_unit():
    early = add("A", since=YEAR)
    close_unit(early, on=NEXT, actor="test", reason="機構改革")

    def there(on):
        return Unit.objects.existing(on).exists()

    assert [there(date(2025, 12, 31)), there(YEAR)] == [False, True]
    assert [there(date(2026, 12, 31)), there(NEXT)] == [True, False]


@pytest.mark.parametrize(
    ("on", "successor", "why"),
    [
        (date(2025, 1, 1), None, "unit-ends-first"),
        (NEXT, "A", "unit-own-successor"),
        (NEXT, "B", "unit-circle"),
    ],
)
def test_what_no_closing_can_be(on, successor, why):
    units = {"A": add("A", since=YEAR), "B": add("B")}
    close_unit(units["B"], on=NEXT, actor="test", successor=units["A"])
    with pytest.raises(Problem) as refused:
        close_unit(units["A"], on=on, actor="test", successor=units.get(successor))
    assert refused.value.code == why


def test_a_unit_is_closed_once():
    unit = add("A")
    close_unit(unit, on=YEAR, actor="test")
    with pytest.raises(Problem) as refused:
        close_unit(unit, on=NEXT, actor="test")
    assert refused.value.code == "unit-closed-already"


def test_a_merger_closes_what_it_joins_and_links_the_new_one():
    root = add("R")
    a, b, c = (add(code, root) for code in "ABC")
    merge_units([a, b], into=c, on=YEAR, actor="test", reason="合併")
    for unit in (a, b):
        unit.refresh_from_db()
        assert (unit.until, unit.successor) == (YEAR, c)
    assert set(c.predecessors.all()) == {a, b}
    assert Entry.objects.get(subject="unit:C", act="unit.merged")
    assert verify_journal().problems == []


def test_a_merger_into_one_of_them_leaves_that_one_open():
    a, b = add("A"), add("B")
    merge_units([a, b], into=b, on=YEAR, actor="test")
    b.refresh_from_db()
    assert (a.successor, b.until) == (b, None)
    with pytest.raises(Problem) as refused:
        merge_units([b], into=b, on=YEAR, actor="test")
    assert refused.value.code == "merger-of-one"


def test_a_split_names_all_its_parts_and_the_first_takes_over():
    whole, east, west = add("W"), add("E1"), add("W1")
    split_unit(whole, into=[east, west], on=YEAR, actor="test")
    whole.refresh_from_db()
    assert (whole.successor, whole.until) == (east, YEAR)
    assert whole.attributes["successors"] == ["E1", "W1"]
    with pytest.raises(Problem) as refused:
        split_unit(east, into=[west], on=YEAR, actor="test")
    assert refused.value.code == "split-in-one"


def test_lists_sort_by_sound_and_fall_back_to_the_name_entered():
    unit = add("A", name="東興街道", names={"en": "Dongxing"})
    assert unit.sort_key == "dxjd dongxingjiedao"
    assert add("B", name="無譯名").title == "無譯名"


def test_closed_accounts_see_no_units():
    add("A")
    user = User.objects.create_user("x")
    assert Unit.objects.visible_to(user).count() == 1
    user.is_active = False
    assert not Unit.objects.visible_to(user).exists()


def entry(code, parent=None, name=None):
    return UnitEntry(
        code=code, parent=parent, name={"zh-Hant": name or code, "en": code}, kind="team"
    )


def load(*entries):
    return apply_units(entries, groups={}, outlines={}, program="p", actor="test")


def test_a_program_that_moves_a_unit_and_changes_what_lies_below_keeps_the_tree_sound():
    load(entry("R"), entry("A", "R"), entry("A1", "A"), entry("B", "R"))
    load(entry("R"), entry("B", "R"), entry("A", "B"), entry("A1", "A", "新名"), entry("A2", "A"))
    assert_sound()
    assert Unit.objects.get(code="A1").is_under(Unit.objects.get(code="B"))
    assert next_path(Unit.objects.get(code="A")).endswith("0003.")


def test_a_program_that_turns_a_branch_upside_down_keeps_the_tree_sound():
    load(entry("R"), entry("A", "R"), entry("B", "A"), entry("C", "B"))
    load(entry("R"), entry("C", "R"), entry("B", "C"), entry("A", "B"))
    assert_sound()


def test_loading_a_program_again_does_not_forget_former_names():
    load(entry("R", name="舊名"))
    load(entry("R", name="新名"))
    unit = Unit.objects.get(code="R")
    assert [former["name"] for former in unit.attributes["former_names"]] == ["舊名"]
    assert load(entry("R", name="新名")) == []
