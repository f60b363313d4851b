"""Lead and assisting units: a task, a clock and a result for each; nobody hides another's delay."""

from datetime import timedelta

import pytest

from tests import make
from townkeeper.cases.actions import install_procedure
from townkeeper.cases.extracts import task_rows
from townkeeper.cases.models import Stage
from townkeeper.kit.errors import Problem
from townkeeper.procedures.language import parse, to_data

HOUR = timedelta(hours=1)
NINE = make.MONDAY
DUE = NINE + 6 * HOUR
"""Four working hours from nine: noon to two is not counted."""


@pytest.fixture
def people(db):
    return make.staff(make.town())


def all_join():
    """The problem procedure, but the case waits for the assistants too."""
    data = to_data(make.problem(), brief=True)
    data["steps"]["handling"]["join"] = "all"
    install_procedure(parse(data), actor="test")


def handed_out(people):
    case = make.opened()
    make.do(case, "file", people["operator"], NINE)
    make.do(case, "dispatch", people["dispatcher"], NINE)
    return case, case.tasks.get(done_at=None, part="lead"), case.tasks.get(part="assist")


def report(case, people, task, who, at):
    make.photo(case, people[who], at)
    return make.do(case, "report", people[who], at, task=task.pk)


def results(case):
    """(part, result, in time) as analytics is told."""
    rows = [row for row in task_rows(None) if row[0] == case.pk and row[4] == "handling"]
    return {row[5]: (row[9], row[8] <= row[7] if row[8] else None) for row in rows}


def test_an_assistants_report_ends_only_its_own_task(people):
    case, lead, helper = handed_out(people)
    found = report(case, people, helper, "S1", NINE + HOUR)
    lead.refresh_from_db()
    helper.refresh_from_db()
    assert (found.stage, lead.done_at, helper.outcome) == (Stage.HANDLING, None, "report")
    assert found.due_at == lead.due_at
    assert report(case, people, lead, "CGJ", NINE + 2 * HOUR).stage == Stage.VERIFYING
    assert results(case) == {"lead": ("handled", True), "assist": ("handled", True)}


def test_the_leads_report_calls_off_assistants_who_still_had_time(people):
    case, lead, helper = handed_out(people)
    assert report(case, people, lead, "CGJ", NINE + HOUR).stage == Stage.VERIFYING
    helper.refresh_from_db()
    assert (helper.outcome, helper.done_at, helper.due_at) == ("cancelled", NINE + HOUR, DUE)
    assert results(case)["assist"] == ("cancelled", True)


def test_an_assistant_late_by_then_stays_late(people):
    case, lead, helper = handed_out(people)
    report(case, people, lead, "CGJ", DUE + HOUR)
    helper.refresh_from_db()
    assert (helper.outcome, helper.due_at, helper.done_at) == ("cancelled", DUE, DUE + HOUR)
    assert results(case)["assist"] == ("cancelled", False)


def test_an_extension_for_the_lead_does_not_excuse_the_assistant(people):
    from townkeeper.cases.actions import decide_ask
    from townkeeper.kit import clock

    case, lead, helper = handed_out(people)
    make.do(case, "extend", people["CGJ"], NINE + HOUR, reason="量大", task=lead.pk)
    with clock.at(NINE + HOUR, "live"):
        decide_ask(case.asks.get(), accepted=True, actor=people["supervisor"])
    report(case, people, lead, "CGJ", DUE + HOUR)
    helper.refresh_from_db()
    lead.refresh_from_db()
    assert (helper.due_at, lead.due_at > DUE) == (DUE, True)
    assert results(case) == {"lead": ("handled", True), "assist": ("cancelled", False)}


def test_with_join_all_assistants_go_on_after_the_leads_report(people):
    all_join()
    case, lead, helper = handed_out(people)
    found = report(case, people, lead, "CGJ", NINE + HOUR)
    helper.refresh_from_db()
    assert (found.stage, helper.done_at, found.due_at) == (Stage.HANDLING, None, helper.due_at)
    found = report(case, people, helper, "S1", DUE + HOUR)
    assert found.stage == Stage.VERIFYING
    assert results(case) == {"lead": ("handled", True), "assist": ("handled", False)}


def test_with_join_all_a_check_that_fails_brings_both_back(people):
    all_join()
    case, lead, helper = handed_out(people)
    report(case, people, lead, "CGJ", NINE + HOUR)
    report(case, people, helper, "S1", NINE + 2 * HOUR)
    make.do(case, "fail", people["verifier"], NINE + 3 * HOUR, reason="未清")
    open_now = case.tasks.filter(done_at=None, step="handling").order_by("-part")
    assert [task.unit.code for task in open_now] == ["CGJ", "S1"]


def test_an_assistant_after_its_report_can_do_no_more(people):
    case, _lead, helper = handed_out(people)
    report(case, people, helper, "S1", NINE + HOUR)
    with pytest.raises(Problem) as caught:
        make.do(case, "report", people["S1"], NINE + 2 * HOUR)
    assert caught.value.code == "not-unit"


def test_rework_after_an_assistants_upheld_dispute_names_the_new_assistant(people):
    from townkeeper.cases.actions import decide_ask
    from townkeeper.kit import clock

    case, lead, helper = handed_out(people)
    words = {"reason": "不屬本街道", "clause": "界線圖", "other": "S2", "task": helper.pk}
    make.do(case, "dispute", people["S1"], NINE + HOUR, **words)
    with clock.at(NINE + 2 * HOUR, "live"):
        decide_ask(case.asks.get(), accepted=True, actor=people["arbiter"], reason="界線圖")
    make.photo(case, people["CGJ"], NINE + HOUR)
    make.do(case, "report", people["CGJ"], NINE + 3 * HOUR, task=lead.pk)
    make.do(case, "fail", people["verifier"], NINE + 3 * HOUR, reason="未清")
    open_now = case.tasks.filter(done_at=None, step="handling").order_by("-part")
    assert [task.unit.code for task in open_now] == ["CGJ", "S2"]
