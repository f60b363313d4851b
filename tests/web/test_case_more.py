"""What hangs on a case is on its page: disputes and rulings, twins, relapses, judgements."""

from datetime import timedelta

import pytest
from django.db import transaction

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.cases.actions import Given, advance_case, decide_ask
from townkeeper.cases.disputes import state_on
from townkeeper.cases.merging import merge_cases
from townkeeper.cases.models import Ask, Case, Judgement
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.relapse.models import Recurrence

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def people():
    return make.staff(make.town())


def page(client, user, case, language="en"):
    client.force_login(user)
    client.cookies["django_language"] = language
    with clock.at(MONDAY + 3 * HOUR, "live"):
        return client.get(f"/office/cases/{case.number}/").content.decode()


def in_handling(people, **fields):
    case = opened(**fields)
    do(case, "file", people["operator"], MONDAY + timedelta(minutes=10))
    do(case, "dispatch", people["dispatcher"], MONDAY + timedelta(minutes=20))
    return Case.objects.get(pk=case.pk)


def disputed(people, case):
    given = Given(reason="不在我局職責內", clause="職責清單第三條", other="GSJ")
    with clock.at(MONDAY + HOUR, "live"):
        advance_case(case, "dispute", actor=people["CGJ"], given=given)
    return Ask.objects.get(case=case)


def test_a_dispute_shows_both_sides_and_the_ruling(client, people):
    case = in_handling(people, title="refuse at the market")
    ask = disputed(people, case)
    with clock.at(MONDAY + HOUR, "live"):
        state_on(ask, actor=people["GSJ"], text="我局只管證照")
    text = page(client, people["dispatcher"], case)
    for words in ("不在我局職責內", "職責清單第三條", "我局只管證照", "waits for a decision"):
        assert words in text
    with clock.at(MONDAY + 2 * HOUR, "live"):
        decide_ask(ask, accepted=False, actor=people["arbiter"], reason="按屬地由你局負責")
    text = page(client, people["dispatcher"], case, "zh-hant")
    assert "按屬地由你局負責" in text
    assert "不准" in text


def test_only_who_would_do_the_work_is_asked_for_a_statement(client, people):
    case = in_handling(people)
    disputed(people, case)
    asked = "Your unit is named in a dispute"
    assert asked in page(client, people["GSJ"], case)
    for who in ("supervisor", "dispatcher", "CGJ"):
        assert asked not in page(client, people[who], case)


def test_what_the_reporter_did_is_told_by_name(client, people):
    case = in_handling(people)
    with transaction.atomic():
        record(
            subject=case.subject, act="case.reminded", actor="reporter", data={"part": "reporter"}
        )
    assert '<span class="mut">reporter</span>' in page(client, people["supervisor"], case)
    html = page(client, people["supervisor"], case, "zh-hans")
    assert '<span class="mut">反映人</span>' in html


def test_an_earlier_ruling_helps_the_next_dispatch(client, people):
    case = in_handling(people, title="refuse at the market")
    ask = disputed(people, case)
    with clock.at(MONDAY + 2 * HOUR, "live"):
        decide_ask(ask, accepted=True, actor=people["arbiter"], reason="證照問題歸工商")
    other = opened(title="refuse again", at=MONDAY + 2 * HOUR)
    do(other, "file", people["operator"], MONDAY + 2 * HOUR)
    text = page(client, people["dispatcher"], Case.objects.get(pk=other.pk))
    assert "證照問題歸工商" in text


def test_twins_lead_to_each_other(client, people):
    main, twin = opened(title="refuse"), opened(title="refuse too")
    with clock.at(MONDAY + HOUR, "live"):
        merge_cases(main, [twin], actor=people["dispatcher"], reason="同一堆垃圾")
    text = page(client, people["dispatcher"], main)
    assert twin.number in text
    assert "同一堆垃圾" in text
    text = page(client, people["dispatcher"], twin)
    assert f"put together with {main.number}" in text


def test_a_relapse_says_which_time_it_is(client, people):
    former, again = opened(title="refuse"), opened(title="refuse again")
    Case.objects.filter(pk=former.pk).update(
        stage="closed", step="closed", closed_at=MONDAY, opened_at=MONDAY - timedelta(days=40)
    )
    Recurrence.objects.create(
        case=again, former=former, first=former, ordinal=2, former_closed_at=MONDAY, days=3,
        distance_m=12, how="point", found_at=MONDAY, found_by="system",
    )  # fmt: skip
    text = page(client, people["dispatcher"], again)
    assert "2nd time in 40 days" in text
    assert former.number in text


def test_the_reporter_s_judgement_is_shown(client, people):
    case = opened(title="refuse")
    Case.objects.filter(pk=case.pk).update(stage="closed", step="closed", closed_at=MONDAY)
    Judgement.objects.create(
        case=case, verdict="dissatisfied", comment="還是很臭", actor="reporter", at=MONDAY
    )
    text = page(client, people["dispatcher"], case, "zh-hans")
    assert "还是很臭" not in text  # entered text stays as it was entered
    assert "還是很臭" in text
    assert "不满意" in text
