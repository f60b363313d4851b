"""Rankings: who sees which round, what a row says, and the way from a score to its cases."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.utils import translation

from tests import make
from tests.make import opened
from townkeeper.assessment.models import Round, Scheme, UnitScore
from townkeeper.assessment.program import SchemeFile
from townkeeper.assessment.scoring import Measure, score, sheet_as_dict
from townkeeper.journal.actions import touch_registers
from townkeeper.publication.models import Bulletin
from townkeeper.web.ranking_table import spark_points
from townkeeper.web.rules import figure, plain, rule_words

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 5, 4, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
GROUPS = {"S1": "urban", "S2": "urban", "D": "urban", "CGJ": "departments", "GSJ": "departments"}


@pytest.fixture
def units():
    return make.town()


@pytest.fixture
def people(units):
    return make.staff(units)


@pytest.fixture
def scheme():
    return make_scheme()


def make_scheme() -> Scheme:
    """The scheme that the district uses."""
    path = ROOT / "programs" / "dongxing" / "schemes" / "monthly.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    rules = SchemeFile.model_validate(data)
    return Scheme.objects.create(
        key="monthly",
        number=1,
        names=data["title"],
        definition=json.loads(rules.model_dump_json()),
        digest="x",
    )


def inputs(on_time: int, due: int) -> dict[str, Measure]:
    return {
        "on_time_rate": Measure.rate(on_time, due),
        "closed_on_time_rate": Measure.rate(on_time, due),
        "rework_rate": Measure.rate(1, due),
        "evasion_count": Measure.count(1),
        "self_found_rate": Measure.rate(1, due),
        "due_count": Measure.count(due),
    }


def make_round(scheme, units, period, given, *, state="published", lines=None, **fields) -> Round:
    """A round scored by the product's own rules from given inputs."""
    made = Round.objects.create(
        scheme=scheme, period=period, data_until=NOW, computed_at=NOW, computed_by="test",
        content=frozen(lines or {}), **fields,
    )  # fmt: skip
    rules = SchemeFile.model_validate(scheme.definition)
    members = {code: GROUPS[code] for code in given}
    for sheet in score(rules, members=members, inputs={c: inputs(*g) for c, g in given.items()}):
        UnitScore.objects.create(
            round=made, unit=units[sheet.unit], unit_name=units[sheet.unit].name,
            group=sheet.group, score=sheet.score, rank=sheet.rank, low=sheet.low, high=sheet.high,
            rank_low=sheet.rank_low, rank_high=sheet.rank_high, note=sheet.note,
            items=sheet_as_dict(sheet)["items"],
        )  # fmt: skip
    made.state = state
    made.save()
    return made


def frozen(lines: dict[str, dict[str, list[str]]]) -> str:
    """The part of a round's content that names the cases behind its figures."""
    if not lines:
        return "{}"
    numbers = sorted({n for counts in lines.values() for found in counts.values() for n in found})
    behind = {
        unit: {count: [numbers.index(n) for n in found] for count, found in counts.items()}
        for unit, counts in lines.items()
    }
    metric = {"kind": "rate", "numerator": "on_time_count", "denominator": "due_count"}
    cases = {"numbers": numbers, "behind": behind}
    return json.dumps({"metrics": {"on_time_rate": metric}, "cases": cases})


@pytest.fixture
def rounds(scheme, units):
    before = make_round(scheme, units, "2026-09", {"S1": (70, 100), "S2": (90, 100)})
    cases = [opened(title=f"case {n}", area="S1", category="matter/09022") for n in range(3)]
    numbers = [case.number for case in cases]
    lines = {"S1": {"on_time_count": numbers[:2], "due_count": [*numbers, "DX20990101-0001"]}}
    now = make_round(
        scheme, units, "2026-10", {"S1": (95, 100), "S2": (80, 100), "D": (1, 2), "CGJ": (9, 10)},
        lines=lines, digest="ab" * 32, key_id="k1", origin="simulated",
    )  # fmt: skip
    draft = make_round(scheme, units, "2026-11", {"S1": (9, 10)}, state="draft")
    return before, now, draft


def page(client, path: str, language: str = "en") -> str:
    client.cookies["django_language"] = language
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_drafts_are_for_those_who_work_on_them(client, people, rounds):
    client.force_login(people["supervisor"])
    assert all(f"/office/rankings/{r.pk}/" in page(client, "/office/rankings/") for r in rounds)
    client.force_login(people["leader"])
    text = page(client, "/office/rankings/")
    assert f"/office/rankings/{rounds[1].pk}/" in text
    assert f"/office/rankings/{rounds[2].pk}/" not in text
    assert client.get(f"/office/rankings/{rounds[2].pk}/").status_code == 404
    client.force_login(people["CGJ"])  # this role may not view rounds
    assert f"/office/rankings/{rounds[1].pk}/" not in page(client, "/office/rankings/")
    assert client.get(f"/office/rankings/{rounds[1].pk}/").status_code == 404
    assert client.get("/office/rankings/999999/").status_code == 404


def test_a_ranking_shows_places_changes_ranges_and_averages(client, people, rounds):
    client.force_login(people["leader"])
    text = page(client, f"/office/rankings/{rounds[1].pk}/")
    scores = {s.unit.code: s for s in UnitScore.objects.filter(round=rounds[1])}
    assert f"<b>{scores['S1'].score:.2f}</b>" in text
    assert 'class="chg up"' in text
    assert 'class="chg down"' in text
    assert f"{scores['S1'].low:.1f}–{scores['S1'].high:.1f}" in text
    assert "95.0%" in text
    assert "ab" * 32 in text
    assert 'class="spark' in text
    assert "Simulated" in text
    assert 'role="img" aria-label="Scores by month' in text


def test_too_few_cases_are_shown_apart_and_never_as_zero(client, people, rounds):
    client.force_login(people["leader"])
    text = page(client, f"/office/rankings/{rounds[1].pk}/")
    apart = text[text.index('id="h-unranked"') :]
    assert "東興區" in apart
    assert "too few cases in this period" in apart


def test_groups_are_tabs(client, people, rounds):
    client.force_login(people["leader"])
    text = page(client, f"/office/rankings/{rounds[1].pk}/?group=departments")
    assert "區城管局" in text
    assert "西林街道" not in text
    assert "西林街道" in page(client, f"/office/rankings/{rounds[1].pk}/?group=nonsense")


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_the_pages_exist_in_three_languages(client, people, rounds, language):
    client.force_login(people["leader"])
    for path in ("", f"{rounds[1].pk}/", f"{rounds[1].pk}/units/S1/"):
        page(client, f"/office/rankings/{path}", language)


def test_a_score_opens_to_its_items_and_each_figure_to_its_cases(client, people, rounds):
    client.force_login(people["leader"])
    sheet = page(client, f"/office/rankings/{rounds[1].pk}/units/S1/")
    assert "No points at 60%, all 50 points at 95%, evenly between." in sheet
    address = f"/office/rankings/{rounds[1].pk}/units/S1/on-time/numerator/"
    assert address in sheet
    behind = page(client, address)
    assert "2 entries" in behind
    assert behind.count('href="/office/cases/DX') == 2
    behind = page(client, address.replace("numerator", "denominator"))
    assert "4 entries" in behind
    assert "1 of them you may not see" in behind


def test_what_is_not_there_is_not_found(client, people, rounds):
    client.force_login(people["leader"])
    base = f"/office/rankings/{rounds[1].pk}/units"
    for path in ("XX/", "S1/nothing/numerator/", "S1/on-time/neither/", "GSJ/"):
        assert client.get(f"{base}/{path}").status_code == 404


def test_a_figure_without_kept_cases_says_so(client, people, rounds):
    client.force_login(people["leader"])
    text = page(client, f"/office/rankings/{rounds[0].pk}/units/S1/on-time/numerator/")
    assert "does not keep the cases" in text


def test_bulletins_are_downloaded_only_from_the_home_folder(client, people, rounds):
    out = Path(settings.HOME) / "out"
    out.mkdir(exist_ok=True)
    (out / "b.pdf").write_bytes(b"%PDF-1.7")
    made = Bulletin.objects.create(
        round=rounds[1], language="zh-Hant", made_at=NOW, made_by="test",
        files={"pdf": "out/b.pdf", "docx": "../../etc/passwd", "xlsx": "out/absent.xlsx"},
    )  # fmt: skip
    client.force_login(people["leader"])
    base = f"/office/rankings/{rounds[1].pk}/bulletins/{made.pk}"
    assert f"{base}/pdf/" in page(client, f"/office/rankings/{rounds[1].pk}/")
    answer = client.get(f"{base}/pdf/")
    assert b"".join(answer.streaming_content) == b"%PDF-1.7"
    assert answer["Content-Type"] == "application/pdf"
    for form in ("docx", "xlsx", "exe"):
        assert client.get(f"{base}/{form}/").status_code == 404
    other = f"/office/rankings/{rounds[0].pk}/bulletins/{made.pk}/pdf/"
    assert client.get(other).status_code == 404


def test_the_table_asks_the_database_a_fixed_number_of_times(
    client, people, rounds, django_assert_max_num_queries
):
    client.force_login(people["leader"])
    touch_registers()
    page(client, "/office/rankings/")  # names of registers are read once in a process
    with django_assert_max_num_queries(12):
        page(client, f"/office/rankings/{rounds[1].pk}/")


def test_small_lines_stay_in_their_box():
    line, end = spark_points([Decimal(n) for n in range(12)])
    assert line.count(",") == 12
    assert end == ("88.0", "4.0")
    assert spark_points([]) == ("", ("", ""))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"kind": "linear", "zero_at": "60", "full_at": "95.0"},
            "No points at 60%, all 50 points at 95%, evenly between.",
        ),
        (
            {"kind": "bands", "bands": [{"at_least": 90, "points": 5}, {"points": 0}]},
            "from 90%: 5 points; otherwise: 0 points",
        ),
        (
            {"kind": "bands", "bands": [{"at_most": 2, "points": 5}, {"points": 1}]},
            "up to 2%: 5 points; otherwise: 1 points",
        ),
        (
            {"kind": "deduction", "per_unit": "2", "cap": "10", "free": 0},
            "Each one costs 2 points, at most 10.",
        ),
        (
            {"kind": "deduction", "per_unit": "2", "free": "3"},
            "Each one beyond 3 costs 2 points, at most 50.",
        ),
        (
            {"kind": "per_unit", "per_unit": "0.50"},
            "Each one counts 0.5 points, at most 50.",
        ),
        (
            {"kind": "per_unit", "per_unit": "1", "free": 2},
            "Each one beyond 2 counts 1 points, at most 50.",
        ),
        (
            {"kind": "rank", "first": 100, "last": "20"},
            "By place: the first of the group gets 100% of the points, the last 20%.",
        ),
        ({"kind": "new"}, "new"),
    ],
)
def test_rules_are_said_in_words(rule, words):
    with translation.override("en"):
        assert rule_words(rule, weight="50", metric="on_time_rate") == words


def test_figures_are_written_by_their_kind():
    assert figure("on_time_rate", "91.25") == "91.2%"
    assert figure("due_count", 1234) == "1,234"
    assert figure("entered:satisfaction", "92.50") == "92.5"
    assert figure("on_time_rate", None) == "–"
    assert plain("0.00") == "0"
