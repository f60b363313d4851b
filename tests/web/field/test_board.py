"""The unit's own board and its account of work: figures with the cases behind them."""

import io
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook

from tests import make
from tests.make import MONDAY, do, opened
from tests.web.field.conftest import HOUR, handled, text
from tests.web.test_rankings import make_round, make_scheme
from townkeeper.assessment.unit_figures import cases_behind, figures_of, loads_in, span_of
from townkeeper.cases.assigning import sign_for_task
from townkeeper.cases.judging import judge_answer
from townkeeper.kit import clock

pytestmark = pytest.mark.django_db
BOARD, ACCOUNT = "/office/field/board/", "/office/field/ledger/"
FRIDAY = MONDAY + timedelta(days=4)


@pytest.fixture
def month(people):
    """One case in time, judged; one late and sent back; one overdue; all of one unit."""
    good = handled(opened(title="good"), people)
    make.photo(good, people["CGJ"], MONDAY + HOUR)
    do(good, "report", people["CGJ"], MONDAY + HOUR)
    do(good, "pass", people["verifier"], MONDAY + 2 * HOUR, answer="好了")
    with clock.at(MONDAY + 3 * HOUR, "live"):
        judge_answer(good, verdict="satisfied", actor=people["operator"])
    late = handled(opened(title="late"), people)
    late_at = MONDAY + timedelta(days=2)
    make.photo(late, people["CGJ"], late_at)
    do(late, "report", people["CGJ"], late_at)
    do(late, "fail", people["verifier"], late_at + HOUR, reason="還有")
    over = handled(opened(title="over"), people)
    with clock.at(MONDAY + HOUR, "live"):
        sign_for_task(over.tasks.get(unit__code="CGJ"), actor=people["CGJ"])
    return good, late, over


def test_every_figure_is_that_of_its_cases(month, units):
    good, late, over = month
    span = span_of(units["CGJ"], MONDAY - timedelta(days=1), FRIDAY)
    found = figures_of(span)
    counts = {name: (f.count, f.out_of) for name, f in found.items()}
    assert counts["on-time"] == (1, 4)
    assert counts["rework"] == (1, 2)
    assert counts["satisfaction"] == (1, 1)
    assert counts["overdue"] == (2, None)
    assert counts["recurrence"][0] == counts["disputes"][0] == counts["red"][0] == 0
    assert [each.number for each in cases_behind(span, "on-time")] == [good.number]
    missed = {each.number for each in cases_behind(span, "on-time", missed=True)}
    assert missed == {late.number, over.number}
    assert [(load.username, load.open_tasks) for load in loads_in(span.units, FRIDAY)] == [
        ("handler-cgj", 1),
        ("", 1),
    ]


def test_the_board_opens_the_cases_behind_each_figure(ask, people, month):
    page = text(ask(people["CGJ"], BOARD, at=FRIDAY))
    assert "1 of 4" in page
    assert "25%" in page
    assert "not signed for yet" in page
    behind = text(ask(people["CGJ"], f"{BOARD}on-time/?unit=CGJ&missed=1", at=FRIDAY))
    assert month[1].number in behind
    assert month[0].number not in behind
    assert ask(people["CGJ"], f"{BOARD}nonsense/").status_code == 404


def test_another_units_board_does_not_exist(ask, people, month):
    assert ask(people["CGJ"], f"{BOARD}?unit=GSJ").status_code == 404
    assert ask(people["CGJ"], f"{BOARD}on-time/?unit=GSJ").status_code == 404
    assert ask(people["CGJ"], f"{ACCOUNT}?unit=GSJ").status_code == 404
    assert ask(people["CGJ"], "/office/field/ledger.xlsx?unit=GSJ").status_code == 404
    assert ask(people["leader"], f"{BOARD}?unit=GSJ").status_code == 200


def test_the_place_in_the_published_round_with_its_line(ask, people, units):
    role = people["CGJ"].posts.get().role
    role.permissions = [*role.permissions, "assessment:round:view"]
    role.save()
    scheme = make_scheme()
    make_round(scheme, units, "2026-09", {"S1": (70, 100), "S2": (90, 100)})
    make_round(scheme, units, "2026-10", {"S1": (95, 100), "S2": (80, 100)})
    page = text(ask(people["S1"], BOARD))
    assert "place 1 of" in page
    assert "<polyline" in page
    assert "No round that scores" in text(ask(people["GSJ"], BOARD))


def test_the_account_on_the_page_and_as_a_workbook(ask, people, month):
    query = "?unit=CGJ&from=2026-11-01&to=2026-11-06"
    page = text(ask(people["CGJ"], ACCOUNT + query, at=FRIDAY))
    assert "4 lines" in page
    answer = ask(people["CGJ"], f"/office/field/ledger.xlsx{query}", at=FRIDAY)
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0][0] == "Number"
    assert len(rows) == 5
    assert {row[12] for row in rows[1:]} == {"yes", "no"}
    csv = ask(people["CGJ"], f"/office/field/ledger.csv{query}", at=FRIDAY)
    assert "handler-cgj" in b"".join(csv.streaming_content).decode()
    assert ask(people["CGJ"], f"/office/field/ledger.pdf{query}").status_code == 404


@pytest.mark.parametrize("query", ["from=2026-13-01", "from=2026-11-05&to=2026-11-01"])
def test_a_wrong_period_is_said_and_this_month_shown(ask, people, query):
    page = ask(people["CGJ"], f"{ACCOUNT}?{query}")
    assert page.status_code == 200
    assert "This month is shown instead" in text(page)


def test_an_empty_account_says_what_to_do(ask, people):
    assert "Choose another period" in text(ask(people["GSJ"], ACCOUNT))


def test_query_counts(ask, client, people, month, django_assert_max_num_queries):
    for number in range(6):
        handled(opened(title=f"case {number}"), people)
    ask(people["CGJ"], BOARD, at=FRIDAY)
    with clock.at(FRIDAY, "live"):
        with django_assert_max_num_queries(26):
            client.get(BOARD)
        with django_assert_max_num_queries(16):
            client.get(f"{BOARD}overdue/?unit=CGJ")
        with django_assert_max_num_queries(14):
            client.get(ACCOUNT)
