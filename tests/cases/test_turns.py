"""A turn at a case: one read, one write of equal rows by either writer, anew after a conflict."""

from datetime import timedelta

import msgspec
import pytest
from django.db import DataError, connection
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from tests import make
from townkeeper.cases import _read, turns
from townkeeper.cases._read import AskRow, TaskRow, read_case
from townkeeper.cases._save import Batch, MovedError, save, save_with_models
from townkeeper.cases._write import columns
from townkeeper.cases.actions import Given, advance_case, decide_ask, options_for
from townkeeper.cases.models import Ask, Case, Evidence, Pause, Task
from townkeeper.journal.actions import record, touch_registers, verify_journal
from townkeeper.journal.models import Chain, Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Post

HOUR = timedelta(hours=1)
NINE = make.MONDAY
WHY = {"reason": "因故", "ground": "weather", "evidence": frozenset({"document"})}


@pytest.fixture
def units(db):
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


def live(case, people, at=NINE):
    """A life with everything in it that an act writes: rework, a stop, an extension, a dispute."""
    make.do(case, "file", people["operator"], at)
    make.do(case, "dispatch", people["dispatcher"], at)
    for action in ("extend", "suspend"):
        make.do(case, action, people["CGJ"], at + HOUR, **WHY, clause="第3條")
        with clock.at(at + HOUR, "live"):
            ask = case.asks.get(action=action, decided_at=None)
            decide_ask(ask, accepted=True, actor=people["supervisor"], reason="同意")
    make.do(case, "resume", people["CGJ"], at + 2 * HOUR)
    make.do(case, "give_up", people["CGJ"], at + 2 * HOUR, reason="難", ground="funds")
    make.photo(case, people["CGJ"], at + 3 * HOUR)
    make.do(case, "report", people["CGJ"], at + 3 * HOUR)
    make.do(case, "fail", people["verifier"], at + 4 * HOUR, reason="還有")
    make.photo(case, people["CGJ"], at + 4 * HOUR)
    make.do(case, "report", people["CGJ"], at + 4 * HOUR)
    return make.do(case, "pass", people["verifier"], at + 5 * HOUR, answer="好了")


def rows(case):
    """Everything stored of a case, without what must differ."""
    found = [Case.objects.get(pk=case.pk)]
    found += Task.objects.filter(case=case).order_by("pk")
    found += Pause.objects.filter(task__case=case).order_by("pk")
    found += Ask.objects.filter(case=case).order_by("pk")
    found += Evidence.objects.filter(case=case).order_by("pk")
    found += Entry.objects.filter(subject=case.subject).order_by("seq")
    apart = ("id", "case", "task", "number", "subject", "hash", "updated_at")
    plain = [model_to_dict(row) for row in found]
    return [{k: v for k, v in row.items() if k not in apart} for row in plain]


def test_statement_and_models_store_equal_rows(people, monkeypatch):
    first = live(make.opened(), people)
    monkeypatch.setattr(turns, "save", save_with_models)
    second = live(make.opened(), people)
    assert rows(first) == rows(second)
    assert len(rows(first)) > 25
    assert verify_journal().problems == []


@pytest.mark.parametrize("point", [{}, {"lon": 105.0712345678901234, "lat": 29.1 + 0.2}])
def test_what_is_read_is_what_models_read(people, point):
    case = make.opened(reporter_name="陳女士", text='甲\n"乙"', **point)
    live(case, people)
    seen = read_case(case.pk)
    stored = Case.objects.get(pk=case.pk)
    for name in columns(Case, without=()):
        assert getattr(seen.case, name) == getattr(stored, name), name
    for row, task in zip(seen.tasks, Task.objects.filter(case=case).order_by("pk"), strict=True):
        for name in columns(Task, without=("case_id",)):
            assert getattr(row, name) == getattr(task, name), name
        assert [p.since for p in row.pauses] == [p.since for p in task.pauses.order_by("since")]
    with pytest.raises(Case.DoesNotExist):
        read_case(0)


def test_a_row_of_tasks_knows_every_column():
    known = set(TaskRow.__struct_fields__)
    assert known - {"pauses"} == set(columns(Task, without=("case_id",)))
    assert set(AskRow.__struct_fields__) <= set(columns(Ask, without=()))


def test_an_act_is_one_read_and_one_write(people):
    case = make.opened()
    make.do(case, "file", people["operator"], NINE)
    with CaptureQueriesContext(connection) as seen:
        make.do(case, "dispatch", people["dispatcher"], NINE)
    # PostgreSQL: two statements that Django does not see, one of them in a savepoint of the test
    allowed = {"sqlite": 14, "postgresql": 2}[connection.vendor]
    assert len(seen) <= allowed, [q["sql"][:80] for q in seen]


# --- somebody was faster ---


def between(monkeypatch, *deeds):
    """Let each deed happen between one reading and its writing, in turn."""
    waiting, real = list(deeds), turns.save

    def late(batch):
        if waiting:
            waiting.pop(0)()
        real(batch)

    monkeypatch.setattr(turns, "save", late)


def test_evidence_that_comes_between_is_kept_and_the_act_begins_anew(people, monkeypatch):
    case = make.opened()
    between(monkeypatch, lambda: make.photo(case, people["operator"], NINE, kind="before-photo"))
    moved = make.do(case, "file", people["operator"], NINE)
    assert (moved.step, moved.version) == ("filed", 2)
    acts = Entry.objects.filter(subject=case.subject).order_by("seq")
    assert list(acts.values_list("act", flat=True)) == ["case.opened", "case.evidence", "case.file"]
    assert verify_journal().problems == []


def test_an_act_that_comes_between_is_seen_by_the_second(people, monkeypatch):
    case = make.opened()
    between(monkeypatch, lambda: make.do(case, "file", people["operator"], NINE))
    with pytest.raises(Problem) as refused:
        make.do(case, "file", people["operator"], NINE)
    assert refused.value.code == "unknown-action"
    assert case.tasks.count() == 2
    between(monkeypatch, lambda: make.do(case, "dispatch", people["dispatcher"], NINE))
    with pytest.raises(Problem) as refused:
        advance_case(
            case,
            "send_back",
            actor=people["dispatcher"],
            given=Given(reason="x"),
            seen_version=2,
        )
    assert refused.value.code == "case-moved-on"
    assert verify_journal().problems == []


def test_registers_that_change_between_are_read_again(people, units, monkeypatch):
    case = make.opened()
    make.do(case, "file", people["operator"], NINE)

    def change():
        units["CGJ"].duties.filter(part="lead").update(unit=units["GSJ"])
        touch_registers()

    between(monkeypatch, change)
    moved = make.do(case, "dispatch", people["dispatcher"], NINE)
    assert moved.unit == units["GSJ"]


def test_whoever_is_overtaken_again_and_again_locks_the_case_at_last(people, monkeypatch):
    case = make.opened()
    deeds = [lambda: make.photo(case, people["operator"], NINE, kind="document")] * turns.ATTEMPTS
    between(monkeypatch, *deeds)
    assert make.do(case, "file", people["operator"], NINE).step == "filed"
    assert case.evidence.count() == turns.ATTEMPTS


def test_registers_that_never_rest_are_told(people, monkeypatch):
    case = make.opened()
    between(monkeypatch, *[touch_registers] * (turns.ATTEMPTS + 1))
    with pytest.raises(Problem) as refused:
        make.do(case, "file", people["operator"], NINE)
    assert refused.value.code == "case-busy"
    assert case.tasks.count() == 1


def test_nothing_is_written_of_a_batch_that_comes_late(people):
    case = make.opened()
    before = Entry.objects.count()
    for writer in (save, save_with_models):
        batch = Batch(read_case(case.pk), read_case(case.pk).stamp)
        batch.set_case("step")
        batch.add(Evidence, kind="x", actor="a", added_at=NINE)
        batch.say("case.note", actor="a", data={})
        Case.objects.filter(pk=case.pk).update(version=batch.seen.version + 1)
        with pytest.raises(MovedError):
            writer(batch)
    assert Entry.objects.count() == before
    assert not Evidence.objects.exists()
    with pytest.raises(ValueError, match="journal"):
        save(Batch(read_case(case.pk), 0))


def test_a_case_without_a_chain_gets_one(people):
    case = make.opened()
    Chain.objects.filter(subject=case.subject).delete()
    Entry.objects.filter(subject=case.subject).delete()
    make.do(case, "file", people["operator"], NINE)
    assert Chain.objects.get(subject=case.subject).length == 1
    assert verify_journal(case.subject).problems == []


def test_several_entries_of_one_act_follow_each_other(people):
    case = make.opened()
    batch = Batch(read_case(case.pk), read_case(case.pk).stamp)
    batch.say("case.one", actor="a", data={"n": 1})
    batch.say("case.two", actor="a", data={"n": 2})
    row = batch.add(Evidence, kind="document", actor="a", added_at=NINE)
    save(batch)
    assert Evidence.objects.get(pk=row.id).kind == "document"
    record_after = {"subject": case.subject, "act": "case.three", "actor": "a", "data": {}}
    record(**record_after)
    assert Chain.objects.get(subject=case.subject).length == 4
    assert verify_journal().problems == []


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL refuses it")
def test_what_no_database_holds_is_an_error_and_cuts_nothing_off(people):
    case = make.opened()
    with pytest.raises(DataError):
        make.do(case, "refuse", people["operator"], NINE, reason="x", answer="甲\x00乙")
    assert make.do(case, "refuse", people["operator"], NINE, reason="甲乙").is_ended


# --- who acts ---


def test_a_closed_account_holds_no_post(people):
    case = make.opened()
    operator = people["operator"]
    type(operator).objects.filter(pk=operator.pk).update(is_active=False)
    with pytest.raises(Problem) as refused:
        make.do(case, "file", operator, NINE)  # the object in hand is older than the closing
    assert refused.value.code == "not-performer"


def test_a_post_that_ended_a_moment_ago_no_longer_counts(people):
    case = make.opened()
    make.do(case, "file", people["operator"], NINE)
    Post.objects.filter(user=people["dispatcher"]).update(until=NINE.date())
    with pytest.raises(Problem) as refused:
        make.do(case, "dispatch", people["dispatcher"], NINE)
    assert refused.value.code == "not-performer"


def test_an_ask_carries_its_clause_and_the_unit_it_names(people, units):
    case = make.opened()
    make.do(case, "file", people["operator"], NINE)
    make.do(case, "dispatch", people["dispatcher"], NINE)
    make.do(case, "extend", people["CGJ"], NINE, reason="因故", clause="職責第12條", other="GSJ")
    ask = case.asks.get()
    assert (ask.clause, ask.other, ask.unit) == ("職責第12條", units["GSJ"], units["CGJ"])
    assert (ask.rung, ask.next_at) == (0, ask.next_at if ask.due_at else None)
    with pytest.raises(Problem) as refused:
        make.do(case, "suspend", people["CGJ"], NINE, **WHY, other="NOBODY")
    assert refused.value.code == "unit-unknown"


def test_clocks_know_their_next_rung(people):
    case = make.opened()
    make.do(case, "file", people["operator"], NINE)
    make.do(case, "dispatch", people["dispatcher"], NINE)
    task = case.tasks.get(step="handling", part="lead")
    assert task.next_at == task.warn_at, "80% of the limit"
    make.do(case, "suspend", people["CGJ"], NINE + HOUR, **WHY)
    with clock.at(NINE + HOUR, "live"):
        decide_ask(case.asks.get(), accepted=True, actor=people["supervisor"])
    assert case.tasks.get(pk=task.pk).next_at is None
    make.do(case, "resume", people["CGJ"], NINE + 2 * HOUR)
    task.refresh_from_db()
    assert task.next_at == task.warn_at
    assert options_for(case, actor=people["CGJ"])


def test_rows_are_read_with_the_zone_of_greenwich():
    row = msgspec.json.decode(b'["2026-11-02 01:00:00Z"]', type=list[_read.datetime])[0]
    assert row == NINE
    assert Given().other == ""
