"""The ledger of what cannot be solved now: how matters come there, are reviewed, and leave."""

import csv
import json
from datetime import timedelta

import pytest

from tests import make
from townkeeper.cases.actions import decide_ask
from townkeeper.cases.ledger import unsolvable
from townkeeper.cases.models import Case, Stage
from townkeeper.cli import main as program
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NINE = make.MONDAY
REVIEW = NINE + 91 * DAY + 9 * HOUR
"""Ninety days later, at the end of the next working day."""


@pytest.fixture
def people(db):
    return make.staff(make.town())


@pytest.fixture
def case(people):
    return handed_in(people)


def handed_in(people, at=NINE, **fields):
    case = make.opened(at, **fields)
    make.do(case, "file", people["operator"], at)
    return make.do(case, "dispatch", people["dispatcher"], at)


def shelve(case, people, at=NINE + HOUR, *, accepted=True, ground="funds"):
    make.do(case, "give_up", people["CGJ"], at, reason="須列入明年計劃", ground=ground)
    with clock.at(at, "live"):
        return decide_ask(
            case.asks.get(decided_at=None), accepted=accepted, actor=people["supervisor"],
            reason="屬實",
        )  # fmt: skip


def test_a_matter_comes_in_by_a_granted_ask_and_stays_open(case, people):
    found = shelve(case, people)
    assert (found.stage, found.closed_at, found.outcome) == (Stage.SHELVED, None, "")
    assert found.due_at == REVIEW
    assert found.unit.code == "CGJ"
    task = case.tasks.get(done_at=None)
    assert (task.performer, task.unit.code) == ("supervisor", "ZLB")
    (row,) = unsolvable(now=NINE + DAY)
    assert (row.number, row.unit, row.since, row.next_review) == (
        case.number, "區城管局", NINE + HOUR, REVIEW,
    )  # fmt: skip
    assert (row.ground, row.reason, row.asked_by, row.granted_by) == (
        "funds", "須列入明年計劃", "handler-cgj", "supervisor",
    )  # fmt: skip
    assert (row.reviews, row.overdue_days, row.is_overdue) == (0, 0, False)


def test_a_refused_ask_leaves_the_work_and_its_clock(case, people):
    before = case.due_at
    found = shelve(case, people, accepted=False)
    assert (found.stage, found.due_at) == (Stage.HANDLING, before)
    assert unsolvable() == []


def test_each_review_gives_a_new_date(case, people):
    shelve(case, people)
    make.do(case, "keep", people["supervisor"], REVIEW, reason="仍無錢")
    later = make.do(case, "keep", people["supervisor"], REVIEW + 80 * DAY, reason="仍無錢")
    assert REVIEW + 169 * DAY < later.due_at < REVIEW + 174 * DAY
    assert later.counts["reviews"] == 2
    (row,) = unsolvable(now=REVIEW + 81 * DAY)
    assert (row.reviews, row.since, row.next_review) == (2, NINE + HOUR, later.due_at)


def test_a_review_that_was_forgotten_shows(case, people):
    shelve(case, people)
    other = handed_in(people, NINE + 7 * DAY)
    shelve(other, people, NINE + 7 * DAY + HOUR)
    assert unsolvable(now=REVIEW, overdue=True) == []
    found = unsolvable(now=REVIEW + HOUR, overdue=True)
    assert [(row.number, row.overdue_days) for row in found] == [(case.number, 1)]
    assert [row.number for row in unsolvable(now=REVIEW)] == [case.number, other.number]


def test_it_goes_back_to_the_unit_that_had_it(case, people):
    shelve(case, people)
    found = make.do(case, "resume", people["supervisor"], REVIEW, reason="錢到了")
    assert (found.stage, found.unit.code) == (Stage.HANDLING, "CGJ")
    assert {t.unit.code for t in case.tasks.filter(done_at=None)} == {"CGJ", "S1"}
    assert unsolvable(now=REVIEW) == []


def test_a_second_stay_counts_its_own_reviews(case, people):
    shelve(case, people)
    make.do(case, "keep", people["supervisor"], REVIEW, reason="仍無錢")
    make.do(case, "resume", people["supervisor"], REVIEW + DAY, reason="錢到了")
    shelve(case, people, REVIEW + 2 * DAY, ground="technical")
    (row,) = unsolvable(now=REVIEW + 3 * DAY)
    assert (row.reviews, row.since, row.ground) == (0, REVIEW + 2 * DAY, "technical")
    make.do(case, "resume", people["supervisor"], REVIEW + 4 * DAY, reason="x")
    with pytest.raises(Problem) as caught:
        shelve(case, people, REVIEW + 5 * DAY)
    assert caught.value.code == "used-up"


def test_it_ends_only_with_an_answer_and_an_honest_outcome(case, people):
    shelve(case, people)
    given = {"reason": "做不到", "answer": "現有條件做不到。"}
    found = make.do(case, "end", people["supervisor"], REVIEW, **given)
    assert (found.stage, found.outcome, found.answer) == (
        Stage.CLOSED, "unsolvable", "現有條件做不到。",
    )  # fmt: skip


@pytest.mark.parametrize("who", ["CGJ", "dispatcher", "arbiter"])
def test_only_the_supervisor_reviews(case, people, who):
    shelve(case, people)
    for action in ("keep", "resume", "end"):
        with pytest.raises(Problem) as caught:
            make.do(case, action, people[who], REVIEW, reason="x", answer="x")
        assert caught.value.code == "not-performer"


def test_one_sees_the_part_that_one_may(case, people):
    shelve(case, people)
    assert unsolvable(Case.objects.visible_to(people["GSJ"])) == []
    assert len(unsolvable(Case.objects.visible_to(people["CGJ"]))) == 1


def test_the_ledger_reads_little_however_long_it_is(people, django_assert_num_queries):
    for n in range(3):
        each = handed_in(people, NINE + n * DAY)
        shelve(each, people, NINE + n * DAY + HOUR)
    with django_assert_num_queries(3):
        assert len(unsolvable()) == 3


def test_the_command_lists_and_writes(case, people, tmp_path, monkeypatch, capsys):
    from townkeeper.cli.commands import ledger

    shelve(case, people)
    Case.objects.filter(pk=case.pk).update(title="=HYPERLINK(1)")
    monkeypatch.setattr(ledger, "ready", lambda: tmp_path)
    path = tmp_path / "out" / "ledger.csv"
    assert program is not None
    args = type("Args", (), {"overdue": False, "csv": path})()
    outcome = ledger.run(args)
    assert case.number in outcome.text
    assert json.loads(json.dumps(outcome.data, default=str))["matters"][0]["ground"] == "funds"
    head, row = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert (row[0], row[1], row[5]) == (case.number, "'=HYPERLINK(1)", "0")
    assert len(head) == len(row)
