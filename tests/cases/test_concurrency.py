"""Many at once, with real threads and real transactions: one wins, nothing is lost or doubled."""

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, connections, transaction

from tests import make
from townkeeper.cases import numbers
from townkeeper.cases.actions import Given, advance_case
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.intake import open_case
from townkeeper.cases.models import Case, Reporter, Task
from townkeeper.cases.numbers import Block, forget_numbers, next_number
from townkeeper.duties.models import Duty
from townkeeper.journal.actions import record, touch_registers, verify_journal
from townkeeper.journal.models import Chain, Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.actions import add_unit, close_unit
from townkeeper.units.models import Unit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def units(transactional_db):
    forget_numbers()
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


def at_once(calls):
    """Run every call in a thread of its own, all from the same moment; return their results."""
    gate = threading.Barrier(len(calls))

    def run(call):
        try:
            gate.wait(20)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(60) for future in [pool.submit(run, call) for call in calls]]


def outcome(call):
    """The code of the Problem, or `done`."""
    try:
        call()
    except Problem as problem:
        return problem.code
    return "done"


def test_two_press_the_same_button_and_the_second_is_told(people):
    case = make.opened()
    seen = case.version

    def press():
        return outcome(
            lambda: advance_case(case, "file", actor=people["operator"], seen_version=seen)
        )

    assert sorted(at_once([press] * 4)) == ["case-moved-on"] * 3 + ["done"]
    assert Entry.objects.filter(subject=case.subject, act="case.file").count() == 1
    assert case.tasks.filter(done_at=None).count() == 1
    assert verify_journal().problems == []


def test_without_a_version_the_procedure_itself_refuses_the_second(people):
    case = make.opened()
    press = [lambda: outcome(lambda: advance_case(case, "file", actor=people["operator"]))] * 3
    assert Counter(at_once(press))["done"] == 1
    assert case.tasks.filter(step="filed").count() == 1


def test_different_buttons_at_once_have_one_winner(people):
    case = make.opened()
    operator = people["operator"]
    found = at_once(
        [
            lambda: outcome(lambda: advance_case(case, "file", actor=operator, seen_version=1)),
            lambda: outcome(
                lambda: advance_case(
                    case, "refuse", actor=operator, given=Given(reason="不是"), seen_version=1
                )
            ),
        ]
    )
    assert sorted(found) == ["case-moved-on", "done"]
    case.refresh_from_db()
    assert (case.step, case.version) in {("filed", 2), ("refused", 2)}


def test_two_hundred_openings_from_eight_threads(units):
    def open_many():
        return [open_case(make.report(), actor="operator").number for _ in range(25)]

    opened = [number for numbers_ in at_once([open_many] * 8) for number in numbers_]
    assert len(set(opened)) == 200
    assert (
        Case.objects.count()
        == Task.objects.count()
        == Chain.objects.filter(subject__startswith="case:").count()
    )
    assert Case.objects.count() == 200
    checked = verify_journal()
    assert checked.problems == []
    assert Entry.objects.filter(act="case.opened").count() == 200


def test_the_register_changes_while_cases_are_opened(units):
    """Whoever is told an owner gets the one of the register as it was when the case was written."""
    done = threading.Event()

    def change():
        for code in ("GSJ", "CGJ") * 5:
            with transaction.atomic():
                Duty.objects.filter(part="lead", area=units["D"]).update(unit=units[code])
                touch_registers()
        done.set()
        return []

    def open_some():
        found = []
        while not done.is_set() or len(found) < 5:
            try:
                found.append(open_case(make.report(), actor="operator"))
            except Problem as problem:
                found.append(problem)
        return found

    results = [one for many in at_once([change, open_some, open_some]) for one in many]
    opened = [one for one in results if not isinstance(one, Problem)]
    assert {one.code for one in results if isinstance(one, Problem)} <= {"registers-busy"}
    assert {one.owner for one in opened} <= {"CGJ", "GSJ"}
    for one in opened:
        assert Case.objects.get(pk=one.id).unit.code == one.owner
    assert open_case(make.report(), actor="operator").owner == "CGJ", "the last word"
    assert verify_journal().problems == []


def test_the_same_request_from_five_threads_is_one_case(units):
    report = make.report(reporter_name="陳女士")

    def send():
        return open_case(report, actor="operator", request_key="k")

    found = at_once([send] * 5)
    assert len({one.number for one in found}) == 1
    assert [one.is_repeat for one in found].count(False) == 1
    assert Case.objects.count() == Reporter.objects.count() == Task.objects.count() == 1
    assert verify_journal().problems == []
    send()
    assert Case.objects.count() == 1


def test_the_same_request_inside_a_transaction_leaves_the_transaction_usable(units):
    with transaction.atomic():
        first = open_case(make.report(), actor="operator", request_key="k")
        again = open_case(make.report(), actor="operator", request_key="k")
        third = open_case(make.report(), actor="operator")
    assert (again.number, again.is_repeat) == (first.number, True)
    assert third.number != first.number
    assert Case.objects.count() == 2


def test_a_unit_closed_while_a_case_is_dispatched(people, units):
    case = make.opened()
    make.do(case, "file", people["operator"], make.MONDAY)

    def dispatch():
        with clock.at(make.MONDAY, "live"):
            return outcome(lambda: advance_case(case, "dispatch", actor=people["dispatcher"]))

    def close():
        return outcome(
            lambda: close_unit(
                Unit.objects.get(code="CGJ"),
                on=make.MONDAY.date(),
                actor="test",
                successor=units["GSJ"],
            )
        )

    assert at_once([dispatch, close]) == ["done", "done"]
    task = case.tasks.get(step="handling", part="lead")
    assert task.unit.code in {"CGJ", "GSJ"}, "before the closing, or after it; never nobody"
    case.refresh_from_db()
    assert case.unit == task.unit
    assert make.opened().unit.code == "GSJ"
    assert verify_journal().problems == []


def test_evidence_from_many_phones_keeps_one_chain(people):
    case = make.opened()
    calls = [
        lambda n=n: add_evidence(case, kind="before-photo", actor=people["operator"], note=str(n))
        for n in range(6)
    ]
    at_once(calls)
    assert case.evidence.count() == 6
    places = Entry.objects.filter(subject=case.subject).order_by("seq")
    assert list(places.values_list("seq", flat=True)) == list(range(1, 8))
    assert verify_journal().problems == []


def test_the_first_entries_of_a_subject_written_at_once_are_all_kept(transactional_db):
    def write():
        with transaction.atomic():
            record(subject="register:duties", act="duties.changed", actor="a", data={})

    at_once([write] * 5)
    assert Entry.objects.count() == 5
    assert verify_journal().problems == []


def test_units_added_at_once_below_one_parent_have_paths_of_their_own(units):
    calls = [
        lambda n=n: add_unit(
            f"NEW{n}", name=f"新{n}", kind="team", parent=units["CGJ"], actor="test"
        )
        for n in range(5)
    ]
    at_once(calls)
    paths = Unit.objects.values_list("path", flat=True)
    assert len(set(paths)) == len(paths)
    assert Unit.objects.under(units["CGJ"]).count() == 6


# --- numbers ---


def serials(count):
    return [
        int(re.search(r"-(\d+)$", open_case(make.report(), actor="a").number)[1])
        for _ in range(count)
    ]


def test_a_quiet_office_numbers_one_by_one_whichever_process_opens(units, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(numbers.time, "monotonic", lambda: now[0])
    found = []
    for _ in range(6):
        found += serials(1)
        now[0] += 60
        forget_numbers()  # the next one comes to another process
    assert found == [1, 2, 3, 4, 5, 6]


def test_under_load_blocks_grow_to_thirty_two_and_shrink_again():
    block, sizes = Block(taken_at=0.0), []
    for _ in range(7):
        block = Block(block.next_size(0.5), 0.0)
        sizes.append(block.size)
    assert sizes == [2, 4, 8, 16, 32, 32, 32]
    assert block.next_size(2.0) == 16
    assert block.next_size(60.0) == 1
    assert Block().next_size(123.0) == 1


def test_a_busy_process_asks_the_counter_rarely(units, monkeypatch):
    taken = []
    real = numbers.take_serials
    monkeypatch.setattr(
        numbers, "take_serials", lambda key, count: taken.append(count) or real(key, count)
    )
    monkeypatch.setattr(numbers.time, "monotonic", lambda: 1000.0)
    assert serials(63) == list(range(1, 64))
    assert taken == [1, 2, 4, 8, 16, 32]


def test_old_leftovers_are_let_go_so_that_numbers_go_on_rising(units, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(numbers.time, "monotonic", lambda: now[0])
    assert serials(4) == [1, 2, 3, 4]  # 4 is the first of a block of four
    numbers.take_serials(next(iter(numbers._blocks)), 5)  # another process
    now[0] += 10
    assert serials(2) == [13, 14]


def test_numbers_that_a_restored_database_has_given_out_already_are_passed_over(units):
    first = open_case(make.report(), actor="a").number
    key = first.split("-", maxsplit=1)[0]
    numbers._blocks[key] = Block(2, numbers.time.monotonic(), [1])
    again = open_case(make.report(), actor="a").number
    assert again != first
    assert Case.objects.count() == 2
    assert verify_journal().problems == []


def test_inside_a_transaction_a_rolled_back_number_comes_again(units):
    day = make.MONDAY.date()
    given = []
    for _ in range(2):
        with transaction.atomic():
            given.append(next_number("ZZ", day))
            transaction.set_rollback(True)
    assert given == ["ZZ20261102-0001"] * 2


def test_another_breach_than_the_key_is_not_taken_for_a_repeat(units, monkeypatch):
    @contextmanager
    def broken():
        with connection.cursor() as cursor:
            cursor.execute("CREATE UNIQUE INDEX one_title ON cases_case (title)")
        yield
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX one_title")

    with broken():
        open_case(make.report(), actor="a", request_key="a")
        with pytest.raises(IntegrityError):
            open_case(make.report(), actor="a", request_key="b")
    assert Case.objects.count() == 1
