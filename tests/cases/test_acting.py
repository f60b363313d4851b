"""The finer points of acting: stops, extensions, asks, evidence, who counts as having worked."""

from datetime import timedelta

import pytest

from tests import make
from townkeeper.cases.actions import decide_ask, options_for
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.models import Evidence, Stage
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.actions import close_unit
from townkeeper.units.models import Post, Role, Unit

HOUR = timedelta(hours=1)
MIN = timedelta(minutes=1)
NINE = make.MONDAY
TUESDAY = NINE + timedelta(days=1)
STOP = {"ground": "weather", "evidence": frozenset({"document"})}
"""What a lawful stop of the clock needs."""


@pytest.fixture
def units(db):
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


@pytest.fixture
def case(people):
    """Dispatched at 09:00; due at 15:00 (4 working hours, noon to two is not counted)."""
    made = make.opened()
    make.do(made, "file", people["operator"], NINE)
    return make.do(made, "dispatch", people["dispatcher"], NINE)


def lead(case):
    return case.tasks.filter(step="handling", part="lead").order_by("-pk").first()


def ask(case, action, people, at, *, accepted=True, who="supervisor", **more):
    """A unit asks and the supervisor decides at once."""
    make.do(case, action, people["CGJ"], at, reason="因故", **STOP if action == "suspend" else {})
    with clock.at(at, "live"):
        return decide_ask(
            case.asks.get(action=action, decided_at=None),
            accepted=accepted,
            actor=people[who],
            **more,
        )


def refused(call, *args, **kwargs):
    with pytest.raises(Problem) as found:
        call(*args, **kwargs)
    return found.value.code


# --- clocks ---


def test_a_stop_during_an_extension_is_given_back_too(case, people):
    assert case.due_at == NINE + 6 * HOUR
    extended = ask(case, "extend", people, NINE + HOUR)
    due = extended.due_at
    ask(case, "suspend", people, TUESDAY)  # the first limit is used up, the extension is not
    resumed = make.do(case, "resume", people["CGJ"], TUESDAY + HOUR)
    assert resumed.due_at == due + HOUR


def test_the_warning_of_an_extended_limit_belongs_to_the_extension(case, people):
    first = case.warn_at
    extended = ask(case, "extend", people, NINE + HOUR)
    assert first < case.due_at < extended.warn_at < extended.due_at


def test_reporting_while_the_clock_stands_leaves_a_due_time_behind(case, people):
    ask(case, "suspend", people, NINE + HOUR)
    make.photo(case, people["CGJ"], NINE + 2 * HOUR)
    reported = make.do(case, "report", people["CGJ"], NINE + 2 * HOUR)
    assert reported.stage == Stage.VERIFYING
    task = lead(case)
    assert task.due_at == NINE + 7 * HOUR
    assert not task.pauses.filter(until=None).exists()


def test_stopping_after_the_due_time_heals_nothing(case, people):
    due = case.due_at
    stopped = ask(case, "suspend", people, due + HOUR)
    assert stopped.due_at == due
    assert lead(case).due_at == due
    assert make.do(case, "resume", people["CGJ"], due + 2 * HOUR).due_at == due


def test_a_stop_stands_for_the_reason_of_the_asker(case, people):
    ask(case, "suspend", people, NINE + HOUR, reason="同意")
    assert lead(case).pauses.get().reason == "因故"


# --- asks ---


def test_a_granted_ask_stays_granted_when_the_case_moves_on(case, people):
    ask(case, "extend", people, NINE + HOUR)
    make.photo(case, people["CGJ"], NINE + HOUR)
    make.do(case, "report", people["CGJ"], NINE + 2 * HOUR)
    assert case.asks.get().is_accepted is True


def test_an_ask_that_the_case_left_behind_is_neither_granted_nor_refused(case, people):
    make.do(case, "extend", people["CGJ"], NINE + HOUR, reason="因故")
    make.photo(case, people["CGJ"], NINE + HOUR)
    make.do(case, "report", people["CGJ"], NINE + 2 * HOUR)
    left = case.asks.get()
    assert (left.is_accepted, left.decided_at) == (None, NINE + 2 * HOUR)
    assert refused(decide_ask, left, accepted=True, actor=people["supervisor"]) == "ask-decided"


def test_a_refused_ask_counts_as_used_once_and_changes_no_clock(case, people):
    due = case.due_at
    denied = ask(case, "extend", people, NINE + HOUR, accepted=False)
    assert denied.due_at == due
    assert denied.counts["used"]["extend"] == 1
    assert case.asks.get().is_accepted is False
    again = refused(make.do, case, "extend", people["CGJ"], NINE + HOUR, reason="再申請")
    assert again == "used-up"


def test_asking_may_be_repeated_where_the_procedure_sets_no_number(case, people):
    for n in (1, 2):
        ask(case, "suspend", people, NINE + n * HOUR)
        make.do(case, "resume", people["CGJ"], NINE + n * HOUR + 10 * MIN)
    case.refresh_from_db()
    assert case.counts["used"]["suspend"] == 2


def test_nobody_decides_what_they_asked_for(case, people, units):
    supervisor = Role.objects.get(key="supervisor")
    Post.objects.create(user=people["CGJ"], unit=units["D"], role=supervisor)
    make.do(case, "extend", people["CGJ"], NINE + HOUR, reason="因故")
    assert refused(decide_ask, case.asks.get(), accepted=True, actor=people["CGJ"]) == "same-person"


def test_closing_as_unsolvable_needs_an_answer_for_the_reporter(case, people):
    words = {"reason": "無法解決", "ground": "technical"}
    make.do(case, "give_up", people["CGJ"], NINE + HOUR, **words)
    supervisor = people["supervisor"]
    with clock.at(NINE + 2 * HOUR, "live"):
        shelved = decide_ask(case.asks.get(), accepted=True, actor=supervisor)
    assert (shelved.stage, shelved.closed_at) == (Stage.SHELVED, None)
    given = {"reason": "做不到", "answer": "暫不能解決，已登記。"}
    nothing = refused(make.do, case, "end", supervisor, NINE + 3 * HOUR, reason="做不到")
    assert nothing == "answer-missing"
    ended = make.do(case, "end", supervisor, NINE + 3 * HOUR, **given)
    assert (ended.stage, ended.outcome) == (Stage.CLOSED, "unsolvable")
    assert ended.answer == "暫不能解決，已登記。"
    entry = Entry.objects.get(subject=case.subject, act="case.end")
    assert '"outcome":"unsolvable"' in entry.data
    assert verify_journal().problems == []


# --- evidence ---


def test_after_rework_the_old_photo_does_not_count_again(case, people):
    make.photo(case, people["CGJ"], NINE + HOUR)
    make.do(case, "report", people["CGJ"], NINE + HOUR)
    make.do(case, "fail", people["verifier"], NINE + 2 * HOUR, reason="還有一堆")
    again = refused(make.do, case, "report", people["CGJ"], NINE + 3 * HOUR)
    assert again == "evidence-missing"
    make.photo(case, people["CGJ"], NINE + 3 * HOUR)
    assert make.do(case, "report", people["CGJ"], NINE + 3 * HOUR).stage == Stage.VERIFYING


def test_a_photo_taken_before_the_dispute_still_counts(case, people):
    make.photo(case, people["CGJ"], NINE + HOUR)
    words = {"reason": "不屬我局", "clause": "職責登記第3條", "other": "GSJ"}
    make.do(case, "dispute", people["CGJ"], NINE + HOUR, **words)
    with clock.at(NINE + 2 * HOUR, "live"):
        decide_ask(case.asks.get(), accepted=False, actor=people["arbiter"], reason="屬你局")
    assert make.do(case, "report", people["CGJ"], NINE + 3 * HOUR).stage == Stage.VERIFYING


def test_whoever_only_assisted_may_not_verify(case, people, units):
    helper = people["S1"]
    make.photo(case, helper, NINE + HOUR)
    assert Evidence.objects.get().task.unit == units["S1"]
    make.photo(case, people["CGJ"], NINE + HOUR)
    make.do(case, "report", people["CGJ"], NINE + 2 * HOUR)
    Post.objects.create(user=helper, unit=units["D"], role=Role.objects.get(key="verifier"))
    assert refused(make.do, case, "pass", helper, NINE + 3 * HOUR, answer="好") == "same-person"
    assert make.do(case, "pass", people["verifier"], NINE + 3 * HOUR, answer="好").is_ended


def test_a_photo_by_somebody_without_a_task_belongs_to_no_task(case, people):
    make.photo(case, people["verifier"], NINE + HOUR, kind="document")
    assert Evidence.objects.get().task is None
    make.photo(case, people["CGJ"], NINE + HOUR)
    make.do(case, "report", people["CGJ"], NINE + 2 * HOUR)
    assert make.do(case, "pass", people["verifier"], NINE + 3 * HOUR, answer="好").is_ended


def test_evidence_of_another_case_or_an_ended_one_is_refused(case, people):
    other = make.opened()
    task = other.tasks.get()
    actor = people["CGJ"]
    assert refused(add_evidence, case, kind="x", actor=actor, task=task) == "task-missing"
    make.do(other, "refuse", people["operator"], NINE, reason="不是問題")
    assert refused(add_evidence, other, kind="x", actor=actor) == "case-ended"
    assert not Evidence.objects.exists()


# --- who is named ---


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ((("GSJ", "assist"),), "one-lead"),
        ((("GSJ", "lead"), ("CGJ", "lead")), "one-lead"),
        ((("NOBODY", "lead"),), "unit-unknown"),
        ((("S2", "lead"),), "unit-closed"),
    ],
)
def test_a_dispatcher_names_exactly_one_existing_lead(case, people, units, named, code):
    close_unit(units["S2"], on=NINE.date(), actor="test", successor=units["S1"])
    before = case.version
    found = refused(
        make.do, case, "redispatch", people["dispatcher"], NINE, reason="改派", units=named
    )
    assert found == code
    case.refresh_from_db()
    assert case.version == before


def test_rework_goes_to_the_successor_of_a_unit_closed_meanwhile(case, people, units):
    make.photo(case, people["CGJ"], NINE + HOUR)
    make.do(case, "report", people["CGJ"], NINE + HOUR)
    close_unit(units["CGJ"], on=NINE.date(), actor="test", successor=units["GSJ"])
    again = make.do(case, "fail", people["verifier"], NINE + 2 * HOUR, reason="沒有清理")
    assert again.unit == units["GSJ"]


# --- whose roles count ---


def test_a_supervisor_of_another_street_has_no_say(case, people, units):
    stranger = make.person("other-supervisor", "supervisor", units["S2"])
    assert refused(make.do, case, "void", stranger, NINE, reason="作廢") == "not-performer"
    make.do(case, "extend", people["CGJ"], NINE, reason="因故")
    found = refused(decide_ask, case.asks.get(), accepted=True, actor=stranger)
    assert found == "not-performer"
    own = make.person("own-supervisor", "supervisor", units["S1"])
    assert make.do(case, "void", own, NINE, reason="誤報").stage == Stage.VOIDED


def test_a_post_counts_only_while_it_lasts(case, people):
    Post.objects.filter(user=people["CGJ"]).update(until=NINE.date())
    make_photo = dict(options_for_codes(case, people["CGJ"]))
    assert make_photo["report"] == "not-performer"
    Post.objects.filter(user=people["CGJ"]).update(until=NINE.date() + timedelta(days=1))
    assert dict(options_for_codes(case, people["CGJ"]))["report"] == "evidence-missing"


def options_for_codes(case, who):
    with clock.at(NINE, "live"):
        found = options_for(case, actor=who)
    return [(action.name, why.code if why else None) for action, why in found]


def test_a_day_begins_at_midnight_in_the_town(case, people):
    """07:00 in Shanghai is still yesterday in Greenwich."""
    seven = NINE - 2 * HOUR
    Post.objects.filter(user=people["CGJ"]).update(since=NINE.date())
    with clock.at(seven, "live"):
        assert clock.today() == NINE.date()
        assert type(case).objects.visible_to(people["CGJ"]).count() == 1


def test_two_trees_in_one_home_stay_apart(case, people):
    other = Unit.objects.create(code="OTHER", name="另區", kind="county", path="0002.")
    stranger = make.person("stranger", "leader", other)
    top = make.person("top", "leader", Unit.objects.get(code="D"))
    assert not type(case).objects.visible_to(stranger).exists()
    assert type(case).objects.visible_to(top).get() == case
