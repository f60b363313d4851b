"""Seals: nothing under them moves unseen, and one history proves itself to strangers."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from townkeeper.journal.actions import record, verify_journal
from townkeeper.journal.merkle import levels, path_in, root_from, root_of
from townkeeper.journal.models import Chain, Entry, Seal
from townkeeper.journal.proofs import SCRIPT, check_history, history_of, write_proof
from townkeeper.journal.sealing import SIZE, seal_journal, statement_of, verify_seals
from townkeeper.journal.shipped import verify_history
from townkeeper.journal.statements import gaps_in, without
from townkeeper.kit.errors import Problem


def written(count, subject="case:A"):
    for number in range(count):
        with transaction.atomic():
            record(subject=subject, act="case.noted", actor="王 敏", data={"n": number, "說": "好"})


# --- the tree ---

marks = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


@given(marks, st.data())
def test_every_leaf_leads_to_the_root(entries, draw):
    index = draw.draw(st.integers(0, len(entries) - 1))
    path = path_in(levels(entries), index)
    root = root_of(entries)
    assert root_from(entries[index], index=index, size=len(entries), path=path) == root
    # the script that third parties get does the same
    assert verify_history.root_from(entries[index], index, len(entries), path) == root


@given(marks, st.data())
def test_no_other_leaf_does(entries, draw):
    index = draw.draw(st.integers(0, len(entries) - 1))
    path = path_in(levels(entries), index)
    other = bytes(32) if entries[index] != bytes(32) else bytes([1]) * 32
    assert root_from(other, index=index, size=len(entries), path=path) != root_of(entries)


def test_the_tree_is_that_of_rfc_6962():
    # the example of section 2.1.3: seven leaves; node i = d6, the seventh alone, moves up twice
    entries = [bytes([n]) * 32 for n in range(7)]
    assert [len(level) for level in levels(entries)] == [7, 4, 2, 1]
    assert len(path_in(levels(entries), 6)) == 2
    assert len(path_in(levels(entries), 0)) == 3


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_place_outside_the_tree_proves_nothing(index, size):
    assert root_from(bytes(32), index=index, size=size, path=[]) is None
    assert verify_history.root_from(bytes(32), index, size, []) is None


def test_gaps_and_what_is_left_of_them():
    assert gaps_in([2, 3, 7], 1, 9) == ((1, 1), (4, 6), (8, 9))
    assert gaps_in([], 1, 0) == ()
    assert without(((1, 1), (4, 6)), [1, 5]) == ((4, 4), (6, 6))


# --- the signature, checked without a library ---


@settings(max_examples=8, deadline=None)
@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32))
def test_our_small_check_agrees_with_the_library(message, seed):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verify_history.is_signed(public, message, signature)
    assert not verify_history.is_signed(public, message + b"!", signature)
    bent = bytes([signature[0] ^ 1]) + signature[1:]
    assert not verify_history.is_signed(public, message, bent)
    assert not verify_history.is_signed(public, message, signature[:-1])


def test_the_example_of_rfc_8032():
    # section 7.1, test 2
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verify_history.is_signed(public, b"\x72", signature)
    # a signature whose number is too large is refused, though the sum would come out (malleable)
    more = int.from_bytes(signature[32:], "little") + verify_history.L
    assert not verify_history.is_signed(
        public, b"\x72", signature[:32] + more.to_bytes(32, "little")
    )


# --- sealing ---


@pytest.mark.django_db
def test_what_is_new_is_sealed_once():
    assert seal_journal() == []
    written(3)
    (first,) = seal_journal()
    assert first.count == 3
    assert seal_journal() == []
    written(2, "case:B")
    (second,) = seal_journal()
    assert bytes(second.previous).hex() == statement_of(first).digest()
    assert second.first_entry == first.last_entry + 1
    checked = verify_seals()
    assert (checked.seals, checked.sealed, checked.open, checked.problems) == (2, 5, 0, [])
    written(1)
    assert verify_seals().open == 1
    assert seal_journal(at_least=timedelta(hours=1)) == []


@pytest.mark.django_db
def test_a_whole_history_taken_out_with_its_chain_is_found():
    written(3, "case:A")
    written(2, "case:B")
    seal_journal()
    Entry.objects.filter(subject="case:A").delete()
    Chain.objects.filter(subject="case:A").delete()
    assert verify_journal().problems == []  # the chains alone cannot know
    (problem,) = verify_seals().problems
    assert (problem.kind, len(problem.entries)) == ("removed", 3)


@pytest.mark.django_db
def test_a_history_written_anew_is_found():
    written(2)
    seal_journal()
    Entry.objects.all().delete()
    Chain.objects.all().delete()
    written(2)
    kinds = {problem.kind for problem in verify_seals().problems}
    assert kinds == {"removed"}
    # even in the same places
    Seal.objects.all().delete()
    seal_journal()
    entry = Entry.objects.order_by("pk").first()
    Entry.objects.filter(pk=entry.pk).update(hash=bytes(32))
    assert [problem.kind for problem in verify_seals().problems] == ["root"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"count": 7}, "signature"),
        ({"root": bytes(32)}, "signature"),
        ({"signature": bytes(64)}, "signature"),
        ({"key_id": "0" * 16}, "signature"),
    ],
)
def test_a_bent_seal_is_found(change, kind):
    written(2)
    seal_journal()
    Seal.objects.update(**change)
    assert kind in {problem.kind for problem in verify_seals().problems}


@pytest.mark.django_db
def test_a_seal_taken_out_is_found():
    for _ in range(3):
        written(1)
        seal_journal()
    Seal.objects.filter(number=2).delete()
    assert {problem.kind for problem in verify_seals().problems} >= {"previous", "gap"}


@pytest.mark.django_db
def test_a_seal_by_a_stranger_is_found():
    written(1)
    (seal,) = seal_journal()
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    from townkeeper.journal.keys import key_id_of

    Seal.objects.update(
        signature=key.sign(statement_of(seal).text().encode()),
        public_key=public.hex(),
        key_id=key_id_of(public),
    )
    assert [problem.kind for problem in verify_seals().problems] == ["key-unknown"]


@pytest.mark.django_db
def test_an_entry_whose_writer_was_slow_comes_under_the_next_seal():
    """Its number was given out before, its transaction ended after the sealing."""
    written(3)
    slow = Entry.objects.order_by("pk")[1]
    fields = {f.attname: getattr(slow, f.attname) for f in Entry._meta.concrete_fields}
    slow.delete()
    (first,) = seal_journal()
    assert [fields["id"], fields["id"]] in first.missing
    Entry.objects.create(**fields)
    assert verify_seals().problems == []
    (second,) = seal_journal()
    assert second.late == [fields["id"]]
    assert (second.count, verify_seals().problems) == (1, [])
    assert all(entry["proof"] for entry in history_of("case:A")["entries"])
    assert seal_journal() == []
    Entry.objects.filter(pk=fields["id"]).delete()
    assert [problem.kind for problem in verify_seals().problems] == ["removed"]


@pytest.mark.django_db
def test_many_entries_make_several_seals(monkeypatch):
    monkeypatch.setattr("townkeeper.journal.sealing.SIZE", 4)
    assert SIZE > 4
    written(10)
    assert [seal.count for seal in seal_journal()] == [4, 4, 2]
    assert verify_seals().problems == []


# --- the file for strangers ---


@pytest.fixture
def proof(db, tmp_path):
    written(3, "case:A")
    written(5, "case:B")
    seal_journal()
    written(1, "case:A")
    written(3, "case:C")
    seal_journal()
    written(1, "case:A")
    return write_proof("case:A", tmp_path / "proof")


def run_script(proof, *arguments):
    """Run it as a stranger does: another process, in its own folder, without our packages."""
    command = [sys.executable, "-I", "-S", proof.script.name, *arguments]
    return subprocess.run(command, cwd=proof.folder, capture_output=True, text=True, check=False)


def test_a_stranger_checks_a_history_with_python_alone(proof):
    assert (proof.entries, proof.sealed) == (5, 4)
    (key,) = proof.public_keys.values()
    done = run_script(proof, proof.history.name, "--key", key)
    assert (done.returncode, done.stderr) == (0, "")
    assert "5 entries, 4 under a seal" in done.stdout
    assert "the last 1 were not sealed yet" in done.stdout
    (named,) = proof.folder.glob("*.pub")
    assert run_script(proof, proof.history.name, "--key", named.name).returncode == 0
    assert check_history(proof.history, keys=[key]) == []


def bent(history, name):
    entries = history["entries"]
    match name:
        case "a word":
            entries[1]["data"] = entries[1]["data"].replace("好", "壞")
        case "an entry taken out":
            del entries[1]
        case "all hashed anew":
            entries[0]["actor"] = "somebody else"
            previous = bytes(32)
            for entry in entries:
                previous = verify_history.entry_hash(previous, entry)
                entry["hash"] = previous.hex()
        case "another place":
            entries[0]["proof"]["index"] += 1
        case "a shorter path":
            entries[0]["proof"]["path"].pop()
        case "a longer path":
            entries[0]["proof"]["path"].append("00" * 32)
        case "another root":
            seal = history["seals"][0]
            said = json.loads(seal["statement"])
            seal["statement"] = json.dumps(said | {"root": "00" * 32})
        case "a seal taken out":
            del history["seals"][0]
    return history


@pytest.mark.parametrize(
    "name",
    [
        "a word",
        "an entry taken out",
        "all hashed anew",
        "another place",
        "a shorter path",
        "a longer path",
        "another root",
        "a seal taken out",
    ],
)
def test_a_bent_history_does_not_hold(proof, name):
    (key,) = proof.public_keys.values()
    history = json.loads(proof.history.read_text("utf-8"))
    proof.history.write_text(json.dumps(bent(history, name)), "utf-8")
    assert check_history(proof.history, keys=[key])
    done = run_script(proof, proof.history.name, "--key", key)
    assert done.returncode == 1
    assert "does NOT hold" in done.stdout


def test_another_key_does_not_fit(proof):
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    done = run_script(proof, proof.history.name, "--key", other)
    assert done.returncode == 1
    assert "not signed with this key" in done.stdout


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "townkeeper-history-1"}', "\x00"])
def test_nonsense_is_no_history(proof, text):
    proof.history.write_text(text, "utf-8")
    (key,) = proof.public_keys.values()
    done = run_script(proof, proof.history.name, "--key", key)
    assert (done.returncode in {1, 2}, done.stderr) == (True, "")
    done = run_script(proof, "not-there.json", "--key", "not a key")
    assert (done.returncode, done.stderr) == (2, "")


def test_the_script_is_the_one_that_is_shipped(proof):
    assert proof.script.read_bytes() == SCRIPT.read_bytes()


@pytest.mark.django_db
def test_a_history_nobody_knows():
    with pytest.raises(Problem) as caught:
        history_of("case:NONE")
    assert caught.value.code == "history-unknown"


@pytest.mark.django_db(transaction=True)
def test_two_who_seal_at_once_leave_one_line_of_seals():
    import threading

    written(6)
    done = []

    def go():
        try:
            done.append(len(seal_journal()))
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Seal.objects.count() == 1
    assert verify_seals().problems == []
