"""The journal holds what happened, and shows when somebody has changed it."""

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from townkeeper.journal.actions import record, verify_journal
from townkeeper.journal.chain import ZERO, Link, check_chain, entry_hash, time_text
from townkeeper.journal.models import Chain, Entry

NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)


def chain(texts):
    """Links of one subject, hashed properly."""
    links, previous = [], ZERO
    for seq, text in enumerate(texts, 1):
        fields = {
            "subject": "case:X",
            "seq": seq,
            "time": NOON,
            "actor": "a",
            "act": "case.noted",
            "origin": "live",
            "data": text,
        }
        previous = entry_hash(previous, **fields)
        links.append(Link(**fields, hash=previous))
    return links


texts = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1)


@given(texts)
def test_an_untouched_chain_has_no_problem(data):
    links = chain(data)
    assert list(check_chain(links, head=links[-1].hash, length=len(links))) == []


@given(texts, st.data())
def test_a_removed_link_is_found(data, draw):
    links = chain(data)
    gone = draw.draw(st.integers(0, len(links) - 1))
    head, length = links[-1].hash, len(links)
    del links[gone]
    if links:
        assert list(check_chain(links, head=head, length=length))


@given(texts, st.data())
def test_a_changed_text_is_found_where_it_is(data, draw):
    links = chain(data)
    place = draw.draw(st.integers(0, len(links) - 1))
    old = links[place]
    fields = {name: getattr(old, name) for name in old.__slots__}
    links[place] = Link(**{**fields, "data": old.data + "!"})
    problems = list(check_chain(links, head=links[-1].hash, length=len(links)))
    assert [(p.seq, p.kind) for p in problems] == [(place + 1, "changed")]


def test_times_are_written_in_utc_with_microseconds():
    assert time_text(NOON) == "2026-11-02T04:00:00.000000Z"


@pytest.mark.django_db
def test_history_is_written_inside_the_transaction_of_what_it_records(transactional_db):
    with pytest.raises(transaction.TransactionManagementError):
        record(subject="case:1", act="case.noted", actor="a", data={})


@pytest.fixture
def written(db):
    for n in range(3):
        record(subject="case:1", act="case.noted", actor="a", data={"n": n, "說": "垃圾"})
    record(subject="case:2", act="case.noted", actor="b", data={})


def test_what_was_written_holds(written):
    assert verify_journal() == (4, [])
    assert verify_journal("case:1").entries == 3


def kinds(subject=None):
    return [(p.subject, p.seq, p.kind) for p in verify_journal(subject).problems]


def test_one_changed_byte_in_the_database_is_found(written):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE journal_entry SET data = replace(data, '1', '2')"
            " WHERE subject = 'case:1' AND seq = 2"
        )
    assert kinds() == [("case:1", 2, "changed")]


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_a_removed_entry_is_found(written, seq):
    Entry.objects.filter(subject="case:1", seq=seq).delete()
    assert ("case:1", seq, "removed") in kinds()


def test_a_whole_removed_history_is_found(written):
    Entry.objects.filter(subject="case:2").delete()
    assert kinds() == [("case:2", 1, "removed")]


def test_an_inserted_entry_is_found(written):
    last = Entry.objects.get(subject="case:1", seq=3)
    last.pk, last.seq = None, 4
    last.save(force_insert=True)
    assert ("case:1", 4, "inserted") in kinds() or ("case:1", 4, "changed") in kinds()
    Entry.objects.create(
        subject="case:9", seq=1, time=NOON, actor="x", act="y", data="{}", hash=bytes(32)
    )
    assert ("case:9", 1, "orphan") in kinds()


def test_a_moved_head_is_found(written):
    Chain.objects.filter(subject="case:2").update(head=bytes(32))
    assert kinds() == [("case:2", 1, "head")]


@pytest.mark.parametrize(
    ("fields", "kind", "seq"),
    [
        ({"length": 2}, "inserted", 3),
        ({"length": 4}, "removed", 4),
        ({"head": b"\x01" * 32}, "head", 3),
        ({"length": 0, "head": ZERO}, "inserted", 3),
    ],
)
def test_a_chain_row_that_was_tampered_with_is_found(written, fields, kind, seq):
    Chain.objects.filter(subject="case:1").update(**fields)
    assert kinds() == [("case:1", seq, kind)]


def test_a_removed_chain_row_is_found(written):
    Chain.objects.filter(subject="case:1").delete()
    assert kinds() == [("case:1", 1, "orphan")]


def test_a_chain_row_renamed_to_another_subject_is_found_twice(written):
    Chain.objects.filter(subject="case:2").update(subject="case:3")
    assert sorted(kinds()) == [("case:2", 1, "orphan"), ("case:3", 1, "removed")]


def test_a_chain_row_out_of_nothing_is_found(written):
    Chain.objects.create(subject="case:7", length=0, head=ZERO)
    assert kinds() == [("case:7", 1, "removed")]


def test_histories_that_changed_places_are_found(written):
    """An entry is hashed with its subject: it cannot be given to another case."""
    Entry.objects.filter(subject="case:2").update(subject="case:8")
    Chain.objects.filter(subject="case:2").update(subject="case:8")
    assert kinds() == [("case:8", 1, "changed")]


def test_only_one_history_is_looked_at_when_one_is_asked_for(written):
    Chain.objects.filter(subject="case:2").update(head=bytes(32))
    assert kinds("case:1") == []
    assert kinds("case:2") == [("case:2", 1, "head")]
    assert verify_journal("case:none") == (0, [])


def test_more_histories_than_fit_in_one_batch(db, django_assert_max_num_queries):
    for n in range(503):
        record(subject=f"case:{n:04}", act="case.noted", actor="a", data={"n": n})
    Entry.objects.filter(subject="case:0502").delete()
    with django_assert_max_num_queries(6):
        checked = verify_journal()
    assert checked.entries == 502
    assert [p.subject for p in checked.problems] == ["case:0502"]


def test_progress_is_told_in_entries(written):
    told = []
    verify_journal(progress=told.append)
    assert sum(told) == 4
