"""Dispatching one case and many: the register's reason, alternatives, each result told."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.make import MONDAY, do, photo
from townkeeper.cases.models import Case, Task
from townkeeper.journal.models import Entry
from townkeeper.kit import clock

HOUR = timedelta(hours=1)


def page(case):
    return f"/office/dispatch/cases/{case.number}/"


def fresh(case):
    return Case.objects.get(pk=case.pk)


def leads(case):
    task = Task.objects.get(case=case, stage="handling", part="lead", done_at=None)
    return task.unit.code


def data_of(case, **fields):
    return {
        "version": fresh(case).version,
        "lead": "CGJ",
        "assists": ["S1"],
        "reason": "",
        **fields,
    }


def test_the_page_says_whose_it_is_why_and_by_when(ask, people, filed):
    done = filed(title="done before")
    do(done, "dispatch", people["dispatcher"], MONDAY)
    photo(done, people["CGJ"], MONDAY + HOUR)
    do(done, "report", people["CGJ"], MONDAY + HOUR)
    case = filed(title="refuse")
    text = ask(people["dispatcher"], page(case), at=MONDAY + HOUR).content.decode()
    assert text.count("<h1") == 1
    assert "tabbar" not in text  # it would lie over the buttons on a phone
    assert "區城管局" in text
    assert "Duty register 篇2 L95" in text
    assert "1 such cases in 90 days, 100.0% in time" in text
    assert "Assists by the duty register" in text
    assert "How is this computed?" in text
    ask(people["dispatcher"], page(case), data_of(case), at=MONDAY + HOUR)
    assert f"{timezone.localtime(fresh(case).due_at):%H:%M}" in text


def test_dispatching_by_the_register_leaves_the_choice_to_it(ask, people, filed):
    case = filed()
    answer = ask(people["dispatcher"], page(case), data_of(case), follow=True)
    assert answer.redirect_chain[-1][0] == f"/office/cases/{case.number}/"
    assert fresh(case).stage == "handling"
    assert leads(case) == "CGJ"
    entry = Entry.objects.filter(subject=case.subject).order_by("-seq").first()
    assert not json.loads(entry.data).get("overruled")


def test_another_unit_and_other_assistants_are_as_the_dispatcher_says(ask, people, filed):
    case = filed()
    sent = data_of(case, lead="other", other="GSJ", assists=["CGJ"], reason="證照問題")
    answer = ask(people["dispatcher"], page(case), sent | {"next": "/office/cases/?stage=dispatch"})
    assert answer.status_code == 302
    assert answer["Location"] == "/office/cases/?stage=dispatch"
    assert leads(case) == "GSJ"
    assert {t.unit.code for t in Task.objects.filter(case=case, part="assist")} == {"CGJ"}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"lead": "other", "other": ""}, "Name the unit that should have it."),
        ({"lead": "other", "other": "XX"}, "There is no unit with the code"),
        ({"lead": "", "reason": "words stay"}, "words stay"),
        ({"assists": ["nobody"]}, "nobody"),
        ({"version": 1}, "has acted on this case in the meantime"),
        ({"reason": "x" * 2001}, "xxx"),
    ],
)
def test_what_is_refused_keeps_what_was_written(ask, people, filed, sent, said):
    case = filed()
    answer = ask(people["dispatcher"], page(case), data_of(case) | sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert fresh(case).stage == "dispatch"


def test_a_case_nobody_answers_for_needs_a_name(ask, people, filed):
    case = filed(category="local/nobody", title="nobody")
    text = ask(people["dispatcher"], page(case)).content.decode()
    assert "The duty register names nobody" in text
    ask(people["dispatcher"], page(case), data_of(case, lead="other", other="GSJ", assists=[]))
    assert leads(case) == "GSJ"


def test_redispatching_asks_why(ask, people, filed):
    case = filed()
    do(case, "dispatch", people["dispatcher"], MONDAY)
    assert "Why it goes to another unit" in ask(people["dispatcher"], page(case)).content.decode()
    assert ask(people["dispatcher"], page(case), data_of(case)).status_code == 422
    sent = data_of(case, lead="S1", assists=[], reason="屬地處置")
    assert ask(people["dispatcher"], page(case), sent).status_code == 302
    assert leads(case) == "S1"
    assert fresh(case).counts["redispatch"] == 1


def test_an_old_page_is_told_what_happened_and_nothing_else(ask, people, filed):
    case = filed()
    old = data_of(case)
    ask(people["dispatcher"], page(case), old)
    again = ask(people["supervisor"], page(case), old)
    assert again.status_code == 422
    text = again.content.decode()
    assert "dispatcher has acted on this case in the meantime" in text
    assert "This field is required" not in text


def test_strangers_get_the_same_as_for_what_is_not_there(ask, people, filed):
    case = filed()
    for who in ("GSJ", "S2"):
        for address in (page(case), page(case) + "nearby/"):
            assert ask(people[who], address).status_code == 404
        assert ask(people[who], page(case), data_of(case)).status_code == 404
    assert ask(people["dispatcher"], "/office/dispatch/cases/DX1/").status_code == 404
    assert ask(people["leader"], page(case)).status_code == 404
    assert ask(people["S1"], "/office/dispatch/batch/").status_code == 404
    assert fresh(case).stage == "dispatch"


def test_whoever_may_look_but_not_dispatch_is_told(ask, people, filed):
    text = ask(people["S1"], page(filed())).content.decode()
    assert 'name="lead"' not in text


def test_an_ended_case_leads_back(ask, people, filed):
    case = filed()
    do(case, "void", people["dispatcher"], MONDAY, reason="重複")
    assert ask(people["dispatcher"], page(case)).status_code == 302


def test_a_batch_groups_by_unit_and_puts_exceptions_first(ask, people, filed):
    cases = [filed(title="refuse"), filed(title="stalls", category="matter/09022", area="S2")]
    nobody = filed(title="nobody", category="local/nobody")
    done = filed(title="dispatched")
    do(done, "dispatch", people["dispatcher"], MONDAY)
    verifying = filed(title="verifying")
    do(verifying, "void", people["dispatcher"], MONDAY, reason="重複")
    chosen = [f"{c.number}~{c.version}" for c in (*cases, nobody, done, verifying)]
    answer = ask(people["dispatcher"], "/office/dispatch/batch/?case=" + "&case=".join(chosen))
    text = answer.content.decode()
    first, second = text.index("To be looked at one by one"), text.index("區城管局")
    assert first < second
    assert "name a unit yourself" in text
    assert "Changed since you chose it" in text
    assert text.count('name="case"') == 2


def test_a_batch_with_mixed_results_does_each_on_its_own(ask, people, filed):
    good, moved = filed(title="good"), filed(title="moved")
    nobody = filed(title="nobody", category="local/nobody")
    picks = [f"{c.number}~{c.version}" for c in (good, moved, nobody)]
    do(moved, "send_back", people["dispatcher"], MONDAY, reason="補充地址")
    sent = {"case": [*picks, "DX20990101-0001~1"], "reason": "今日辦結", "next": "/office/cases/"}
    answer = ask(people["dispatcher"], "/office/dispatch/batch/", sent, follow=True)
    text = answer.content.decode()
    assert "1 of 3 cases dispatched." in text
    assert "in the meantime" in text or "cannot be dispatched" in text
    assert "names nobody" in text
    assert [fresh(c).stage for c in (good, moved, nobody)] == ["handling", "intake", "dispatch"]
    assert ask(people["dispatcher"], "/office/dispatch/batch/results/").status_code == 200


def test_a_batch_twice_does_nothing_twice(ask, people, filed):
    case = filed()
    sent = {"case": [f"{case.number}~{case.version}"]}
    ask(people["dispatcher"], "/office/dispatch/batch/", sent)
    version = fresh(case).version
    text = ask(people["dispatcher"], "/office/dispatch/batch/", sent, follow=True).content.decode()
    assert "0 of 1 cases dispatched." in text
    assert fresh(case).version == version


@pytest.mark.parametrize("query", ["", "?case=", "?case=x~y&case=%00", "?case=DX1~99999999999999"])
def test_an_empty_batch_says_the_next_step(ask, people, query):
    answer = ask(people["dispatcher"], "/office/dispatch/batch/" + query)
    assert answer.status_code == 200
    assert "work list" in answer.content.decode()


def test_a_large_batch_does_not_carry_itself_on_every_row(ask, people, filed):
    page_of = "/office/dispatch/batch/?"
    chosen = "&".join(f"case={case.number}~2" for case in [filed() for _n in range(3)])
    small = ask(people["dispatcher"], page_of + chosen).content.decode()
    assert small.count("next=/office/dispatch/batch/%3Fcase") == 3
    many = "&".join(f"case=DX{number:012d}~1" for number in range(150))
    large = ask(people["dispatcher"], f"{page_of}{chosen}&{many}").content.decode()
    assert large.count("next=/office/cases/") == 3


def test_next_leads_nowhere_else(ask, people, filed):
    case = filed()
    sent = data_of(case) | {"next": "https://elsewhere.example/"}
    answer = ask(people["dispatcher"], page(case), sent)
    assert answer["Location"] == f"/office/cases/{case.number}/"


def test_questions_to_the_database_do_not_grow_with_the_batch(
    ask, people, filed, django_assert_max_num_queries
):
    chosen = [f"{c.number}~{c.version}" for c in (filed(title=f"n{n}") for n in range(8))]
    ask(people["dispatcher"], "/office/dispatch/batch/")
    with django_assert_max_num_queries(16):
        ask(people["dispatcher"], "/office/dispatch/batch/?case=" + "&case=".join(chosen))


def test_the_page_of_a_case_asks_a_fixed_number_of_times(
    ask, people, filed, django_assert_max_num_queries
):
    case = filed()
    ask(people["dispatcher"], page(case))
    with django_assert_max_num_queries(26), clock.at(MONDAY, "live"):
        ask(people["dispatcher"], page(case))
