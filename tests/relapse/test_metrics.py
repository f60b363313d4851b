"""The rates of relapse and revisit against worked examples, and against a slow twin."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from tests.cases.metrics_world import SHANGHAI, t
from tests.relapse.world import FAR, Town, at
from townkeeper.analytics.engine import Tables, tables_of
from townkeeper.analytics.lake import ARROW
from townkeeper.analytics.tables import known_extracts
from townkeeper.cases.metrics import Subjects, cases_behind, figures, month_window
from townkeeper.cases.models import Case as CaseRow
from townkeeper.kit import clock
from townkeeper.relapse.actions import look_for_relapses, overrule_relapse
from townkeeper.relapse.draws import draw_revisits
from townkeeper.relapse.extracts import closing_rows, relapse_rows, revisit_rows
from townkeeper.relapse.models import Recurrence

UNITS = {1: "A", 2: "B"}
RATES = ("relapse_rate", "relapse_rate_so_far", "revisit_coverage_rate", "revisit_pass_rate")
COUNTS = (
    "relapse_count", "relapse_again_count", "closed_watched_count", "relapsed_count",
    "closed_lasting_count", "relapsed_so_far_count", "revisit_due_count", "revisit_done_count",
    "revisit_judged_count", "revisit_stands_count",
)  # fmt: skip


@dataclass
class Closed:
    """A closed case of unit A, its window of 30 days, and what became of it."""

    closed: str
    back: list[dict] = field(default_factory=list)
    """opened, and where they hold: overruled, stage, ended, ordinal"""
    visits: list[dict] = field(default_factory=list)
    """due, and where they hold: visited, result, dropped"""
    unit: int | None = 1
    days: float = 30.0


def window(until: str = "10-15 00:00", month: str = "2026-09"):
    return month_window(month, until=t(until), zone=SHANGHAI)


def tables(world: list[Closed]) -> Tables:
    rows: dict[str, list[tuple]] = {name: [] for name in known_extracts()}
    rows["units"] = [(pk, code, code, "department", f"{pk:04}.") for pk, code in UNITS.items()]
    early = t("06-01 00:00")
    pk = 0
    for place, case in enumerate(world, 1):
        pk += 1
        former = pk
        rows["cases"].append(case_row(former, f"X-{place}", case.unit, t(case.closed), early))
        rows["closings"].append((former, early, case.unit, t(case.closed), case.days))
        for turn, back in enumerate(case.back, 1):
            pk += 1
            opened = t(back["opened"])
            row = case_row(pk, f"X-{place}.{turn}", 2, t(back.get("ended")), opened)
            rows["cases"].append((*row[:5], back.get("stage", "handling"), *row[6:]))
            overruled = t(back.get("overruled"))
            rows["relapses"].append((
                pk, opened, former, case.unit, opened, overruled, overruled is not None,
                back.get("ordinal", 2),
            ))  # fmt: skip
        for visit in case.visits:
            rows["revisits"].append((
                former, early, len(rows["revisits"]), case.unit, t(case.closed), t(visit["due"]),
                t(visit.get("visited")), visit.get("result", ""), t(visit.get("dropped")),
            ))  # fmt: skip
    return tables_of({name: arrow(name, found) for name, found in rows.items()}, as_of=early)


def case_row(pk: int, number: str, unit: int | None, closed: datetime | None, opened: datetime):
    return (
        pk, number, unit, None, "k", "closed", "web", "live", opened, opened, closed, "fixed",
        None, True,
    )  # fmt: skip


def arrow(name: str, rows: list[tuple]) -> pa.Table:
    def bare(value):
        return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value

    columns = known_extracts()[name].columns
    return pa.table(
        {
            column: pa.array([bare(row[n]) for row in rows], type=ARROW[kind])
            for n, (column, kind) in enumerate(columns.items())
        }
    )


def counted(world: list[Closed], w=None, subject: str = "A") -> dict[str, int]:
    subjects = Subjects() if subject == "*" else Subjects("unit")
    found = figures(tables(world), w or window(), subjects, wanted=COUNTS).get(subject, {})
    return {key: value.numerator for key, value in found.items() if value.numerator}


WATCHED = {"closed_watched_count": 1}
LASTING = {"closed_lasting_count": 1}
BACK = {**WATCHED, "relapsed_count": 1}
EXAMPLES = {
    "the window ran out in September, nothing came back": (Closed("08-10 09:00"), WATCHED),
    "the window ran out in August": (Closed("07-20 09:00"), {}),
    "the window is still running": (Closed("09-20 09:00"), LASTING),
    "the window ends with the data time": (Closed("09-15 00:00"), LASTING),
    "closed in September, the window ran out in September": (
        Closed("09-01 09:00", days=10),
        {**WATCHED, **LASTING},
    ),
    "came back inside": (Closed("08-10 09:00", [{"opened": "08-20 09:00"}]), BACK),
    "came back in September": (
        Closed("08-10 09:00", [{"opened": "09-02 09:00"}]),
        {**BACK, "relapse_count": 1},
    ),
    "came back twice: one closed case, two relapses": (
        Closed("08-10 09:00", [{"opened": "09-02 09:00"}, {"opened": "09-03 09:00"}]),
        {**BACK, "relapse_count": 2},
    ),
    "came back for the third time": (
        Closed("08-10 09:00", [{"opened": "09-02 09:00", "ordinal": 3}]),
        {**BACK, "relapse_count": 1, "relapse_again_count": 1},
    ),
    "still running, and back already": (
        Closed("09-20 09:00", [{"opened": "09-25 09:00"}]),
        {**LASTING, "relapsed_so_far_count": 1, "relapse_count": 1},
    ),
    "back only after the data time": (
        Closed("09-20 09:00", [{"opened": "10-16 09:00"}]),
        LASTING,
    ),
    "overruled": (
        Closed("08-10 09:00", [{"opened": "09-02 09:00", "overruled": "09-05 09:00"}]),
        WATCHED,
    ),
    "overruled after the data time": (
        Closed("08-10 09:00", [{"opened": "09-02 09:00", "overruled": "10-20 09:00"}]),
        {**BACK, "relapse_count": 1},
    ),
    "the new case was voided": (
        Closed("08-10 09:00", [
            {"opened": "09-02 09:00", "stage": "voided", "ended": "09-03 09:00"}]),
        WATCHED,
    ),
    "the new case was merged into another": (
        Closed("08-10 09:00", [
            {"opened": "09-02 09:00", "stage": "merged", "ended": "09-03 09:00"}]),
        WATCHED,
    ),
    "a revisit found it, nobody reported it": (
        Closed("08-10 09:00", [], [
            {"due": "09-01 09:00", "visited": "09-02 09:00", "result": "relapsed"}]),
        {**BACK, "revisit_due_count": 1, "revisit_done_count": 1, "revisit_judged_count": 1},
    ),
    "a revisit found that it stands, late": (
        Closed("07-10 09:00", [], [
            {"due": "09-01 09:00", "visited": "10-02 09:00", "result": "stands"}]),
        {"revisit_due_count": 1, "revisit_done_count": 1, "revisit_judged_count": 1,
         "revisit_stands_count": 1},
    ),
    "a revisit that could not tell": (
        Closed("07-10 09:00", [], [
            {"due": "09-01 09:00", "visited": "09-02 09:00", "result": "unclear"}]),
        {"revisit_due_count": 1, "revisit_done_count": 1},
    ),
    "a revisit that nobody made": (
        Closed("07-10 09:00", [], [{"due": "09-01 09:00"}]),
        {"revisit_due_count": 1},
    ),
    "a revisit made after the data time": (
        Closed("07-10 09:00", [], [
            {"due": "09-01 09:00", "visited": "10-20 09:00", "result": "stands"}]),
        {"revisit_due_count": 1},
    ),
    "a revisit due later": (Closed("07-10 09:00", [], [{"due": "10-01 09:00"}]), {}),
    "reopened before the visit": (
        Closed("07-10 09:00", [], [{"due": "09-01 09:00", "dropped": "08-30 09:00"}]),
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_examples(name: str) -> None:
    case, expected = EXAMPLES[name]
    assert counted([case]) == expected
    assert counted([case], subject="*") == expected
    assert counted([case], subject="B") == {}


def test_rates_are_none_of_nothing_and_name_their_cases() -> None:
    world = [Closed("08-10 09:00"), Closed("08-11 09:00", [{"opened": "08-20 09:00"}])]
    found = figures(tables(world), window(), Subjects("unit"), wanted=RATES)["A"]
    assert (found["relapse_rate"].value, found["revisit_pass_rate"].value) == (50, None)
    behind = cases_behind(tables(world), "relapse_rate", "A", window(), Subjects("unit"))
    assert behind.numerator == ("X-2",)
    assert behind.denominator == ("X-1", "X-2")


def test_nobodys_closing_counts_for_the_whole_only() -> None:
    assert counted([Closed("08-10 09:00", unit=None)], subject="*") == WATCHED
    assert counted([Closed("08-10 09:00", unit=None)]) == {}


def slow_counts(world: list[Closed], w) -> dict[str, int]:
    """Count for A without any engine."""
    found = dict.fromkeys(COUNTS, 0)
    for case in world:
        if case.unit != 1:
            continue
        counting = [b for b in case.back if is_counting(b, w.until)]
        seen = any(
            v.get("result") == "relapsed" and t(v["visited"]) <= w.until for v in case.visits
        )
        is_back, closed = bool(counting) or seen, t(case.closed)
        ends = closed + timedelta(days=case.days)
        if w.start <= ends < w.end and ends < w.until:
            found["closed_watched_count"] += 1
            found["relapsed_count"] += is_back
        if w.start <= closed < w.end and closed <= w.until:
            found["closed_lasting_count"] += 1
            found["relapsed_so_far_count"] += is_back
        for back in counting:
            if w.start <= t(back["opened"]) < w.end:
                found["relapse_count"] += 1
                found["relapse_again_count"] += back.get("ordinal", 2) > 2
        for visit in case.visits:
            add_visit(found, visit, w)
    return {key: value for key, value in found.items() if value}


def is_counting(back: dict, until: datetime) -> bool:
    overruled, ended = t(back.get("overruled")), t(back.get("ended"))
    gone = back.get("stage") in {"voided", "merged"} and ended <= until
    return t(back["opened"]) <= until and not gone and not (overruled and overruled <= until)


def add_visit(found: dict[str, int], visit: dict, w) -> None:
    due, visited, dropped = t(visit["due"]), t(visit.get("visited")), t(visit.get("dropped"))
    if not (w.start <= due < w.end and due < w.until) or (dropped and dropped <= w.until):
        return
    found["revisit_due_count"] += 1
    if visited is None or visited > w.until:
        return
    found["revisit_done_count"] += 1
    found["revisit_judged_count"] += visit["result"] in {"stands", "relapsed"}
    found["revisit_stands_count"] += visit["result"] == "stands"


def moment(dice: random.Random) -> str:
    return f"{dice.randint(7, 10):02}-{dice.randint(1, 28):02} {dice.randint(0, 23):02}:00"


RESULTS = ("stands", "relapsed", "unclear")


def a_case(dice: random.Random) -> Closed:
    case = Closed(moment(dice), unit=dice.choice([1, 1, 2, None]), days=dice.choice([10.0, 30.0]))
    for _n in range(dice.choice([0, 0, 1, 2])):
        back = {"opened": moment(dice), "ordinal": dice.choice([2, 3])}
        if dice.random() < 0.3:
            back["overruled"] = moment(dice)
        if dice.random() < 0.3:
            back |= {"stage": dice.choice(["voided", "merged", "closed"]), "ended": moment(dice)}
        case.back.append(back)
    if dice.random() < 0.5:
        visit = {"due": moment(dice)}
        if dice.random() < 0.7:
            visit |= {
                "visited": moment(dice),
                "result": dice.choice(["stands", "relapsed", "unclear"]),
            }
        elif dice.random() < 0.5:
            visit["dropped"] = moment(dice)
        case.visits.append(visit)
    return case


@pytest.mark.parametrize("seed", range(4))
def test_the_engine_agrees_with_the_slow_twin(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a reproducible world, no secret
    world = [a_case(dice) for _n in range(60)]
    for w in (window(), window("09-20 12:00"), window("11-30 00:00", "2026-10")):
        assert counted(world, w) == slow_counts(world, w)


@pytest.mark.django_db
def test_what_analytics_sees_of_a_town() -> None:
    town = Town()
    former = town.closed(0, place="market")
    again = town.closed(5, place="market")
    nowhere = town.closed(6)
    town.void(town.opened(6, **FAR), 6)
    look_for_relapses()
    with at(12):
        draw_revisits(clock.today() - timedelta(days=1), clock.today(), actor="test")
    closings = {row[0]: row for row in closing_rows(None)}
    assert set(closings) == {former.pk, again.pk}
    assert nowhere.pk not in closings
    assert closings[former.pk][2:] == (town.units["CGJ"].pk, closings[former.pk][3], 90.0)
    [relapse] = relapse_rows(None)
    assert (relapse[0], relapse[2], relapse[6:]) == (again.pk, former.pk, (False, 2))
    overrule_relapse(
        Recurrence.objects.get(), actor=town.staff["supervisor"], reason="another heap"
    )
    since = CaseRow.objects.latest("updated_at").updated_at
    [relapse] = relapse_rows(since - timedelta(hours=1))
    assert relapse[6] is True
    assert list(relapse_rows(since + timedelta(days=1))) == []
    assert list(closing_rows(since + timedelta(days=1))) == []
    assert len(list(revisit_rows(None))) == len(list(revisit_rows(since - timedelta(hours=1))))
