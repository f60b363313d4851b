"""Thumbnails and originals over HTTP; the timeline tells of duplicates and of hidden parts."""

import pytest
from django.utils.translation import override

from tests.make import MONDAY, opened, staff, town
from tests.pictures import jpeg, scene, tags
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.merging import merge_cases, unmerge_case
from townkeeper.cases.redacting import redact_photo
from townkeeper.files.actions import path_of, store_photo
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.web.journal_words import Names, tell

NAMES = Names(people={}, units={}, categories={}, procedure=None)


@pytest.fixture
def people(db):
    return staff(town())


@pytest.fixture
def evidence(people):
    with clock.at(MONDAY, "live"):
        file = store_photo(jpeg(scene(60), exif=tags(None, 105, 29)), name="a.jpg", actor="t")
        return add_evidence(opened(), kind="before-photo", actor=people["operator"], file=file)


def body(answer):
    return b"".join(answer.streaming_content)


def test_a_thumbnail_is_small_and_changes_when_it_is_redacted(client, people, evidence):
    address = f"/office/photos/{evidence.pk}/thumbnail/"
    client.force_login(people["operator"])
    answer = client.get(address)
    small = body(answer)
    assert len(small) < len(body(client.get(f"/office/photos/{evidence.pk}/")))
    again = client.get(address, headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304
    redact_photo(evidence, [(0, 0, 1, 1)], reason="人臉", actor=people["operator"])
    fresh = client.get(address, headers={"if-none-match": answer["ETag"]})
    assert fresh.status_code == 200
    assert body(fresh) != small
    path_of(evidence.file.sha256, thumbnail=True).unlink()
    assert body(client.get(address))[:2] == b"\xff\xd8"


def test_an_original_is_sent_on_purpose_only_and_to_those_who_act(client, people, evidence):
    address = f"/office/photos/{evidence.pk}/original/"
    client.force_login(people["leader"])
    assert client.post(address).status_code == 404
    client.force_login(people["operator"])
    assert client.get(address).status_code == 405
    assert not Entry.objects.filter(act="case.original_seen").exists()
    answer = client.post(address)
    assert b"telephone" in body(answer)
    assert answer["Cache-Control"] == "private, no-store"
    assert "attachment" in answer["Content-Disposition"]
    assert Entry.objects.get(act="case.original_seen").actor == "operator"


def test_the_timeline_tells_it(people, evidence):
    who = people["dispatcher"]
    with clock.at(MONDAY, "live"):
        main, twin = opened(), opened()
        merge_cases(main, [twin], actor=who, reason="同一堆", found={twin.pk: {"score": 0.8}})
        unmerge_case(twin, actor=who, reason="不是")
        redact_photo(evidence, [(0, 0, 1, 1)], reason="人臉", actor=who)
    with override("en"):
        said = {entry.act: tell(entry, NAMES) for entry in Entry.objects.all()}
    assert said["case.merged"].title == f"Merged into {main.number} as its duplicate"
    assert said["case.merged"].lines == ["Reason: 同一堆", "Likeness 0.80"]
    assert said["case.merged_in"].title == f"{twin.number} merged into this case"
    assert said["case.unmerged"].title == f"No longer merged into {main.number}"
    assert said["case.merge_undone"].lines == ["Reason: 不是"]
    assert said["case.photo_redacted"].title == "Parts of a photo blacked out: 1"
    assert said["case.evidence"].lines == ["does not say when it was taken"]
