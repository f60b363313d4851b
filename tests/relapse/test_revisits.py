"""Draws that anybody can repeat, and visits that the fixing unit does not make."""

from datetime import date, timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests import make
from tests.relapse.world import FAR, Town, at, day
from townkeeper.cases.actions import install_procedure
from townkeeper.cases.models import Case, Evidence
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit.errors import Problem
from townkeeper.procedures.language import ProcedureSyntaxError, parse, to_data
from townkeeper.procedures.model import Revisit as Rule
from townkeeper.relapse.actions import look_for_relapses
from townkeeper.relapse.background import draw, look
from townkeeper.relapse.drawing import (
    Candidate,
    chance_of,
    day_within,
    is_drawn,
    list_digest,
    luck,
)
from townkeeper.relapse.draws import draw_missing, draw_revisits, verify_draw
from townkeeper.relapse.models import Draw, Recurrence, Revisit
from townkeeper.relapse.revisiting import Finding, drop_revisits, record_revisit

RULE = Rule(0.1, 10, 45, relapsed=3, kinds={"matter/06": 2, "a": 0}, areas={"S1": 4})
MONDAY = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("kinds", "areas", "relapsed", "chance"),
    [
        ([], [], False, 0.1),
        ([], [], True, 0.3),
        (["matter/06010", "matter/06"], [], False, 0.2),
        (["matter/06010", "matter/06"], ["V1", "S1", "D"], False, 0.8),
        (["matter/06"], ["S1"], True, 1.0),
        (["a", "matter/06"], ["S1"], True, 0.0),
    ],
)
def test_chances(kinds: list[str], areas: list[str], relapsed: bool, chance: float) -> None:
    assert chance_of(RULE, kinds=kinds, areas=areas, has_relapsed=relapsed) == chance


def test_luck_is_sha_256_of_seed_and_number() -> None:
    """So that a few lines in any language draw again; see docs/relapse.md."""
    assert luck("seed", "DX20261102-0001") == (0.04015051779764026, 0.20173816641595083)


@given(
    st.text(min_size=1, max_size=20), st.text(max_size=20), st.integers(0, 50), st.integers(0, 50)
)
def test_days_lie_in_the_window(seed: str, number: str, first: int, more: int) -> None:
    assert first <= day_within(seed, number, first, first + more) <= first + more
    assert is_drawn(seed, Candidate(number, "", 1.0))
    assert not is_drawn(seed, Candidate(number, "", 0.0))


def test_the_share_holds_and_days_spread() -> None:
    numbers = [f"DX20261102-{n:04}" for n in range(10_000)]
    drawn = [n for n in numbers if is_drawn("a seed", Candidate(n, "", 0.1))]
    assert 900 < len(drawn) < 1100
    days = [day_within("a seed", n, 10, 45) for n in numbers]
    assert {days.count(d) > 200 for d in range(10, 46)} == {True}


def test_the_digest_does_not_depend_on_the_order() -> None:
    some = [Candidate("b", "x", 0.5), Candidate("a", "y", 0.1)]
    assert list_digest(some) == list_digest(reversed(some)) != list_digest(some[:1])
    assert len(list_digest([])) == 64


def revised(**revisit: object) -> None:
    """The district's procedure with another revisit."""
    path = make.ROOT / "programs" / "dongxing" / "procedures" / "problem.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data["steps"]["closed"]["revisit"] = {"share": "100%", "after": "10d..45d", **revisit}
    install_procedure(parse(data), actor="test")


@pytest.fixture
def town(db) -> Town:
    town = Town()
    revised()
    return town


def drawn(town: Town, **case: object) -> Revisit:
    """One closed case, drawn on the first day of its window."""
    town.closed(0, place="market", **case)
    with at(11):
        draw_revisits(MONDAY + timedelta(days=11), actor="test")
    return Revisit.objects.select_related("case", "draw").get()


def refused(visit: Revisit, finding: Finding, who) -> str:
    with pytest.raises(Problem) as problem, at(12):
        record_revisit(visit, finding, actor=who)
    return problem.value.code


def test_a_case_is_drawn_on_the_first_day_of_its_window(town: Town) -> None:
    town.closed(0, place="market")
    with at(20):
        days = draw_revisits(MONDAY, MONDAY + timedelta(days=20), actor="test")
    assert [len(one.candidates) for one in days] == [0] * 11 + [1] + [0] * 9
    visit = Revisit.objects.get()
    assert (visit.unit, visit.fixer) == (town.units["ZLB"], town.units["CGJ"])
    assert visit.performer == "verifier"
    window = visit.due_at - visit.closed_at
    assert timedelta(days=10) < window <= timedelta(days=46)
    assert all(verify_draw(one).is_right for one in days)
    entry = Entry.objects.get(subject=visit.draw.subject)
    assert visit.draw.digest in entry.data
    assert visit.draw.seed in entry.data


def test_asked_twice_a_day_keeps_its_draw(town: Town) -> None:
    town.closed(0, place="market")
    with at(11):
        first = draw_revisits(MONDAY + timedelta(days=11), actor="test", seed="mine")
        second = draw_revisits(MONDAY + timedelta(days=11), actor="test", seed="another")
    assert first == second
    assert (first[0].seed, first[0].is_seed_given) == ("mine:2026-11-13", True)
    assert Revisit.objects.count() == 1


def test_the_same_seed_draws_the_same(town: Town) -> None:
    revised(share="50%")
    for _n in range(12):
        town.closed(0, place="market")
    with at(11):
        one = draw_revisits(MONDAY + timedelta(days=11), actor="test", seed="s")[0]
        before = set(one.revisits.values_list("case__number", flat=True))
        one.revisits.all().delete()
        one.delete()
        two = draw_revisits(MONDAY + timedelta(days=11), actor="test", seed="s")[0]
    assert before == set(two.revisits.values_list("case__number", flat=True))
    assert 0 < len(before) < 12
    assert one.digest == two.digest


def test_past_relapse_kind_and_area_weigh(town: Town) -> None:
    revised(share="10%", relapsed=2, kinds={"matter/06": 1.5}, areas={"S2": 3})
    town.closed(0, after=0.5, place="market")
    town.closed(0.6, after=0.5, place="market")
    town.closed(0, area="S2", category="matter/09022", **FAR)
    look_for_relapses()
    with at(11):
        one = draw_revisits(MONDAY + timedelta(days=10), MONDAY + timedelta(days=11), actor="t")
    assert sorted(row[2] for draw in one for row in draw.candidates) == [0.3, 0.3, 0.3]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda d: Draw.objects.update(seed="other", candidates=[]), "is_list_intact"),
        (lambda d: Revisit.objects.all().delete(), "missing"),
        (lambda d: Draw.objects.update(candidates=[], digest=list_digest([])), "extra"),
    ],
)
def test_a_tampered_draw_shows(town: Town, change, field: str) -> None:
    visit = drawn(town)
    change(visit.draw)
    visit.draw.refresh_from_db()
    found = verify_draw(visit.draw)
    assert not found.is_right
    assert getattr(found, field) != (True if field == "is_list_intact" else ())


def test_a_case_reopened_since_is_no_fault_of_the_draw(town: Town) -> None:
    visit = drawn(town)
    Case.objects.update(stage="handling", step="handling", closed_at=None)
    found = verify_draw(visit.draw)
    assert (found.is_right, found.changed) == (True, (visit.case.number,))


@pytest.mark.parametrize(
    ("first", "last", "seed", "code"),
    [
        (MONDAY, MONDAY - timedelta(days=1), None, "days-reversed"),
        (MONDAY + timedelta(days=2), None, None, "draw-too-early"),
        (MONDAY - timedelta(days=4000), MONDAY, None, "too-many-days"),
        (MONDAY, None, " ", "seed-wrong"),
        (MONDAY, None, "x" * 101, "seed-wrong"),
    ],
)
def test_draws_that_are_refused(town: Town, first, last, seed, code: str) -> None:
    with pytest.raises(Problem) as problem, at(0):
        draw_revisits(first, last, seed=seed, actor="test")
    assert problem.value.code == code
    assert not Draw.objects.exists()


def test_missed_days_are_made_up_for_but_not_the_past(town: Town) -> None:
    with at(11):
        assert len(draw_missing(actor="test")) == 1
        assert draw_missing(actor="test") == []
    with at(14):
        assert len(draw_missing(actor="test")) == 3
    with at(60):
        assert len(draw_missing(actor="test")) == 14
    with at(61):
        assert (look(), draw()) == ("0 of 0", "1 days, 0 drawn, 0 dropped")


def test_the_fix_stands(town: Town) -> None:
    visit = drawn(town)
    photo = Evidence.objects.create(
        case=visit.case, kind="revisit-photo", added_at=day(12), actor="verifier"
    )
    with at(12):
        record_revisit(visit, Finding("stands", "clean", [photo.pk]), actor=town.staff["verifier"])
    visit.refresh_from_db()
    assert (visit.result, visit.visited_by, visit.evidence) == ("stands", "verifier", [photo.pk])
    assert visit.new_case is None
    assert Entry.objects.filter(subject=visit.case.subject, act="case.revisited").count() == 1
    assert refused(visit, Finding("stands"), town.staff["verifier"]) == "visited-already"
    assert not verify_journal().problems


def test_what_has_come_back_opens_a_case_and_counts_for_the_fixer(town: Town) -> None:
    visit = drawn(town)
    with at(12):
        record_revisit(visit, Finding("relapsed", "heaps again"), actor=town.staff["verifier"])
    visit.refresh_from_db()
    case = visit.new_case
    assert (case.channel, case.category, case.place) == (
        "revisit", visit.case.category, visit.case.place,
    )  # fmt: skip
    row = Recurrence.objects.get(case=case)
    assert (row.former, row.how, row.unit) == (visit.case, "revisit", town.units["CGJ"])
    assert look_for_relapses(whole=True).found == 0
    assert not verify_journal().problems


def test_who_may_not_visit(town: Town) -> None:
    visit = drawn(town)
    assert refused(visit, Finding("stands"), town.staff["CGJ"]) == "own-work"
    assert refused(visit, Finding("stands"), town.staff["S1"]) == "not-visitor"
    assert refused(visit, Finding("stands"), town.staff["leader"]) == "not-visitor"
    turncoat = make.person("turncoat", "verifier", town.units["ZLB"], scope=town.units["D"])
    make.Post.objects.create(
        user=turncoat, unit=town.units["CGJ"], role=make.Role.objects.get(key="handler")
    )
    assert refused(visit, Finding("stands"), turncoat) == "own-work"


def test_whoever_did_the_work_has_moved_to_the_office_and_may_not_visit(town: Town) -> None:
    visit = drawn(town)
    make.Post.objects.filter(user=town.staff["CGJ"]).update(
        unit=town.units["ZLB"], role=make.Role.objects.get(key="verifier")
    )
    assert refused(visit, Finding("stands"), town.staff["CGJ"]) == "own-work"


@pytest.mark.parametrize(
    ("finding", "code"),
    [
        (Finding("fine"), "result-unknown"),
        (Finding("unclear"), "note-missing"),
        (Finding("stands", "x" * 2001), "too-long"),
        (Finding("stands", "", [999_999]), "evidence-unknown"),
        (Finding("relapsed", "back", reopen=True), "not-performer"),
    ],
)
def test_findings_that_are_refused(town: Town, finding: Finding, code: str) -> None:
    visit = drawn(town)
    assert refused(visit, finding, town.staff["verifier"]) == code
    visit.refresh_from_db()
    assert visit.visited_at is None


def test_whoever_may_can_ask_to_reopen_instead(town: Town) -> None:
    revised(performer="supervisor", after="5d..5d")
    town.closed(0, place="market")
    with at(6):
        draw_revisits(MONDAY + timedelta(days=6), actor="test")
        visit = record_revisit(
            Revisit.objects.get(), Finding("relapsed", "back", reopen=True),
            actor=town.staff["supervisor"],
        )  # fmt: skip
    assert (visit.is_reopened, visit.new_case) == (True, None)
    assert visit.case.asks.get().effect == "reopening"


def test_a_case_that_was_reopened_is_not_visited(town: Town) -> None:
    visit = drawn(town)
    Case.objects.update(stage="handling", step="handling", closed_at=None)
    assert refused(visit, Finding("stands"), town.staff["verifier"]) == "case-runs-again"
    assert (drop_revisits(actor="test"), drop_revisits(actor="test")) == (1, 0)
    assert not Revisit.objects.waiting().exists()
    Case.objects.update(stage="closed", step="closed", closed_at=visit.closed_at)
    assert refused(visit, Finding("stands"), town.staff["verifier"]) == "case-runs-again"


def test_a_clock_put_back_before_the_closing(town: Town) -> None:
    visit = drawn(town)
    with pytest.raises(Problem) as problem, at(0.5):
        record_revisit(visit, Finding("stands"), actor=town.staff["verifier"])
    assert problem.value.code == "visit-before-closing"


def test_what_the_office_fixed_itself_is_visited_from_above(town: Town) -> None:
    town.closed(0, place="market")
    Case.objects.update(unit=town.units["ZLB"])
    with at(11):
        draw_revisits(MONDAY + timedelta(days=11), actor="test")
    assert Revisit.objects.get().unit == town.units["D"]


def test_nothing_to_draw(db) -> None:
    make.town()
    with at(11):
        one = draw_revisits(MONDAY, actor="test")[0]
    assert (one.candidates, one.revisits.count(), verify_draw(one).is_right) == ([], 0, True)


WRONG = [
    ({"relapsed": "twice"}, "relapsed", "not-factor"),
    ({"relapsed": -1}, "relapsed", "not-factor"),
    ({"kinds": {"matter/06": True}}, "kinds.matter/06", "not-factor"),
    ({"areas": {"S1": 1001}}, "areas.S1", "not-factor"),
    ({"areas": [1]}, "areas", "not-mapping"),
    ({"wheights": 1}, "wheights", "key-unknown"),
]


@pytest.mark.parametrize(("said", "path", "code"), WRONG)
def test_weights_that_are_none(said: dict, path: str, code: str) -> None:
    with pytest.raises(ProcedureSyntaxError) as wrong:
        parse(small({"share": 0.1, "after": "10d", **said}))
    assert [(p.path, p.code) for p in wrong.value.problems] == [(f"steps.z.revisit.{path}", code)]


def small(revisit: dict) -> dict:
    begin = {"performer": "x", "actions": {"go": "z"}}
    end = {"final": True, "revisit": revisit}
    return {"procedure": "p", "start": "a", "steps": {"a": begin, "z": end}}


def test_weights_survive_a_round_trip() -> None:
    data = small(
        {
            "share": "20%",
            "after": "10d..45d",
            "performer": "verifier",
            "relapsed": 2,
            "kinds": {"matter/06": 1.5},
            "areas": {"S1": 0},
        }
    )
    once = parse(data)
    assert once.steps["z"].revisit == Rule(
        0.2, 10, 45, performer="verifier", relapsed=2.0, kinds={"matter/06": 1.5}, areas={"S1": 0.0}
    )
    assert parse(to_data(once)) == once
