"""Photos are checked against time, place and earlier use; pairs are made; parts can be hidden."""

import io
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PIL import Image

from tests.make import MONDAY, do, opened, staff, town
from tests.pictures import CHEATS, jpeg, scene, tags
from townkeeper.cases.evidence import FINDINGS, add_evidence, pairs_of
from townkeeper.cases.models import Evidence
from townkeeper.cases.photo_checks import (
    CODES,
    Candidate,
    Earlier,
    Rules,
    Scene,
    Shot,
    best_before,
    check_shot,
    first_use,
)
from townkeeper.cases.redacting import (
    look_at_original,
    redact_photo,
    standing_redactions,
    undo_redaction,
)
from townkeeper.files.actions import path_of, store_photo
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Place

HERE = (105.0700, 29.5925)
RULES = Rules(metres=100, days=30)
HOUR = timedelta(hours=1)


def shot(taken=MONDAY, point=HERE, *, is_after=True):
    return Shot(is_after, taken, point)


@pytest.mark.parametrize(
    ("photo", "distance", "findings"),
    [
        (shot(MONDAY + HOUR), 0, ()),
        (shot(MONDAY - timedelta(minutes=5)), 0, ()),
        (shot(MONDAY - HOUR), 0, ("too-early",)),
        (shot(MONDAY - HOUR, is_after=False), 0, ()),
        (shot(MONDAY - timedelta(days=31), is_after=False), 0, ("too-early",)),
        (shot(MONDAY + 3 * HOUR), 0, ("in-the-future",)),
        (shot(MONDAY + 2 * HOUR + timedelta(minutes=9)), 0, ()),
        (shot(None), 0, ("no-time",)),
        (shot(MONDAY + HOUR, None), None, ("no-position",)),
        (shot(None, None), None, ("no-time", "no-position")),
        (shot(MONDAY + HOUR, (105.0700, 29.5943)), 200, ("far",)),
        (shot(MONDAY + HOUR, (105.0700, 29.5933)), 89, ()),
        (shot(MONDAY - HOUR, (-87.6, 41.8)), 11_970_798, ("too-early", "far")),
    ],
)
def test_time_and_place_of_a_photo(photo, distance, findings):
    checked = check_shot(photo, Scene(MONDAY, HERE), RULES, MONDAY + 2 * HOUR)
    assert checked.findings == findings
    assert checked.distance_m == (pytest.approx(distance, rel=0.01) if distance else distance)


def test_a_case_without_a_place_has_no_distance():
    checked = check_shot(shot(MONDAY + HOUR), Scene(MONDAY, None), RULES, MONDAY + 2 * HOUR)
    assert checked == type(checked)(None, ())


NEAR, FAR = (105.0705, 29.5925), (105.09, 29.5925)


@pytest.mark.parametrize(
    ("earlier", "is_used"),
    [
        (Earlier(1, 7, 0.0, None, HERE), True),  # the same file on the same case
        (Earlier(1, 7, 0.05, None, HERE), False),  # before and after of one spot
        (Earlier(1, 8, 0.0, None, FAR), True),
        (Earlier(1, 8, 0.1, None, FAR), True),  # a label was put on it
        (Earlier(1, 8, 0.1, None, NEAR), False),  # another case of the same spot
        (Earlier(1, 8, 0.01, None, NEAR), True),
        (Earlier(1, 8, 0.1, 3, None), False),  # the same key place
        (Earlier(1, 8, 0.1, 4, None), True),
        (Earlier(1, 8, 0.3, None, FAR), False),
    ],
)
def test_what_counts_as_used_before(earlier, is_used):
    assert (first_use(7, 3, HERE, [earlier]) is not None) == is_used


def test_the_likeliest_photo_from_before():
    at = MONDAY
    tidy = Candidate(1, 5, None, None, at)
    alike = Candidate(2, 6, 20, None, at)
    close = Candidate(3, 6, None, 4.0, at)
    late = Candidate(4, 6, None, None, at + HOUR)
    unlike = Candidate(5, 6, 130, None, at)
    assert best_before([alike, tidy, close], 5) == tidy
    assert best_before([close, alike, late], None) == alike
    assert best_before([late, close, unlike], None) == close
    assert best_before([unlike, late], None) == late
    assert best_before([], None) is None


def test_every_finding_has_words():
    assert set(FINDINGS) == set(CODES)


# --- with cases ---


@pytest.fixture
def units(db):
    return town()


@pytest.fixture
def people(units):
    return staff(units)


def stored(image, exif=None, name="photo.jpg"):
    return store_photo(jpeg(image, exif=exif), name=name, actor="test")


def taken(at):
    return at.astimezone(UTC).replace(tzinfo=UTC).astimezone(
        datetime.fromisoformat("2026-01-01T00:00+08:00").tzinfo
    ).strftime("%Y:%m:%d %H:%M:%S")  # fmt: skip


def good(image, at=MONDAY + HOUR, lon=HERE[0], lat=HERE[1]):
    return stored(image, tags(taken(at), lon, lat))


def add(case, who, kind="after-photo", at=MONDAY + 2 * HOUR, **given):
    with clock.at(at, "live"):
        return add_evidence(case, kind=kind, actor=who, **given)


def here(**fields):
    return opened(lon=HERE[0], lat=HERE[1], **fields)


def test_a_good_photo_has_nothing_against_it(people):
    case = here()
    evidence = add(case, people["operator"], file=good(scene(40)))
    evidence.refresh_from_db()
    assert (evidence.distance_m, evidence.findings, evidence.repeats_id) == (0, [], None)


def test_the_key_place_counts_before_the_position_of_the_report(people, units):
    Place.objects.create(code="P1", name="南門市場", area=units["S1"], lon=105.08, lat=29.5925)
    case = here(place="P1")
    evidence = add(case, people["operator"], file=good(scene(40)))
    assert evidence.distance_m == pytest.approx(967, abs=2)
    assert evidence.findings == ["far"]


def test_what_speaks_against_a_photo_is_kept_and_journaled_and_stops_nothing(people):
    case = here()
    file = stored(scene(41), tags("2012:01:01 00:00:00", 105.2, 29.5925))
    evidence = add(case, people["operator"], file=file)
    evidence.refresh_from_db()
    assert evidence.findings == ["too-early", "far"]
    said = json.loads(Entry.objects.filter(act="case.evidence").last().data)
    assert said["findings"] == ["too-early", "far"]
    assert said["distance_m"] == evidence.distance_m > 10_000


@pytest.mark.parametrize("cheat", ["half the size", "cut by 5 % all round", "mirrored"])
def test_a_photo_of_another_case_is_found_again(people, cheat):
    first = add(here(), people["operator"], file=good(scene(42)))
    other = opened(lon=105.09, lat=29.60)
    copy = store_photo(CHEATS[cheat](scene(42)), name="x.jpg", actor="test")
    evidence = add(other, people["operator"], file=copy)
    assert evidence.repeats_id == first.pk
    assert "used-before" in evidence.findings


def test_the_very_same_file_is_found_on_any_case_even_without_a_position(people):
    file = good(scene(43))
    first = add(opened(), people["operator"], file=file)
    assert add(opened(), people["operator"], file=file).repeats_id == first.pk
    assert add(opened(), people["operator"], file=file).repeats_id == first.pk


def test_before_and_after_of_one_spot_are_no_reuse_unless_the_same_picture(people):
    case = here()
    add(case, people["operator"], kind="before-photo", file=good(scene(44)))
    after = add(case, people["operator"], file=good(scene(44, litter=None, shift=(3, 2))))
    assert after.repeats_id is None
    cheated = store_photo(CHEATS["compressed to 30"](scene(44)), name="x.jpg", actor="test")
    assert add(case, people["operator"], file=cheated).repeats_id is not None


def test_a_simulated_photo_is_a_drawing_and_used_by_many(people):
    file = stored(scene(45))
    with clock.at(MONDAY + HOUR, "simulated"):
        for case in (opened(), opened()):
            evidence = add_evidence(case, kind="after-photo", actor=people["operator"], file=file)
            assert evidence.findings == []


def test_papers_and_notes_are_not_checked(people):
    evidence = add(here(), people["operator"], kind="document", note="see the file")
    evidence.refresh_from_db()
    assert (evidence.findings, evidence.distance_m) == ([], None)


def test_pairs_by_hand_and_by_guess(people):
    case, who = here(), people["operator"]
    gate = add(case, who, kind="before-photo", file=good(scene(46)), at=MONDAY + HOUR)
    wall = add(case, who, kind="before-photo", file=good(scene(47)), at=MONDAY + HOUR)
    tree = add(case, who, kind="before-photo", file=good(scene(48)), at=MONDAY + HOUR)
    swept = add(case, who, file=good(scene(46, litter=None, shift=(4, 0))))
    by_hand = add(case, who, file=good(scene(49)), before=wall)
    assert swept.before_id == gate.pk
    assert by_hand.before_id == wall.pk
    assert [(p.before and p.before.pk, p.after and p.after.pk) for p in pairs_of(case)] == [
        (gate.pk, swept.pk),
        (wall.pk, by_hand.pk),
        (tree.pk, None),
    ]
    said = [json.loads(e.data).get("before") for e in Entry.objects.filter(act="case.evidence")]
    assert {"evidence": gate.pk, "guessed": True} in said
    assert {"evidence": wall.pk, "guessed": False} in said


def test_a_pair_needs_a_photo_from_before_of_the_same_case(people):
    case, other, who = here(), here(), people["operator"]
    before = add(other, who, kind="before-photo", file=good(scene(46)))
    after = add(case, who, file=good(scene(47)))
    for wrong, kind, code in (
        (before, "after-photo", "pair-case"),
        (after, "after-photo", "pair-case"),
        (before, "document", "pair-kind"),
    ):
        with pytest.raises(Problem) as refused:
            add(case, who, kind=kind, before=wrong)
        assert refused.value.code == code
    assert Evidence.objects.count() == 2


def test_pairs_of_an_import_that_names_none(people):
    case = here()
    for kind in ("before-photo", "after-photo"):
        Evidence.objects.create(
            case=case, kind=kind, link="https://example.test/1.jpg", added_at=MONDAY, actor="i"
        )
    (pair,) = pairs_of(case)
    assert pair.before.kind == "before-photo"
    assert pair.after.kind == "after-photo"


def test_an_ended_case_takes_no_evidence(people):
    case = do(here(), "refuse", people["operator"], MONDAY + HOUR, reason="不屬本區")
    with pytest.raises(Problem) as refused:
        add(case, people["operator"], file=good(scene(46)))
    assert refused.value.code == "case-ended"


# --- hiding parts ---


def shade(path, x, y):
    """How bright a picture is around a point given in shares."""
    grey = np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("L"), dtype=float)
    row, column = int(y * grey.shape[0]), int(x * grey.shape[1])
    return grey[row - 2 : row + 3, column - 2 : column + 3].mean()


def test_redaction_blacks_out_the_copies_and_keeps_the_original(people):
    evidence = add(here(), people["operator"], file=good(scene(50)))
    sha256 = evidence.file.sha256
    original = path_of(sha256).read_bytes()
    copies = [path_of(sha256, public=True), path_of(sha256, thumbnail=True)]
    bright = [shade(path, 0.2, 0.1) for path in copies]
    one = redact_photo(evidence, [(0.1, 0.05, 0.3, 0.2)], reason="車牌", actor=people["operator"])
    two = redact_photo(evidence, [(0.7, 0.7, 0.9, 0.9)], reason="人臉", actor=people["operator"])
    for path in copies:
        assert shade(path, 0.2, 0.1) < 8
        assert shade(path, 0.8, 0.8) < 8
        assert shade(path, 0.5, 0.1) > 30
        assert not dict(Image.open(io.BytesIO(path.read_bytes())).getexif())
    assert path_of(sha256).read_bytes() == original
    assert standing_redactions(evidence) == [one, two]
    acts = list(Entry.objects.filter(act__contains="redact").values_list("act", "actor"))
    assert acts == [("case.photo_redacted", "operator")] * 2
    assert bright[0] > 60


@pytest.mark.django_db(transaction=True)
def test_a_redaction_can_be_taken_back_once(transactional_db):
    people = staff(town())
    evidence = add(here(), people["operator"], file=good(scene(51)))
    path, who = path_of(evidence.file.sha256, public=True), people["operator"]
    plain = shade(path, 0.2, 0.1)
    one = redact_photo(evidence, [(0.1, 0.05, 0.3, 0.2)], reason="車牌", actor=who)
    two = redact_photo(evidence, [(0.7, 0.7, 0.9, 0.9)], reason="人臉", actor=who)
    undo_redaction(evidence, one, reason="不是車牌", actor=who)
    assert shade(path, 0.2, 0.1) == pytest.approx(plain, abs=1)
    assert shade(path, 0.8, 0.8) < 8
    assert standing_redactions(evidence) == [two]
    with pytest.raises(Problem) as refused:
        undo_redaction(evidence, one, reason="again", actor=who)
    assert refused.value.code == "redaction-undone"
    assert not verify_journal().problems


@pytest.mark.parametrize(
    ("boxes", "reason", "code"),
    [
        ([], "x", "boxes-number"),
        ([(0, 0, 1, 1)] * 51, "x", "boxes-number"),
        ([(0.5, 0, 0.5, 1)], "x", "box-outside"),
        ([(0, 0, 1.1, 1)], "x", "box-outside"),
        ([(float("nan"), 0, 1, 1)], "x", "box-outside"),
        ([(0, 0, 1, 1)], " ", "reason-missing"),
    ],
)
def test_a_redaction_that_makes_no_sense_changes_nothing(people, boxes, reason, code):
    evidence = add(here(), people["operator"], file=good(scene(52)))
    before = path_of(evidence.file.sha256, public=True).read_bytes()
    with pytest.raises(Problem) as refused:
        redact_photo(evidence, boxes, reason=reason, actor=people["operator"])
    assert refused.value.code == code
    assert path_of(evidence.file.sha256, public=True).read_bytes() == before
    assert not Entry.objects.filter(act="case.photo_redacted").exists()


def test_a_full_disk_redacts_nothing(people, monkeypatch):
    evidence = add(here(), people["operator"], file=good(scene(53)))

    def full(*_args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("townkeeper.files.actions.os.fsync", full)
        with pytest.raises(Problem) as refused:
            redact_photo(evidence, [(0, 0, 1, 1)], reason="x", actor=people["operator"])
    assert refused.value.code == "disk"
    assert not standing_redactions(evidence)
    assert not list(path_of(evidence.file.sha256).parent.glob("*.part"))


def test_who_looked_at_an_original_is_recorded_and_strangers_are_refused(people):
    evidence = add(here(), people["operator"], file=good(scene(54)))
    assert look_at_original(evidence, actor=people["verifier"]).read_bytes()[:2] == b"\xff\xd8"
    entry = Entry.objects.get(act="case.original_seen")
    assert entry.actor == "verifier"
    for stranger in ("leader", "GSJ"):
        with pytest.raises(Problem) as refused:
            look_at_original(evidence, actor=people[stranger])
        assert refused.value.code == "not-permitted"
    path_of(evidence.file.sha256).unlink()
    with pytest.raises(Problem) as refused:
        look_at_original(evidence, actor=people["verifier"])
    assert refused.value.code == "original-missing"
