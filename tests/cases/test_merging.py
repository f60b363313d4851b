"""Duplicates go along with their main case and can be taken back; circles are refused."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection

from tests.make import MONDAY, do, opened, photo, staff, town
from townkeeper.cases.actions import decide_ask
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.merging import (
    follow_behind,
    merge_cases,
    merged_into,
    reporters_of,
    unmerge_case,
)
from townkeeper.cases.models import Ask, Case, Merge, Pause
from townkeeper.cases.twins import find_twins
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

HOUR = timedelta(hours=1)
LON, LAT = 105.0700, 29.5925


@pytest.fixture
def people(db):
    return staff(town())


def there(at=MONDAY, **fields):
    return opened(at, **{"lon": LON, "lat": LAT, **fields})


def merge(main, *cases, who, at=MONDAY + HOUR, **given):
    with clock.at(at, "live"):
        return merge_cases(main, cases, actor=who, reason="同一堆垃圾", **given)


def unmerge(case, who, at=MONDAY + 2 * HOUR):
    with clock.at(at, "live"):
        return unmerge_case(case, actor=who, reason="是另一處")


def fresh(case):
    return Case.objects.get(pk=case.pk)


def handled(case, people, at=MONDAY):
    case = do(case, "file", people["operator"], at)
    return do(case, "dispatch", people["dispatcher"], at)


def closed(case, people, at=MONDAY + 3 * HOUR):
    photo(case, people["CGJ"], at)
    case = do(case, "report", people["CGJ"], at)
    return do(case, "pass", people["verifier"], at, answer="已清理。")


def refused(code, act, *given, **named):
    with pytest.raises(Problem) as problem:
        act(*given, **named)
    assert problem.value.code == code


def acts(case):
    return list(
        Entry.objects.filter(subject=case.subject).order_by("seq").values_list("act", flat=True)
    )


def test_a_merged_case_keeps_its_step_and_its_tasks_stop(people):
    main = there()
    twin = handled(there(MONDAY + HOUR / 2), people)
    with clock.at(MONDAY + HOUR, "live"):
        (found,) = find_twins(twin)
    merged = merge(main, twin, who=people["dispatcher"], found={twin.pk: found.found()})
    twin = fresh(twin)
    assert merged.pk == main.pk
    assert (twin.stage, twin.step, twin.main_id) == ("merged", "handling", main.pk)
    assert not twin.tasks.filter(done_at=None).exists()
    assert set(twin.tasks.filter(step="handling").values_list("outcome", flat=True)) == {"merged"}
    assert merged.counts["merged"] == 1
    (row,) = merged_into(main)
    assert row.found["metres"] == 0
    assert row.found["same_spot"] is False
    assert acts(twin)[-1] == "case.merged"
    assert acts(main)[-1] == "case.merged_in"
    refused("merged", do, twin, "report", people["CGJ"], MONDAY + HOUR)
    refused("case-ended", add_evidence, twin, kind="after-photo", actor=people["CGJ"], note="x")
    assert not verify_journal().problems


def test_every_reporter_is_answered_with_the_main_case_and_waits_again_with_it(people):
    main = handled(there(reporter_name="甲", reporter_phone="1"), people)
    twins = [there(reporter_name=name, reporter_phone="2") for name in ("乙", "丙")]
    merge(main, *twins, who=people["dispatcher"])
    assert [r.name for r in reporters_of(main)] == ["甲", "乙", "丙"]
    assert [fresh(twin).closed_at for twin in twins] == [None, None]
    main = closed(fresh(main), people)
    for twin in map(fresh, twins):
        assert (twin.stage, twin.outcome, twin.answer) == ("merged", main.outcome, "已清理。")
        assert twin.closed_at == main.closed_at
        assert acts(twin)[-1] == "case.followed"
    do(main, "reopen", people["operator"], MONDAY + 4 * HOUR, reason="又出現了")
    ask = Ask.objects.filter(case=main, decided_at=None).first()
    if ask is not None:
        with clock.at(MONDAY + 5 * HOUR, "live"):
            decide_ask(ask, accepted=True, actor=people["supervisor"], reason="屬實")
    assert fresh(main).closed_at is None
    for twin in map(fresh, twins):
        assert (twin.stage, twin.closed_at, twin.answer) == ("merged", None, "")
        assert acts(twin)[-1] == "case.main_reopened"


def test_what_could_not_follow_in_time_follows_later(people):
    main, twin = handled(there(), people), there()
    merge(main, twin, who=people["dispatcher"])
    closed(fresh(main), people)
    Case.objects.filter(pk=twin.pk).update(closed_at=None, outcome="", answer="")
    assert follow_behind() == 1
    assert fresh(twin).answer == "已清理。"
    assert follow_behind() == 0


def test_unmerging_lets_the_case_stand_where_it_stood_without_the_time_between(people):
    main, twin = there(), handled(there(), people)
    due = fresh(twin).due_at  # four working hours: 13:00 with a break, else 14:00 or later
    merge(main, twin, who=people["dispatcher"])
    back = unmerge(fresh(twin), people["dispatcher"])
    assert (back.stage, back.step, back.main_id) == ("handling", "handling", None)
    assert back.due_at == due + HOUR
    lead = back.tasks.get(step="handling", part="lead")
    assert (lead.done_at, lead.outcome) == (None, "")
    assert Pause.objects.filter(task=lead).values_list("ground", flat=True)[0] == "merged"
    assert fresh(main).counts["merged"] == 0
    assert acts(back)[-1] == "case.unmerged"
    assert acts(main)[-1] == "case.merge_undone"
    row = Merge.objects.get()
    assert (row.undone_by, row.undone_reason) == ("dispatcher", "是另一處")
    assert closed(back, people).stage == "closed"
    refused("not-merged", unmerge, back, people["dispatcher"])
    assert not verify_journal().problems


def test_what_was_overdue_when_it_was_merged_stays_so(people):
    main, twin = there(), handled(there(), people)
    late = MONDAY + timedelta(days=2)
    due = fresh(twin).due_at
    merge(main, twin, who=people["dispatcher"], at=late)
    assert unmerge(fresh(twin), people["dispatcher"], at=late + HOUR).due_at == due


def test_a_case_unmerged_from_an_answered_main_case_waits_for_its_own_answer(people):
    main, twin = handled(there(), people), there()
    merge(main, twin, who=people["dispatcher"])
    closed(fresh(main), people)
    back = unmerge(fresh(twin), people["dispatcher"], at=MONDAY + 5 * HOUR)
    assert (back.stage, back.closed_at, back.answer, back.outcome) == ("intake", None, "", "")


def test_circles_and_chains(people):
    who = people["dispatcher"]
    a, b, c, d = (there() for _ in range(4))
    merge(b, a, who=who)
    refused("merge-itself", merge, a, b, who=who)  # a stands for b
    refused("merge-itself", merge, b, b, who=who)
    refused("merged-already", merge, c, a, who=who)
    refused("merged-already", merge, b, a, who=who)
    merge(a, c, who=who)  # goes to b, for which a stands
    assert fresh(c).main_id == b.pk
    merge(d, fresh(b), who=who)  # b goes to d, with all it has
    assert {fresh(x).main_id for x in (a, b, c)} == {d.pk}
    assert fresh(d).counts["merged"] == 3
    assert fresh(b).main_id == d.pk
    refused("merge-itself", merge, b, d, who=who)
    unmerge(fresh(b), who)
    assert {fresh(x).main_id for x in (a, c)} == {b.pk}
    assert (fresh(b).main_id, fresh(d).counts["merged"]) == (None, 0)
    assert not verify_journal().problems


def test_what_cannot_be_a_duplicate_is_refused_and_nothing_happens(people):
    who = people["dispatcher"]
    main, twin = handled(there(), people), there()
    voided = do(there(), "refuse", people["operator"], MONDAY, reason="不屬本區")
    refused("merge-nothing", merge, main, who=who)
    with pytest.raises(Problem) as blank:
        merge_cases(main, [twin], actor=who, reason=" ")
    assert blank.value.code == "reason-missing"
    refused("case-ended", merge, main, twin, voided, who=who)
    refused("main-ended", merge, voided, twin, who=who)
    refused("not-permitted", merge, main, twin, who=people["leader"])
    refused("not-permitted", merge, main, twin, who=people["GSJ"])
    refused("case-moved-on", merge, main, twin, who=who, seen_versions={twin.pk: twin.version + 1})
    assert fresh(twin).stage == "intake"
    assert not Merge.objects.exists()


def test_a_case_of_another_procedure_is_no_duplicate(people):
    main, twin = there(), there()
    other = main.procedure
    other.pk, other.key, other.digest = None, "permit", "0" * 64
    other.save()
    Case.objects.filter(pk=twin.pk).update(procedure=other)
    refused("other-procedure", merge, main, fresh(twin), who=people["dispatcher"])


def test_a_main_case_closed_within_a_day_answers_at_once_later_it_is_a_recurrence(people):
    main = closed(handled(there(), people), people)
    soon, late = there(MONDAY + 5 * HOUR), there(MONDAY + timedelta(days=3))
    merge(main, soon, who=people["dispatcher"], at=MONDAY + 6 * HOUR)
    assert fresh(soon).answer == "已清理。"
    assert fresh(soon).closed_at == MONDAY + 6 * HOUR
    with pytest.raises(Problem) as closed_long:
        merge(main, late, who=people["dispatcher"], at=MONDAY + timedelta(days=3))
    assert closed_long.value.code == "main-ended"
    assert closed_long.value.hint


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_once_make_no_circle_and_lose_nothing(transactional_db):
    people = staff(town())
    who = people["dispatcher"]
    a, b, c = there(), there(), there()
    ready, said = threading.Barrier(4), []

    def press(main, case):
        ready.wait()
        try:
            merge_cases(main, [case], actor=who, reason="x")
            said.append("done")
        except Problem as problem:
            said.append(problem.code)
        finally:
            connection.close()

    pairs = [(a, b), (b, a), (a, c), (b, c)]
    threads = [threading.Thread(target=press, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = {x.pk: fresh(x) for x in (a, b, c)}
    tops = [x for x in rows.values() if x.main_id is None]
    assert len(tops) == 1
    assert {x.main_id for x in rows.values() if x.main_id} == {tops[0].pk}
    assert tops[0].counts["merged"] == 2
    assert sorted(said).count("done") == 2
    assert Merge.objects.filter(undone_at=None).count() == 2
    assert not verify_journal().problems


def test_the_journal_says_why(people):
    main, twin = there(), there()
    merge(main, twin, who=people["dispatcher"], found={twin.pk: {"metres": 3}})
    said = json.loads(Entry.objects.get(act="case.merged").data)
    assert said == {"main": main.number, "reason": "同一堆垃圾", "found": {"metres": 3}}
