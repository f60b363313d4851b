"""Opening a case: equal rows from both writers, clear words for bad input, harmless repeats."""

import pytest
from django.db import connection
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from tests import make
from townkeeper.cases._write import columns, write
from townkeeper.cases.desk import desk
from townkeeper.cases.intake import open_case, prepare, write_case_with_models
from townkeeper.cases.models import Case, Reporter, Task
from townkeeper.duties.models import Duty
from townkeeper.journal.actions import touch_registers, verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit.errors import Problem


@pytest.fixture
def units(db):
    return make.town()


def rows(pk):
    """Everything stored of a case, without what must differ."""
    case = Case.objects.get(pk=pk)
    entry = Entry.objects.get(subject=case.subject)
    found = [model_to_dict(case), model_to_dict(case.tasks.get()), model_to_dict(entry)]
    found += [model_to_dict(r) for r in Reporter.objects.filter(case=case)]
    for row in found:
        for name in ("id", "case", "number", "subject", "hash", "updated_at"):
            row.pop(name, None)
    return found


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reporter_name": "陳女士", "reporter_phone": "13800001234", "text": "很臭\n第二行"},
        {"category": None, "area": None, "lon": 105.07, "lat": 29.6, "address": '大千路’"\\'},
        {"category": "local/nobody"},
    ],
)
def test_statement_and_models_store_equal_rows(units, fields):
    picture = desk()
    first = prepare(make.report(**fields), actor="a", desk=picture, now=make.MONDAY)
    second = prepare(make.report(**fields), actor="a", desk=picture, now=make.MONDAY)
    assert rows(write(first)) == rows(write_case_with_models(second))
    assert verify_journal().problems == []


def test_prepared_rows_name_every_column(units):
    ready = prepare(make.report(), actor="a", desk=desk(), now=make.MONDAY)
    assert sorted(ready.case) == sorted(columns(Case))
    assert sorted(ready.task) == sorted(columns(Task, without=("id", "case_id")))


def test_opening_takes_few_statements(units):
    open_case(make.report(), actor="operator")
    with CaptureQueriesContext(
        connection,
    ) as seen:
        open_case(make.report(), actor="operator")
    # the number; then on SQLite the stamp and five inserts in a savepoint; on PostgreSQL one
    # statement that Django does not see, in a savepoint of the test's transaction
    allowed = {"sqlite": 9, "postgresql": 3}[connection.vendor]
    assert len(seen) <= allowed, [q["sql"][:80] for q in seen]


@pytest.mark.parametrize(
    ("fields", "code", "where"),
    [
        ({"title": "  "}, "title-missing", "title"),
        ({"title": "長" * 201}, "title-too-long", "title"),
        ({"category": "matter/99999"}, "category-unknown", "category"),
        ({"area": "NOWHERE"}, "area-unknown", "area"),
        ({"place": "nowhere"}, "place-unknown", "place"),
        ({"procedure": "magic"}, "procedure-unknown", "procedure"),
        ({"lon": 105.0}, "half-a-point", "lon"),
        ({"lon": 205.0, "lat": 29.0}, "point-off-earth", "lon"),
        ({"lon": float("nan"), "lat": 29.0}, "point-off-earth", "lon"),
        ({"address": "x" * 301}, "too-long", "address"),
        ({"text": "a\x00b"}, "not-text", "text"),
        ({"reporter_name": "n" * 81}, "too-long", "reporter_name"),
    ],
)
def test_nonsense_is_answered_with_words_and_leaves_nothing(units, fields, code, where):
    with pytest.raises(Problem) as refused:
        open_case(make.report(**fields), actor="a")
    assert (refused.value.code, refused.value.where) == (code, where)
    assert str(refused.value.message)
    assert not Case.objects.exists()


def test_the_same_request_again_is_the_same_case(units):
    first = open_case(make.report(), actor="a", request_key="k-1")
    again = open_case(make.report(), actor="a", request_key="k-1")
    assert again.number == first.number
    assert again.is_repeat
    assert Case.objects.count() == 1


def test_a_changed_register_is_never_used_stale(units):
    before = open_case(make.report(), actor="a")
    assert before.owner == "CGJ"
    Duty.objects.filter(unit=units["CGJ"]).update(unit=units["GSJ"])
    touch_registers()
    assert open_case(make.report(), actor="a").owner == "GSJ"


def test_numbers_rise_day_by_day(units):
    numbers = [make.opened().number for _ in range(3)]
    assert numbers == ["DX20261102-0001", "DX20261102-0002", "DX20261102-0003"]
