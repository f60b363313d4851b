"""Revisits on the way: listed by distance, recorded with photos, and what follows."""

import re
from datetime import date, timedelta

import pytest

from tests import make
from tests.make import MONDAY, do, opened
from tests.web.field.conftest import HOUR, LAT, LON, handled, shot, text
from townkeeper.cases.models import Case, Evidence
from townkeeper.kit import clock
from townkeeper.relapse.draws import draw_revisits
from townkeeper.relapse.models import Draw, Recurrence, Revisit

pytestmark = pytest.mark.django_db
LIST = "/office/field/revisits/"
LATER = MONDAY + timedelta(days=20)


def closed(people, **fields):
    case = handled(opened(**fields), people)
    make.photo(case, people["CGJ"], MONDAY + HOUR)
    do(case, "report", people["CGJ"], MONDAY + HOUR)
    return do(case, "pass", people["verifier"], MONDAY + 2 * HOUR, answer="好了")


@pytest.fixture
def visits(people, units):
    """Two drawn visits, whichever way the dice fell."""
    cases = [closed(people, title=t, lon=LON + d, lat=LAT) for t, d in (("here", 0), ("far", 0.02))]
    with clock.at(MONDAY + timedelta(days=11), "live"):
        draw = draw_revisits(date(2026, 11, 12), seed="x", actor="test")[0]
    for number, case in enumerate(cases):
        Revisit.objects.get_or_create(
            draw=Draw.objects.get(pk=draw.pk), case=case,
            defaults={
                "closed_at": Case.objects.get(pk=case.pk).closed_at, "fixer": units["CGJ"],
                "unit": units["ZLB"], "performer": "verifier",
                "due_at": MONDAY + timedelta(days=15 - number),
            },
        )  # fmt: skip
    return [Revisit.objects.get(case=case) for case in cases]


def numbers(answer):
    found = re.findall(r'class="fgo" href="/office/field/revisits/(\d+)/', text(answer))
    return [int(pk) for pk in found]


def send(ask, who, visit, **fields):
    return ask(who, f"{LIST}{visit.pk}/", fields, at=LATER)


def test_visits_are_listed_by_day_or_by_distance(ask, people, visits):
    near, far = visits
    assert set(numbers(ask(people["verifier"], LIST, at=LATER))) == {near.pk, far.pk}
    there = f"{LIST}?lat={LAT}&lon={LON + 0.02}"
    assert numbers(ask(people["verifier"], there, at=LATER)) == [far.pk, near.pk]
    assert numbers(ask(people["verifier"], f"{LIST}?lat={LAT}&lon={LON}", at=LATER))[0] == near.pk


def test_others_do_not_find_them(ask, people, visits):
    assert ask(people["CGJ"], LIST, at=LATER).status_code == 404
    assert ask(people["CGJ"], f"{LIST}{visits[0].pk}/", at=LATER).status_code == 404
    assert ask(people["verifier"], f"{LIST}999999/", at=LATER).status_code == 404
    assert "No revisit waits" in text(ask(people["operator"], LIST, at=LATER))


def test_what_still_stands_is_recorded_with_its_photo_and_distance(ask, people, visits):
    visit = visits[0]
    answer = send(
        ask, people["verifier"], visit, result="stands", photos=[shot(5)], note="乾淨",
        lat=str(LAT), lon=str(LON), accuracy="9",
    )  # fmt: skip
    assert answer.status_code == 302
    visit.refresh_from_db()
    assert (visit.result, visit.visited_by, visit.note) == ("stands", "verifier", "乾淨")
    photo = Evidence.objects.get(pk__in=visit.evidence)
    assert photo.kind == "revisit-photo"
    assert visit.pk not in numbers(ask(people["verifier"], LIST, at=LATER))
    assert "the fix stands" in text(ask(people["verifier"], f"{LIST}{visit.pk}/", at=LATER))


def test_found_again_opens_a_new_case_that_is_linked(ask, people, visits):
    page = ask(people["verifier"], f"{LIST}{visits[0].pk}/", at=LATER)
    assert "a new case is opened at once" in text(page)
    answer = send(ask, people["verifier"], visits[0], result="relapsed", note="又堆滿了")
    assert answer.status_code == 302
    row = Recurrence.objects.get()
    assert (row.former, row.how) == (visits[0].case, "revisit")
    assert row.case.text == "又堆滿了"


def test_a_refused_form_keeps_words_and_photos(ask, people, visits):
    visit = visits[0]
    answer = send(ask, people["verifier"], visit, result="unclear", photos=[shot(5)])
    assert answer.status_code == 422
    assert "Say why it cannot be told" in text(answer)
    assert "Kept already" in text(answer)
    assert send(ask, people["verifier"], visit, note="看不清").status_code == 422
    done = send(ask, people["verifier"], visit, result="unclear", note="圍擋了", photos=[shot(5)])
    assert done.status_code == 302
    visit.refresh_from_db()
    assert len(visit.evidence) == 1


def test_nobody_revisits_the_work_of_their_own_unit(ask, people, visits, units):
    Revisit.objects.filter(pk=visits[0].pk).update(fixer=units["ZLB"])
    page = ask(people["verifier"], f"{LIST}{visits[0].pk}/", at=LATER)
    assert "work of their own unit" in text(page)
    tried = send(ask, people["verifier"], visits[0], result="stands", photos=[shot(5)])
    assert tried.status_code == 422
    assert not Evidence.objects.filter(kind="revisit-photo").exists()


def test_a_visit_is_recorded_once(ask, people, visits):
    send(ask, people["verifier"], visits[0], result="stands")
    again = send(ask, people["verifier"], visits[0], result="relapsed")
    assert again.status_code == 422
    assert "has recorded this visit already" in text(again)


def test_queries_do_not_grow_with_the_list(
    ask, client, people, visits, django_assert_max_num_queries
):
    ask(people["verifier"], LIST, at=LATER)
    with clock.at(LATER, "live"), django_assert_max_num_queries(14):
        client.get(LIST)
