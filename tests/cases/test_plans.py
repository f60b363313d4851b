"""The hot queries of reading are answered from their indexes, on both databases.

Small, but enough that a planner prefers an index: what is promised is the shape of the plan, not a
time. SQLite is given the statistics of a large table, PostgreSQL is forbidden to read small tables
from end to end or to sort, both of which it would rightly prefer here.
"""

import re
from datetime import timedelta

import pytest
from django.db import connection

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.cases.models import Case, Task
from townkeeper.cases.running import Before, Beyond
from townkeeper.cases.search.find import _fts_query, _tsquery
from townkeeper.cases.search.words import parse_query
from townkeeper.cases.sight import sight_of
from townkeeper.cases.worklist import Key, Wish, cases_of, tasks_of
from townkeeper.units.models import Unit

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(hours=1)
SORT = re.compile(r"TEMP B-TREE FOR ORDER BY|\bSort\b")


def add_tasks_elsewhere(case):
    """Make reading the tasks of all units dearer than reading those of one."""
    unit = Unit.objects.get(code="GSJ")
    Task.objects.bulk_create(
        Task(case=case, step="x", stage="handling", performer="x", unit=unit, opened_at=MONDAY)
        for _number in range(400)
    )


@pytest.fixture
def people():
    people = make.staff(make.town())
    for number in range(6):
        case = opened(title=f"case {number}", lon=105.0 + number / 100, lat=29.5)
        do(case, "file", people["operator"], MONDAY)
        do(case, "dispatch", people["dispatcher"], MONDAY)
    if connection.vendor == "postgresql":
        add_tasks_elsewhere(case)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    return people


def plan(rows) -> str:
    """The plan of a query of models."""
    return rows.explain()


def plan_of(statement, *parameters) -> str:
    """The plan of a plain statement."""
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement}", parameters)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def by_due(rows):
    return rows.filter(due_at__isnull=False).order_by("due_at", "pk").values_list("due_at", "pk")


def test_the_tasks_of_a_unit_come_from_one_index_in_order(people):
    tasks = tasks_of(sight_of(people["CGJ"], LATER), Wish(tab="mine"), LATER)
    for rows in (by_due(tasks), by_due(tasks.filter(Beyond("due_at", "pk", Key(LATER, 1))))):
        text = plan(rows[:50])
        assert "cases_task_list" in text, text
        assert not SORT.search(text), text


def test_running_cases_come_from_one_index_in_order(people):
    cases = cases_of(sight_of(people["dispatcher"], LATER), Wish(), LATER)
    for rows in (cases, cases.filter(Beyond("due_at", "pk", Key(LATER, 1)))):
        text = plan(by_due(rows)[:50])
        assert "cases_open_list" in text, text
        assert not SORT.search(text), text


def test_those_of_a_unit_are_filtered_inside_that_index(people):
    for wish in (Wish(), Wish(stage="handling"), Wish(channel="api"), Wish(due="over")):
        cases = cases_of(sight_of(people["S1"], LATER), wish, LATER)
        text = plan(by_due(cases)[:50])
        assert "cases_open_list" in text, text
        assert "cases_task_list" in text, text


def test_the_newest_are_read_backwards(people):
    cases = cases_of(sight_of(people["dispatcher"], LATER), Wish(tab="all"), LATER)
    rows = cases.filter(Before("opened_at", "pk", Key(LATER, 9))).order_by("-opened_at", "-pk")
    text = plan(rows.values_list("opened_at", "pk")[:50])
    assert "cases_opened" in text, text
    assert "TEMP B-TREE" not in text, text


def test_the_map_reads_the_part_it_shows(people):
    for tab, index in (("open", "cases_open_point"), ("all", "cases_point")):
        cases = cases_of(sight_of(people["dispatcher"], LATER), Wish(tab=tab), LATER)
        here = cases.filter(lat__gte=29.4, lat__lte=29.6, lon__gte=105, lon__lte=105.1)
        text = plan(here.order_by().values_list("lon", "lat")[:2001])
        assert index in text, text


def test_words_are_found_through_their_index(people):
    wanted = parse_query("垃圾 東門")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_bitmapscan = on")
            cursor.execute("SET LOCAL enable_indexscan = off")
        statement = "SELECT case_id FROM cases_search WHERE words @@ %s::tsquery"
        assert "cases_search_words" in plan_of(statement, _tsquery(wanted))
        return
    statement = "SELECT rowid FROM cases_search WHERE cases_search MATCH %s ORDER BY rowid DESC"
    text = plan_of(statement, _fts_query(wanted))
    assert "VIRTUAL TABLE INDEX" in text
    assert not SORT.search(text)


def test_running_means_the_same_with_and_without_its_index(people):
    assert Case.objects.running().count() == 6
