"""What people really do in the desk comes out in the figures: from the acts to the extracts."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests import make
from townkeeper.analytics.engine import open_tables
from townkeeper.cases.actions import decide_ask
from townkeeper.cases.judging import judge_answer
from townkeeper.cases.merging import merge_cases, unmerge_case
from townkeeper.cases.metrics import Subjects, figures, metrics, month_window
from townkeeper.duties.models import Category
from townkeeper.kit import clock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NINE = make.MONDAY
WANTED = [
    key
    for key, metric in metrics().items()
    if metric.kind == "count"
    and metric.fact.split(".")[0]
    in {"ask", "closing", "reopening", "judgement", "promise", "merging", "ledger"}
]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.HOME = tmp_path


@pytest.fixture
def people(db):
    found = make.staff(make.town())
    Category.objects.filter(key="matter/06010").update(promise="2wd")
    make.touch_registers()
    return found


def handled(people, at=NINE):
    case = make.do(make.opened(at), "file", people["operator"], at)
    return make.do(case, "dispatch", people["dispatcher"], at)


def closed(case, people, at):
    make.photo(case, people["CGJ"], at)
    make.do(case, "report", people["CGJ"], at)
    return make.do(case, "pass", people["verifier"], at + HOUR, answer="已清理。")


def asked(case, action, people, at, *, accepted, **given):
    task = case.tasks.filter(done_at=None, part="lead").latest("pk").pk
    make.do(case, action, people["CGJ"], at, task=task, **given)
    decided(case, people["supervisor"], at + HOUR / 2, accepted=accepted)


def decided(case, who, at, *, accepted):
    with clock.at(at, "live"):
        decide_ask(case.asks.get(decided_at=None), accepted=accepted, actor=who, reason="屬實")


def counted() -> dict[str, dict[str, int]]:
    until = datetime(2026, 12, 10, tzinfo=UTC)
    window = month_window("2026-11", until=until, zone=ZoneInfo("Asia/Shanghai"))
    found = figures(open_tables(), window, Subjects("unit"), wanted=WANTED)
    return {
        unit: counts
        for unit, values in found.items()
        if (counts := {key: int(v.value) for key, v in values.items() if v.value})
    }


def test_a_case_judged_reopened_and_closed_again(people):
    case = closed(handled(people), people, NINE + HOUR)
    with clock.at(NINE + DAY, "live"):
        judge_answer(case, verdict="dissatisfied", comment="又來了", actor=None, reopen=True)
    first = {
        "ended_count": 1,
        "answered_count": 1,
        "judged_count": 1,
        "promise_due_count": 1,
    }
    assert counted() == {"CGJ": {**first, "promise_kept_count": 1}}
    decided(case, people["supervisor"], NINE + DAY + HOUR, accepted=True)
    reopened = {**first, "ended_reopened_count": 1, "reopened_count": 1}
    assert counted() == {"CGJ": reopened}
    closed(case, people, NINE + 10 * DAY)
    with clock.at(NINE + 11 * DAY, "live"):
        judge_answer(case, verdict="partly", actor=None)
    assert counted() == {"CGJ": {**reopened, "judged_count": 2, "satisfied_count": 1}}


def test_a_merged_case_leaves_and_comes_back_and_its_reporter_is_heard(people):
    main, twin = handled(people), handled(people, NINE + HOUR)
    with clock.at(NINE + 2 * HOUR, "live"):
        merge_cases(main, [twin], actor=people["operator"], reason="同一處")
    closed(main, people, NINE + 2 * HOUR)
    twin.refresh_from_db()
    with clock.at(NINE + DAY, "live"):
        judge_answer(twin, verdict="satisfied", actor=None)
    told = {"ended_count": 1, "answered_count": 1, "judged_count": 1, "satisfied_count": 1}
    kept = {**told, "promise_due_count": 1, "promise_kept_count": 1}
    assert counted() == {"CGJ": {**kept, "merged_count": 1}}
    with clock.at(NINE + 2 * DAY, "live"):
        unmerge_case(twin, actor=people["operator"], reason="另一處")
    found = counted()["CGJ"]
    assert (found.get("merged_count"), found["promise_due_count"]) == (None, 2)
    assert found["promise_kept_count"] == 1


def test_what_is_asked_for_is_counted_for_the_unit_that_asks(people):
    first = handled(people)
    asked(first, "extend", people, NINE + HOUR, accepted=True, reason="等配件")
    second = handled(people)
    asked(second, "extend", people, NINE + HOUR, accepted=False, reason="等配件")
    third = handled(people)
    make.do(
        third, "dispute", people["CGJ"], NINE + HOUR, reason="不屬我局", clause="第3條", other="GSJ"
    )
    decided(third, people["arbiter"], NINE + 2 * DAY, accepted=False)
    found = counted()["CGJ"]
    assert {key: n for key, n in found.items() if not key.startswith("promise")} == {
        "extension_asked_count": 2, "extension_refused_count": 1, "dispute_count": 1,
        "dispute_rejected_count": 1, "dispute_ruled_count": 1, "dispute_late_count": 1,
    }  # fmt: skip


def test_the_ledger_of_what_cannot_be_solved_now(people):
    case = handled(people)
    asked(case, "give_up", people, NINE + HOUR, accepted=True, reason="等預算", ground="funds")
    assert counted() == {"CGJ": {"shelved_count": 1, "promise_due_count": 1}}
