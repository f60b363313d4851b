"""Imported duplicates are linked with the case they repeat, labelled as such, or are listed."""

import csv
import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests import make
from tests.cases.test_import import MAPPING, mapping_of, run
from townkeeper.cases.imports.duplicates import pair_up
from townkeeper.cases.imports.mapping import load_mapping
from townkeeper.cases.imports.past import Past, PastCase
from townkeeper.cases.likeness import Reach, Vocabulary
from townkeeper.cases.merging import merged_into, unmerge_case
from townkeeper.cases.models import Case, Merge
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit.errors import Problem

LINKING = MAPPING.replace(
    "values:", "duplicates: {within_metres: 100, within_days: 30}\nvalues:", 1
)
DUPLICATE = {"编号": "2", "状态": "重复", "接报时间": "2011-07-01 11:00:00"}
START = datetime(2011, 7, 1, tzinfo=UTC)
REACH = Reach(100, 30)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def units(db):
    return make.town()


def imported(tmp_path, *rows, **replace):
    return run(tmp_path, *rows, mapping=mapping_of(tmp_path, LINKING, **replace))


def by_number(number):
    return Case.objects.get(external_number=number)


def test_a_duplicate_is_linked_with_its_reason_and_confidence(tmp_path, units):
    report = imported(tmp_path, {}, DUPLICATE)
    main, twin = by_number("1"), by_number("2")
    assert (report.linked, report.unlinked, report.unlinked_file) == (1, 0, None)
    assert (twin.main, twin.stage, twin.outcome) == (main, "merged", "duplicate")
    assert main.counts["merged"] == 1
    (merge,) = merged_into(main)
    assert merge.reason == "linked by the import"
    assert merge.found["score"] > 0.8
    assert merge.found["same_spot"] is True
    entries = Entry.objects.filter(act__startswith="case.merged").values_list("act", "origin")
    assert set(entries) == {("case.merged", "imported"), ("case.merged_in", "imported")}
    assert not verify_journal().problems


def test_what_repeats_nothing_is_listed_and_never_made_up(tmp_path, units):
    far = {**DUPLICATE, "地点": "别处", "经度": "105.20"}
    report = imported(tmp_path, {}, far)
    assert (report.linked, report.unlinked) == (0, 1)
    with Path(report.unlinked_file).open(encoding="utf-8-sig") as stream:
        (row,) = csv.DictReader(stream)
    assert row["Number"] == by_number("2").number
    assert by_number("2").stage == "voided"
    assert not Merge.objects.exists()


def test_a_duplicate_of_a_duplicate_goes_to_the_one_that_is_none(tmp_path, units):
    imported(tmp_path, {}, DUPLICATE, {**DUPLICATE, "编号": "3", "接报时间": "2011-07-01 12:00:00"})
    assert by_number("3").main == by_number("1")
    assert by_number("1").counts["merged"] == 2


def test_importing_again_links_nothing_twice(tmp_path, units):
    imported(tmp_path, {}, DUPLICATE)
    assert imported(tmp_path, {}, DUPLICATE).linked == 0
    changed = {**DUPLICATE, "内容": "又说一次"}
    assert imported(tmp_path, {}, changed).updated == 1
    assert by_number("2").stage == "merged"
    assert by_number("1").counts["merged"] == 1
    assert Merge.objects.count() == 1


def test_a_dry_run_and_a_mapping_without_the_rule_link_nothing(tmp_path, units):
    report = run(tmp_path, {}, DUPLICATE, mapping=mapping_of(tmp_path, LINKING), dry_run=True)
    assert (report.linked, Case.objects.count()) == (0, 0)
    run(tmp_path, {}, DUPLICATE)
    assert by_number("2").stage == "voided"


def test_a_link_can_be_taken_back_to_what_the_file_said(tmp_path, units):
    imported(tmp_path, {}, DUPLICATE)
    ended = by_number("2").closed_at
    back = unmerge_case(by_number("2"), actor=make.staff(units)["dispatcher"], reason="別的事")
    assert (back.stage, back.outcome, back.closed_at) == ("voided", "duplicate", ended)


def test_linking_needs_a_state_that_says_so(tmp_path):
    with pytest.raises(Problem):
        mapping_of(tmp_path, LINKING.replace("  duplicate: 重复\n", ""))


def past_case(pk, *, north=0.0, hours=0.0, closed=None, address="", category=1):
    opened = START + timedelta(hours=hours)
    ended = None if closed is None else START + timedelta(hours=closed)
    return PastCase(
        pk, f"N{pk}", category, address, 105.0, 29.5 + north / 111_195, opened, ended, "垃圾"
    )


def same(one, other):
    return "same" if one == other else "other"


def test_of_records_of_one_moment_the_duplicate_is_the_later():
    twin, main = past_case(1), past_case(2)
    pairs, alone = pair_up([twin, main], {1}, REACH, kin=same, least=0.5)
    assert [(row.id, likely.case.id) for row, likely in pairs] == [(1, 2)]
    assert not alone


@given(
    st.lists(
        st.tuples(
            st.floats(-300, 300), st.floats(0, 1000), st.one_of(st.none(), st.floats(0, 1200))
        ),
        min_size=1,
        max_size=25,
    )
)
def test_the_map_of_the_past_finds_what_a_look_at_everything_finds(rows):
    cases = [
        past_case(pk, north=north, hours=hours, closed=None if end is None else hours + end)
        for pk, (north, hours, end) in enumerate(rows)
    ]
    past = Past(REACH, kin=same, vocabulary=Vocabulary(), ended_days=7)
    for case in cases:
        past.put(case)
    asked = past_case(99, hours=1000)
    found = {likely.case.id for likely in past.likely(asked)}
    wanted = {
        case.id
        for case in cases
        if abs(case.lat - 29.5) * 111_195 <= 100
        and timedelta(0) <= asked.opened_at - case.opened_at <= timedelta(days=30)
        and (case.closed_at is None or case.closed_at >= asked.opened_at - timedelta(days=7))
    }
    edge = {case.id for case in cases if abs(abs(case.lat - 29.5) * 111_195 - 100) < 0.5}
    assert found - edge == wanted - edge


@pytest.mark.slow
def test_nearly_all_duplicates_of_a_real_city_find_the_complaint_they_repeat(shared_data):
    """Chicago 2011–2012: 1,791 complaints are marked as duplicates, without saying of what."""
    path = shared_data / "reports" / "chicago_sanitation_2011_2012.csv.gz"
    if not path.exists():
        pytest.skip("the complaints of Chicago are not in ../shared/data")
    load_mapping(make.ROOT / "docs" / "examples" / "chicago.yaml")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = {row["Service_Request_Number"]: row for row in csv.DictReader(stream)}
    cases, duplicates = [], set()
    for pk, row in enumerate(rows.values()):
        if "Dup" in row["Status"]:
            duplicates.add(pk)
        closed = row["Completion_Date"]
        cases.append(
            PastCase(
                pk,
                row["Service_Request_Number"],
                hash(row["What_is_the_Nature_of_this_Code_Violation"]) or None,
                row["Street_Address"].strip(),
                float(row["Longitude"]) if row["Longitude"] else None,
                float(row["Latitude"]) if row["Latitude"] else None,
                datetime.fromisoformat(row["Creation_Date"]),
                datetime.fromisoformat(closed) + timedelta(hours=24) if closed else None,
                row["Type_of_Service_Request"],
            )
        )
    pairs, alone = pair_up(cases, duplicates, REACH, kin=same, least=0.5)
    assert len(duplicates) == 1791
    assert len(alone) <= 30
    assert sum(likely.facts.is_same_spot for _row, likely in pairs) > 1700
