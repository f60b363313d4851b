"""The index of words beside the cases: written with them, found by both databases alike."""

import pytest
from django.db import connection

from tests import make
from tests.make import MONDAY, opened
from townkeeper.cases.desk import desk
from townkeeper.cases.intake import prepare, write_case_with_models
from townkeeper.cases.models import Case
from townkeeper.cases.search import find, index
from townkeeper.cases.search.find import find_newest
from townkeeper.cases.search.words import parse_query
from townkeeper.kit import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def units():
    return make.town()


def titles(query: str, cases=None, **more) -> list[str]:
    """What a query finds, newest first."""
    chosen = Case.objects.all() if cases is None else cases
    found = find_newest(parse_query(query), chosen, limit=more.pop("limit", 20), **more)
    by_id = Case.objects.in_bulk(found.ids)
    return [by_id[pk].title for pk in found.ids]


@pytest.fixture
def cases(units):
    return [
        opened(title="農貿市場東門垃圾滿溢", address="大千路 86 號"),
        opened(title="路燈壞了", text="市场门口的路灯", area="S2"),
        opened(title="ＫＴＶ 噪音", text="川K12345 停在門口", area="S2"),
        opened(title="垃圾堆積", text="場東市"),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("垃圾", ["垃圾堆積", "農貿市場東門垃圾滿溢"]),
        ("農貿市場", ["農貿市場東門垃圾滿溢"]),
        ("农贸市场", ["農貿市場東門垃圾滿溢"]),
        ("市場", ["路燈壞了", "農貿市場東門垃圾滿溢"]),
        ("場東", ["垃圾堆積", "農貿市場東門垃圾滿溢"]),
        ("東市場", []),
        ("場東 市", ["垃圾堆積", "農貿市場東門垃圾滿溢"]),
        ("燈", ["路燈壞了"]),
        ("灯", ["路燈壞了"]),
        ("號", ["農貿市場東門垃圾滿溢"]),
        ("ktv", ["ＫＴＶ 噪音"]),
        ("k12345", ["ＫＴＶ 噪音"]),
        ("k123", ["ＫＴＶ 噪音"]),
        ("川K12345", ["ＫＴＶ 噪音"]),
        ("大千路86號", ["農貿市場東門垃圾滿溢"]),
        ("86", ["農貿市場東門垃圾滿溢"]),
        ("噪音 門口", ["ＫＴＶ 噪音"]),
        ("鯤", []),
        ("沒有這個", []),
        ("NEAR(垃圾)", []),
        ("垃圾*", ["垃圾堆積", "農貿市場東門垃圾滿溢"]),
        ("' OR 1=1 --", []),
        ("垃圾\x00", ["垃圾堆積", "農貿市場東門垃圾滿溢"]),
        ("%", []),
        ("𠮷", []),
    ],
)
def test_what_is_found(cases, query, found):
    assert titles(query) == found


def test_a_number_is_found_whole_and_by_its_ends(cases):
    number = cases[1].number
    for query in (number, number.lower(), number[-4:], number[:10]):
        assert "路燈壞了" in titles(query)


def test_what_a_person_may_not_see_is_not_found(cases, units):
    people = make.staff(units)
    with clock.at(MONDAY, "live"):
        seen = Case.objects.visible_to(people["S2"])
        assert titles("市場", seen) == ["路燈壞了"]
        assert titles("垃圾", seen) == []


def test_pages_go_on_where_the_last_one_ended(units):
    for number in range(7):
        opened(title=f"垃圾 {number}")
    seen: list[str] = []
    before = None
    for _page in range(5):
        found = find_newest(parse_query("垃圾"), Case.objects.all(), limit=3, before=before)
        seen += found.ids
        before = found.before
        if before is None:
            break
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("stretch", [1, 2, 100])
def test_both_ways_to_the_newest_find_the_same(cases, monkeypatch, stretch):
    monkeypatch.setattr(find, "STRETCH", stretch)
    monkeypatch.setattr(find, "BATCH", 1)
    assert titles("市場") == ["路燈壞了", "農貿市場東門垃圾滿溢"]
    assert titles("路") == ["路燈壞了", "農貿市場東門垃圾滿溢"]


def test_a_page_that_the_filters_refuse_ends_and_goes_on(units, monkeypatch):
    monkeypatch.setattr(find, "MOST_LOOKED_AT", 2)
    monkeypatch.setattr(find, "SLICE", 1)
    opened(title="垃圾 alt", area="S2")
    for number in range(4):
        opened(title=f"垃圾 {number}")
    only = Case.objects.filter(area__code="S2")
    found = find_newest(parse_query("垃圾"), only, limit=5)
    assert found.ids == []
    assert found.before is not None
    while found.before is not None and not found.ids:
        found = find_newest(parse_query("垃圾"), only, limit=5, before=found.before)
    assert len(found.ids) == 1


def test_the_index_agrees_with_the_cases(cases):
    agreed = index.check()
    assert (agreed.cases, agreed.missing, agreed.extra) == (4, [], [])


def test_both_ways_of_writing_a_case_write_its_words(units):
    with clock.at(MONDAY, "live"):
        ready = prepare(make.report(title="雙胞胎"), actor="operator", desk=desk(), now=MONDAY)
        write_case_with_models(ready)
    opened(title="雙胞胎")
    assert titles("雙胞胎") == ["雙胞胎", "雙胞胎"]
    assert not index.check().missing


def test_changed_words_replace_the_old_ones(cases):
    case = cases[0]
    before = index.words_of(*(getattr(case, name) for name in index.COLUMNS))
    Case.objects.filter(pk=case.pk).update(title="路面破損", address="", text="")
    index.change_words(case.pk, before, index.words_of(case.number, "", "路面破損", "", ""))
    assert titles("路面") == ["路面破損"]
    assert titles("農貿") == []
    assert titles("垃圾") == ["垃圾堆積"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT rowid FROM cases_search WHERE cases_search MATCH '\"农贸\"'")
            assert not cursor.fetchall()


def test_rebuilding_finds_the_same_and_heals(cases):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DELETE FROM cases_search WHERE case_id = %s", [cases[0].pk])
        else:
            words = index.words_of(*(getattr(cases[0], name) for name in index.COLUMNS))
            cursor.execute(
                "INSERT INTO cases_search (cases_search, rowid, words) VALUES ('delete', %s, %s)",
                [cases[0].pk, words],
            )
    assert index.check().missing == [cases[0].pk]
    assert index.rebuild() == 4
    assert not index.check().missing
    assert titles("市場") == ["路燈壞了", "農貿市場東門垃圾滿溢"]
