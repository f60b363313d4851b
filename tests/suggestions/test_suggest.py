"""Suggestions in the office: keywords first, then its own cases; choices recorded and measured."""

from datetime import timedelta

import pytest
from django.utils import translation

from tests import make
from tests.suggestions.test_classifier import examples
from townkeeper.cases.models import Case
from townkeeper.duties.models import Category
from townkeeper.journal.actions import touch_registers, verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.suggestions import suggest as module
from townkeeper.suggestions.actions import decided_examples, record_choice, train_model
from townkeeper.suggestions.measuring import measure_offers
from townkeeper.suggestions.models import Offer
from townkeeper.suggestions.suggest import current_model, suggest, suggest_owner

pytestmark = pytest.mark.django_db

KEYS = {"refuse": "matter/06010", "stall": "matter/09022", "noise": "local/noise"}


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def units(settings, tmp_path):
    settings.HOME = tmp_path
    module._kept.clear()
    made = make.town()
    Category.objects.filter(key="matter/06010").update(
        keywords=["垃圾", "垃圾堆"], aliases=["0601"]
    )
    Category.objects.create(key="local/noise", kind="local", name="施工噪音")
    touch_registers()
    return made


def closed_cases(n=150, *, origin="imported", unit=None):
    """Cases that were opened and closed under the kinds of the examples."""
    first = make.opened()
    ids = {c.key: c.pk for c in Category.objects.all()}
    rows = [
        Case(
            number=f"C{origin}{i}", procedure_id=first.procedure_id, step="closed", stage="closed",
            title=row.title, text=row.text, category_id=ids[KEYS[row.label]], unit=unit,
            opened_at=make.MONDAY, closed_at=make.MONDAY + timedelta(minutes=i), origin=origin,
            updated_at=make.MONDAY, area=unit,
        )
        for i, row in enumerate(examples(n))
    ]  # fmt: skip
    Case.objects.bulk_create(rows)
    return first


def test_before_there_is_a_model_keywords_answer_and_say_so(units):
    found = suggest("門口有一個垃圾堆", "還有噪音")
    assert [row.category for row in found] == ["matter/06010"]
    assert found[0].reason == ("垃圾堆",)
    assert found[0].confidence is None
    assert found[0].model == "keywords"
    assert suggest("0601") == []
    assert suggest("") == []


def test_groups_and_unused_categories_are_not_suggested(units):
    assert suggest("市容環境很差") == []
    Category.objects.filter(key="matter/06010").update(is_used=False)
    touch_registers()
    assert suggest("垃圾") == []


def test_training_needs_enough_decided_cases(units):
    closed_cases(90)
    with pytest.raises(Problem, match="90 decided cases in 3 categories"):
        train_model(actor="test")
    assert current_model() is None
    assert not Entry.objects.filter(subject="suggestions").exists()


def test_training_on_the_offices_own_cases(units):
    closed_cases()
    made = train_model(actor="wang")
    assert made.measured.top_1 > made.measured.baseline + 0.4
    found = suggest("橋頭小販擺攤", "")
    assert found[0].category == "matter/09022"
    assert found[0].name == "流動攤販"
    assert found[0].confidence > 0.6
    assert found[0].model == made.version
    entry = Entry.objects.get(subject="suggestions")
    assert entry.actor == "wang"
    assert made.version in entry.data
    assert verify_journal().problems == []


def test_simulated_cases_teach_only_when_asked(units):
    closed_cases(origin="simulated")
    assert decided_examples() == []
    assert len(decided_examples(simulated=True)) == 150


def test_what_the_model_never_saw_may_still_be_named_by_keywords(units):
    closed_cases()
    train_model(actor="test")
    Category.objects.create(key="local/lamp", kind="local", name="路燈不亮", keywords=["路燈"])
    touch_registers()
    found = suggest("小區路燈壞了", "垃圾也多")
    assert len(found) == 3
    assert found[-1].category == "local/lamp"
    assert found[-1].model == "keywords"


def test_a_category_taken_out_of_use_is_not_suggested_any_more(units):
    closed_cases()
    train_model(actor="test")
    Category.objects.filter(key="matter/09022").update(is_used=False)
    touch_registers()
    assert "matter/09022" not in [row.category for row in suggest("小販擺攤")]


def test_a_broken_model_does_not_keep_a_report_waiting(units, caplog):
    closed_cases()
    train_model(actor="test")
    (module.models_folder() / "category.json").write_text("{")
    assert suggest("垃圾")[0].model == "keywords"
    assert "cannot be used" in caplog.text
    with pytest.raises(Problem, match="Train it again"):
        current_model()


def test_the_owner_is_the_registers_answer_with_its_reason(units):
    owner = suggest_owner("matter/06010", area="S1")
    assert owner.unit == "CGJ"
    assert owner.reason["source"] == "篇2 L95"
    assert owner.elsewhere == ()


def test_nobody_on_duty_is_said_loudly(units):
    owner = suggest_owner("local/nobody", area="S1")
    assert owner.unit is None
    assert owner.name == ""
    assert owner.as_dict()["value"] is None


def test_where_the_office_really_sent_such_cases(units):
    closed_cases(unit=units["S1"])
    went = suggest_owner("matter/06010", area="S1").elsewhere
    assert [(unit.unit, unit.cases == unit.of) for unit in went] == [("S1", True)]
    assert suggest_owner("matter/06010", area="S2").elsewhere == ()
    assert suggest_owner("matter/09022", area="S1").elsewhere == ()


@pytest.mark.parametrize(
    ("category", "area", "code"),
    [("none/1", None, "category-unknown"), ("matter/06010", "X", "area-unknown")],
)
def test_unknown_codes_are_named(units, category, area, code):
    with pytest.raises(Problem) as error:
        suggest_owner(category, area=area)
    assert error.value.code == code


def offered(*keys, confidence=0.8):
    return [{"value": key, "confidence": confidence, "model": "m1"} for key in keys]


def test_a_choice_is_recorded_with_its_history_and_changes_nothing(units):
    case = make.opened()
    given = offered("matter/09022", "matter/06010")
    offer = record_choice(case, kind="category", offered=given, chosen="matter/06010", actor="wang")
    assert (offer.rank, offer.is_accepted, offer.model) == (2, True, "m1")
    again = record_choice(case, kind="category", offered=given, chosen="matter/06010", actor="wang")
    assert again == offer
    entry = Entry.objects.get(act="suggestion.answered")
    assert entry.subject == case.subject
    before = case.version
    case.refresh_from_db()
    assert case.version == before


@pytest.mark.parametrize("chosen", ["", "local/nobody"])
def test_none_of_them_is_an_answer_too(units, chosen):
    offer = record_choice(
        make.opened(), kind="category", offered=offered("matter/09022"), chosen=chosen, actor="w"
    )
    assert (offer.rank, offer.is_accepted) == (None, False)


def test_an_unknown_kind_is_refused(units):
    with pytest.raises(Problem, match="no such kind"):
        record_choice(make.opened(), kind="mood", offered=[], chosen="", actor="w")


def test_measured_continuously_by_month_band_and_against_the_most_frequent(units):
    refuse, stall = "matter/06010", "matter/09022"
    plan = [  # days after Monday, offered, chosen, confidence
        (0, (refuse, stall), refuse, 0.95),
        (1, (refuse, stall), stall, 0.6),
        (2, (stall, refuse), "local/nobody", 0.3),
        (40, (refuse,), refuse, 0.92),
    ]
    for days, keys, chosen, confidence in plan:
        at = make.MONDAY + timedelta(days=days)
        case = make.opened(at)
        with clock.at(at, "live"):
            record_choice(
                case, kind="category", offered=offered(*keys, confidence=confidence),
                chosen=chosen, actor="w",
            )  # fmt: skip
    found = measure_offers()
    assert found["offers"] == 4
    assert found["top_1"] == 0.5
    assert found["top_3"] == 0.75
    assert found["baseline"] == 0.5
    assert [m["month"] for m in found["months"]] == ["2026-11", "2026-12"]
    assert [(b["low"], b["offers"], b["right"]) for b in found["bands"]] == [
        (0.25, 1, 0.0), (0.5, 1, 0.0), (0.9, 2, 1.0),
    ]  # fmt: skip
    # the case is closed under another category than was chosen at entry: that is the truth
    last = Offer.objects.latest("at").case
    Case.objects.filter(pk=last.pk).update(stage="closed", category=Category.objects.get(key=stall))
    assert measure_offers()["top_1"] == 0.25
    assert measure_offers(until=make.MONDAY + timedelta(days=30))["offers"] == 3
    assert measure_offers("owner")["offers"] == 0
