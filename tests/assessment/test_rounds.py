"""A month is assessed, published, verified by itself, and never changes again."""

import json
from datetime import UTC, datetime

import pytest

from tests import make
from tests.assessment import world
from townkeeper.assessment.actions import (
    assess_month,
    publish_round,
    write_round_file,
)
from townkeeper.assessment.frozen import canonical, digest_of
from townkeeper.assessment.models import Round, UnitScore
from townkeeper.assessment.published import (
    cases_behind_score,
    content_of,
    months_in_a_row,
    rank_history,
    round_as_dict,
    round_file,
    verify_publication,
)
from townkeeper.cases.models import Case
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.keys import sign
from townkeeper.journal.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db):
    return make.staff(make.town())


@pytest.fixture
def draft(people):
    world.scheme()
    world.month(people)
    with world.after():
        return assess_month("2026-11", actor="clerk")


@pytest.fixture
def published(draft):
    with world.after():
        return publish_round(draft, actor="clerk")


def test_a_month_is_scored_from_its_cases(draft):
    data = round_as_dict(draft)
    units = {unit["code"]: unit for unit in data["units"]}
    # CGJ: four due, one late, one never done: 2 of 4; one of three reports sent back
    figures = units["CGJ"]["inputs"]
    assert (figures["on_time_rate"]["numerator"], figures["on_time_rate"]["denominator"]) == (2, 4)
    assert (figures["rework_rate"]["numerator"], figures["rework_rate"]["denominator"]) == (1, 3)
    assert units["CGJ"]["score"] == "58.33"  # 70 × 50 % + 20 × 66.67 % + 10
    assert units["S1"]["score"] == "100.00"
    assert (units["S1"]["rank"], units["S1"]["of"]) == (1, 1)
    assert (units["GSJ"]["score"], units["GSJ"]["note"]) == (None, "too-few-cases")
    assert data["round"]["period"] == "2026-11"
    assert data["totals"]["filed_count"]["numerator"] == 6
    rows = {score.unit.code: score for score in UnitScore.objects.select_related("unit")}
    assert str(rows["CGJ"].score) == "58.33"
    assert rows["GSJ"].rank is None


def test_every_figure_opens_to_as_many_cases(draft):
    content = content_of(draft)
    for code in content["units"]:
        for key, figure in content["figures"][code].items():
            if content["metrics"][key]["kind"] == "hours":
                continue
            behind = cases_behind_score(draft, code, key)
            assert len(behind["numerator"]) == figure["numerator"]
            assert len(behind["denominator"]) == (figure["denominator"] or 0)
    late = cases_behind_score(draft, "CGJ", "late_count")["numerator"]
    assert late == [Case.objects.get(title="市場門口垃圾堆積", opened_at__day=3).number]


def test_computing_again_replaces_the_draft(draft):
    with world.after():
        again = assess_month("2026-11", actor="clerk")
    assert (again.pk, again.number) == (draft.pk, 1)
    assert UnitScore.objects.filter(round=again).count() == 4
    assert Round.objects.count() == 1


def test_publishing_freezes_and_signs(published):
    path = round_file(published)
    assert path.name == "2026-11-monthly-1.json"
    assert verify_publication(path) == []
    before = path.read_bytes()
    assert write_round_file(published).read_bytes() == before
    acts = list(Entry.objects.filter(subject=published.subject).values_list("act", flat=True))
    assert acts == ["round.assessed", "round.published"]
    entry = Entry.objects.get(subject=published.subject, act="round.published")
    assert json.loads(entry.data)["digest"] == published.digest
    assert verify_journal().problems == []


def test_a_published_round_cannot_change(published):
    for change in ({"period": "2026-10"}, {"content": "{}"}, {"state": "draft"}):
        fresh = Round.objects.get(pk=published.pk)
        for name, value in change.items():
            setattr(fresh, name, value)
        with world.refused("round-published"):
            fresh.save()
    score = UnitScore.objects.filter(round=published).first()
    score.score = 100
    for forbidden in (
        score.save,
        score.delete,
        published.delete,
        lambda: Round.objects.filter(pk=published.pk).update(digest=""),
        lambda: Round.objects.all().delete(),
        lambda: UnitScore.objects.all().update(rank=1),
        lambda: UnitScore.objects.filter(round=published).delete(),
        lambda: publish_round(published, actor="clerk"),
    ):
        with world.refused("round-published"):
            forbidden()


def test_a_correction_stands_beside_the_old_one(published, people):
    world.handled(people, day=10, late=True)
    with world.after():
        corrected = publish_round(assess_month("2026-11", actor="clerk"), actor="clerk")
    assert corrected.number == 2
    published.refresh_from_db()
    assert published.state == Round.State.REPLACED
    assert json.loads(published.content)["round"]["number"] == 1
    assert round_file(published) != round_file(corrected)
    assert verify_publication(round_file(published)) == []
    assert verify_publication(round_file(corrected)) == []


def tampered(published, change) -> list[tuple[str, str]]:
    """Change the file as a forger would and see what is found."""
    path = round_file(published)
    envelope = json.loads(path.read_text())
    content = json.loads(envelope["content"])
    change(envelope, content)
    path.write_text(json.dumps(envelope))
    return [(finding.kind, finding.where) for finding in verify_publication(path)]


def test_a_changed_byte_is_found(published):
    def change(envelope, _content):
        envelope["content"] = envelope["content"].replace("58.33", "85.33")

    kinds = {kind for kind, _where in tampered(published, change)}
    assert {"digest", "signature", "score"} <= kinds


def test_a_forger_with_a_key_of_his_own_is_found(published, tmp_path, settings):
    def change(envelope, content):
        home = settings.HOME
        settings.HOME = tmp_path
        for sheet in content["sheets"]:
            sheet["score"] = "99.00" if sheet["unit"] == "CGJ" else sheet["score"]
        envelope["content"] = canonical(content)
        envelope["digest"] = digest_of(envelope["content"])
        made = sign(envelope["content"].encode())
        envelope |= {"signature": made.value, "key_id": made.key_id, "public_key": made.public_key}
        settings.HOME = home

    assert tampered(published, change) == [("key-unknown", ""), ("score", "CGJ.score")]


def test_a_list_of_cases_that_does_not_match_is_found(published):
    def change(envelope, content):
        content["cases"]["behind"]["CGJ"]["on_time_count"].append(0)
        content["figures"]["CGJ"]["handled_rate"]["value"] = "100"
        envelope["content"] = canonical(content)

    found = tampered(published, change)
    assert ("count", "CGJ.on_time_count") in found
    assert ("figure", "CGJ.handled_rate") in found


def test_units_that_were_added_or_left_out_are_found(published):
    def change(envelope, content):
        sheets = {sheet["unit"]: sheet for sheet in content["sheets"]}
        sheets["S1"]["items"][0]["points"] = "1.00"
        kept = [sheet for code, sheet in sheets.items() if code != "CGJ"]
        content["sheets"] = [*kept, {**sheets["CGJ"], "unit": "NEW"}]
        envelope["content"] = canonical(content)

    found = tampered(published, change)
    assert {("score", "CGJ"), ("score", "NEW"), ("score", "S1.items")} <= set(found)


def test_a_key_under_another_name_and_broken_content_are_found(published):
    def rename(envelope, _content):
        envelope["key_id"] = "0" * 16

    assert tampered(published, rename) == [("key-id", "")]

    def spoil(envelope, content):
        content["sheets"] = 3
        envelope["content"] = canonical(content)
        envelope["public_key"] = "xyz"

    found = {kind for kind, _where in tampered(published, spoil)}
    assert found == {"digest", "signature", "key-id", "unreadable"}


def test_whom_to_trust_may_be_said(published):
    path = round_file(published)
    assert verify_publication(path, trusted=[published.key_id]) == []
    assert [f.kind for f in verify_publication(path, trusted=[])] == ["key-unknown"]


def test_hours_open_to_the_handled_cases(draft):
    behind = cases_behind_score(draft, "CGJ", "handling_hours_median")
    assert len(behind["numerator"]) == 3


def test_what_is_no_publication_is_said_so(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("{")
    assert [finding.kind for finding in verify_publication(path)] == ["unreadable"]
    path.write_text('{"content": "{}", "digest": "", "signature": "", "public_key": ""}')
    assert [finding.kind for finding in verify_publication(path)] == ["format"]
    assert [f.kind for f in verify_publication(tmp_path / "none.json")] == ["unreadable"]


def test_history_says_gains_and_runs(people):
    world.scheme()
    world.month(people)
    with world.after():
        publish_round(assess_month("2026-11", actor="clerk"), actor="clerk")
    with world.clock.at(datetime(2027, 1, 5, tzinfo=UTC), "live"):
        december = publish_round(assess_month("2026-12", actor="clerk"), actor="clerk")
    history = rank_history("S1", "monthly")
    assert [(h["period"], h["rank"], h["change"]) for h in history] == [
        ("2026-12", None, None),
        ("2026-11", 1, None),
    ]
    assert content_of(december)["before"]["S1"][0]["rank"] == 1
    ranks = [{"rank": r, "is_last": r == 3} for r in (3, 3, 1, 3)]
    assert months_in_a_row(ranks) == {"first": 0, "last": 2}


@pytest.mark.parametrize(
    ("month", "code"),
    [("2026-13", "month-wrong"), ("last", "month-wrong"), ("2030-01", "month-to-come")],
)
def test_bad_months_are_refused(people, month, code):
    world.scheme()
    with world.refused(code):
        assess_month(month, actor="clerk")


def test_without_a_scheme_the_way_out_is_named(people):
    with world.refused("scheme-missing"):
        assess_month("2026-11", actor="clerk")


def test_an_unfinished_month_is_not_published(people):
    world.scheme()
    with world.clock.at(datetime(2026, 11, 20, tzinfo=UTC), "live"):
        draft = assess_month("2026-11", actor="clerk")
        with world.refused("month-not-over"):
            publish_round(draft, actor="clerk")


def test_a_touched_draft_is_not_published(draft):
    draft.content = draft.content.replace("58.33", "85.33")
    draft.save()
    with world.refused("round-touched"):
        publish_round(draft, actor="clerk")


def test_a_unit_in_two_groups_is_refused(people):
    groups = [*world.SCHEME["groups"], {"key": "more", "title": world.T, "units": ["CGJ"]}]
    world.scheme({**world.SCHEME, "groups": groups})
    with world.after(), world.refused("unit-in-two-groups"):
        assess_month("2026-11", actor="clerk")


def test_typed_in_figures_count_and_missing_ones_show(people):
    items = [
        *world.SCHEME["items"][:1],
        {"key": "said", "title": world.T, "metric": "entered:satisfaction", "weight": 30,
         "rule": {"kind": "linear", "zero_at": 0, "full_at": 100}},
    ]  # fmt: skip
    world.scheme({**world.SCHEME, "items": items})
    world.month(people)
    with world.after():
        draft = assess_month("2026-11", actor="clerk", entered={("CGJ", "satisfaction"): 90})
    units = {unit["code"]: unit for unit in round_as_dict(draft)["units"]}
    assert [item["status"] for item in units["CGJ"]["items"]] == ["scored", "scored"]
    assert [item["status"] for item in units["S1"]["items"]] == ["scored", "missing"]
    assert units["S1"]["items"][0]["full"] == "100.00"
