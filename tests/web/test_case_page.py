"""One case's page: state, clock, history in words, what may happen next, and what stays hidden."""

import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import translation
from PIL import Image

from tests import make
from tests.make import MONDAY, do, opened, photo
from townkeeper.calendars.actions import change_calendar
from townkeeper.calendars.statutory import DayEntry
from townkeeper.cases.actions import decide_ask
from townkeeper.cases.disputes import state_on
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.models import Case
from townkeeper.cases.recompute import recompute
from townkeeper.cases.sweep import sweep
from townkeeper.files.actions import store_photo
from townkeeper.journal.actions import record
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.web.journal_words import Names, tell
from townkeeper.web.office.progress import make_progress, plain_path

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
QUERIES = 24
"""Statements of one page, however long the history; raise it only with a reason (the last: asks,
rulings, relapses, pairs of photos and the forms to act are shown)."""


@pytest.fixture
def units():
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


@pytest.fixture
def handled(people):
    """A case in handling since 09:20 on Monday, due four working hours later."""
    case = opened(
        title="refuse at the market", reporter_name="陳女士", reporter_phone="13812346021"
    )
    do(case, "file", people["operator"], MONDAY + timedelta(minutes=10))
    do(case, "dispatch", people["dispatcher"], MONDAY + timedelta(minutes=20))
    return Case.objects.get(pk=case.pk)


def page(client, case, at=MONDAY + HOUR, language="en") -> str:
    client.cookies["django_language"] = language
    with clock.at(at, "live"):
        answer = client.get(f"/office/cases/{case.number}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_absent_and_forbidden_answer_alike(client, people, handled):
    client.force_login(people["GSJ"])
    forbidden = client.get(f"/office/cases/{handled.number}/")
    absent = client.get("/office/cases/DX00000000-0000/")
    assert forbidden.status_code == absent.status_code == 404
    assert without_numbers(forbidden) == without_numbers(absent)


def without_numbers(answer) -> str:
    """The page without the case's number and the form's secret."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return re.sub(r"DX\d{8}-\d{4}", "", text)


def test_the_page_says_where_the_case_stands(client, people, handled):
    client.force_login(people["dispatcher"])
    text = page(client, handled)
    assert "refuse at the market" in text
    assert 'class="now" aria-current="step"' in text
    assert "step 3 of 5" in text
    assert "區城管局" in text
    assert "assists" in text
    assert "4 working hours" in text
    assert "How is this computed?" in text


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "4 working hours"), ("zh-hans", "4 工作时"), ("zh-hant", "4 工作時")],
)
def test_the_clock_explains_itself_in_the_language_of_the_page(
    client, people, handled, language, words
):
    client.force_login(people["dispatcher"])
    text = page(client, handled, language=language)
    assert words in text
    assert text.count("<li>") > 3


def test_every_clock_of_the_case_explains_itself(client, people, handled):
    """The assistant's clock, the promise, an alarm that was missed, and the next one."""
    Case.objects.filter(pk=handled.pk).update(
        promise="3wd", promise_due_at=MONDAY + timedelta(days=3, hours=9)
    )
    late = MONDAY + 6 * HOUR
    sweep(now=late)
    client.force_login(people["dispatcher"])
    text = page(client, handled, late + HOUR)
    assert "東興街道 (assists)" in text
    assert "Public promise for the whole case" in text
    assert "3 working days" in text
    assert "of the limit used" in text
    assert "80% of the time used" in text
    assert "told: handler" in text
    assert "later, at 2026-11-02 15:00" in text
    assert "Next alarm" in text
    assert "Alarm: 80% of the time used" in text
    assert text.count("How is this computed?") >= 3
    assert "警報" in page(client, handled, late + HOUR, language="zh-hant")


def test_a_moved_due_time_is_told_with_its_cause(client, people, handled):
    entry = DayEntry(MONDAY.date(), is_working=False, name="停電", is_local=True)
    change_calendar("default", actor="test", note="全區停電", days=[entry])
    recompute(actor="system")
    client.force_login(people["dispatcher"])
    text = page(client, handled)
    assert "Due time counted anew" in text
    assert "全區停電" in text
    assert "2026-11-02 停電: a day off" in text
    assert "區城管局: 2026-11-02" in text


def test_the_reporter_is_masked_everywhere(client, people, handled):
    client.force_login(people["dispatcher"])
    text = page(client, handled)
    assert "138****6021" in text
    assert "13812346021" not in text
    assert "陳女士" not in text
    assert "陳**" in text


def test_the_duty_register_gives_its_source(client, people, handled):
    client.force_login(people["dispatcher"])
    assert "篇2 L95" in page(client, handled)


def test_what_can_happen_next_depends_on_who_looks(client, people, handled):
    client.force_login(people["CGJ"])
    own = page(client, handled)
    assert f'action="/office/cases/{handled.number}/report/"' in own
    client.force_login(people["leader"])
    assert "Nothing for you to do in this step." in page(client, handled)


def test_the_history_is_told_in_words_newest_first(client, people, handled):
    photo(handled, people["CGJ"], MONDAY + 2 * HOUR)
    do(handled, "report", people["CGJ"], MONDAY + 2 * HOUR)
    do(handled, "fail", people["verifier"], MONDAY + 3 * HOUR, reason="not swept")
    client.force_login(people["dispatcher"])
    text = page(client, handled, at=MONDAY + 4 * HOUR)
    order = [
        text.index("Reason: not swept"),
        text.index("Evidence added: photo after"),
        text.index("Reported and recorded"),
    ]
    assert order == sorted(order)
    assert "Counted: sent back for rework." in text
    assert "sent back 1×" in text
    assert "handler-cgj, 區城管局" in text


def test_a_closed_case_shows_how_it_kept_its_time(client, people, handled):
    photo(handled, people["CGJ"], MONDAY + 2 * HOUR)
    do(handled, "report", people["CGJ"], MONDAY + 2 * HOUR)
    do(handled, "pass", people["verifier"], MONDAY + 3 * HOUR, answer="Swept, thank you.")
    client.force_login(people["dispatcher"])
    text = page(client, handled, at=MONDAY + 4 * HOUR)
    assert "done in time" in text
    assert "Swept, thank you." in text
    assert "fixed" in text
    assert "What can happen next" not in text


def test_a_case_without_owner_says_so_loudly(client, people, units):
    case = opened(title="nobody", category="local/nobody")
    client.force_login(people["dispatcher"])
    assert "names nobody" in page(client, case)


def test_a_simulated_case_says_so_first(client, people, units):
    with clock.at(MONDAY, "simulated"):
        made = make.open_case(make.report(), actor="operator")
    client.force_login(people["dispatcher"])
    assert "never happened" in page(client, Case.objects.get(pk=made.id))


def test_an_overdue_case_has_a_red_card_with_its_word(client, people, handled):
    client.force_login(people["dispatcher"])
    late = MONDAY + timedelta(days=2)
    text = page(client, handled, at=late)
    assert "overdue by" in text
    assert "red card" not in text  # nothing has rung: being late alone shows no card
    with clock.at(late, "live"):
        sweep()
        # the list, the case and the board say the same
        assert 'class="rc"' in client.get("/office/cases/?due=over").content.decode()
    assert "red card" in page(client, handled, at=late)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    return SimpleUploadedFile("p.jpg", out.getvalue()).read()


def test_photos_are_sent_to_those_who_may_see_the_case(client, people, handled):
    stored = store_photo(picture(), name="p.jpg", actor="test")
    evidence = add_evidence(handled, kind="before-photo", actor=people["CGJ"], file=stored)
    address = f"/office/photos/{evidence.pk}/"
    assert client.get(address).status_code == 302
    client.force_login(people["GSJ"])
    assert client.get(address).status_code == 404
    client.force_login(people["CGJ"])
    answer = client.get(address)
    assert answer["Content-Type"] == "image/jpeg"
    assert b"".join(answer.streaming_content)[:2] == b"\xff\xd8"
    assert "private" in answer["Cache-Control"]
    assert address in page(client, handled)
    assert client.get("/office/photos/999999/").status_code == 404


def test_markup_in_a_report_is_only_text(client, people, units):
    case = opened(title="<b>x</b>", text="<script>alert(1)</script>\nsecond line")
    client.force_login(people["dispatcher"])
    assert "<script>alert" not in page(client, case)


def test_a_page_asks_the_database_a_fixed_number_of_times(
    client, people, handled, django_assert_max_num_queries
):
    client.force_login(people["dispatcher"])
    page(client, handled)
    with django_assert_max_num_queries(QUERIES):
        page(client, handled)
    for number in range(8):
        photo(handled, people["CGJ"], MONDAY + number * HOUR, kind=f"document-{number}")
    with django_assert_max_num_queries(QUERIES):
        page(client, handled)


def test_an_act_that_nobody_foresaw_is_still_told(people, handled):
    with clock.at(MONDAY, "live"), translation.override("en"):
        with transaction.atomic():
            record(subject="x:1", act="case.blessed", actor="somebody", data={"reason": "why not"})
        told = tell(Entry.objects.get(subject="x:1"), Names(procedure=None))
    assert told.title == "blessed"
    assert told.lines == ["Reason: why not"]
    assert told.who == "somebody"


def test_a_step_off_the_plain_path_is_put_in_where_the_case_left_it(people, handled):
    procedure = make.problem()
    assert plain_path(procedure) == ["intake", "filed", "handling", "verifying", "closed"]
    words = {"reason": "no money", "ground": "funds"}
    do(handled, "give_up", people["CGJ"], MONDAY + HOUR, **words)
    with clock.at(MONDAY + HOUR, "live"):
        decide_ask(handled.asks.get(), accepted=True, actor=people["supervisor"])
    case = Case.objects.get(pk=handled.pk)
    line = make_progress(procedure, case, list(case.tasks.order_by("pk")))
    assert [mark.css for mark in line.steps] == ["done", "done", "done", "now", "", ""]
    assert line.now_no == 4


def test_a_dispute_is_told_with_rule_statement_and_ruling(client, people, handled):
    words = {"reason": "not our road", "clause": "list of 2011, 4", "other": "GSJ"}
    do(handled, "dispute", people["CGJ"], MONDAY + HOUR, **words)
    ask = handled.asks.get()
    with clock.at(MONDAY + HOUR, "live"):
        state_on(ask, actor=people["GSJ"], text="it is not ours either")
        decide_ask(ask, accepted=True, actor=people["arbiter"], reason="the list is clear")
    client.force_login(people["dispatcher"])
    with translation.override("en"):
        told = page(client, handled)
    for said in (
        "list of 2011, 4", "not our road", "it is not ours either", "the list is clear", "區工商局",
    ):  # fmt: skip
        assert said in told


def test_a_judgement_is_told(people, handled):
    data = {"verdict": "dissatisfied", "comment": "it is back", "of": "DX20261102-0009"}
    with clock.at(MONDAY, "live"), translation.override("en"), transaction.atomic():
        record(subject="x:2", act="case.judged", actor="reporter", data=data)
        told = tell(Entry.objects.get(subject="x:2"), Names(procedure=None))
    assert told.title == "The reporter judged the answer: dissatisfied"
    assert told.lines == ["it is back", "For the merged case DX20261102-0009."]
