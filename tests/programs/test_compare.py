"""Two versions of a program are compared whole, and in words a leader can read."""

import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from townkeeper.programs.commands import diff_command
from townkeeper.programs.compare import PARTS, compare_folders, differences, keyed, tree_of
from townkeeper.programs.compare_words import MINOR, say_comparison
from townkeeper.programs.folder import read_folder
from townkeeper.programs.load import load_program

DONGXING = Path(__file__).parents[2] / "programs" / "dongxing"
TAGS = ("zh-Hant", "zh-Hans", "en")


@pytest.fixture(scope="module")
def original():
    return read_folder(DONGXING)


@pytest.fixture
def other(tmp_path):
    """A copy to edit: `other("duties.yaml", (from, to))` returns the folder as it reads then."""
    folder = tmp_path / "other"
    shutil.copytree(DONGXING, folder)

    def edit(name, *pairs):
        path = folder / name
        text = path.read_text("utf-8")
        for before, after in pairs:
            assert before in text
            text = text.replace(before, after, 1)
        path.write_text(text, "utf-8")
        return read_folder(folder)

    edit.folder = folder
    return edit


def said(before, after, tag="zh-Hant", **options):
    return [
        line
        for section in say_comparison(compare_folders(before, after), tag, **options)
        for line in section.lines
    ]


def test_the_same_program_has_no_difference(original):
    assert compare_folders(original, read_folder(DONGXING)).same


def test_moving_lines_and_splitting_files_is_no_difference(original, other):
    path = other.folder / "units" / "offices.yaml"
    data = yaml.safe_load(path.read_text("utf-8"))
    half = len(data["units"]) // 2
    rest = {"units": data["units"][half:]}
    data["units"] = list(reversed(data["units"][:half]))
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    (path.parent / "offices2.yaml").write_text(yaml.safe_dump(rest, allow_unicode=True), "utf-8")
    assert compare_folders(original, read_folder(other.folder)).same


@pytest.mark.parametrize(
    ("name", "pair", "line"),
    [
        (
            "categories.yaml",
            ("limit: 4wh", "limit: 2wh"),
            "街面秩序類：時限由4 工作小時改為2 工作小時（縮短）",
        ),
        (
            "procedures/problem.yaml",
            ("limit: 30wmin", "limit: 45wmin"),
            "城鄉環境問題處置 › 受理：時限由30 工作分鐘改為45 工作分鐘（放寬）",
        ),
        (
            "calendar.yaml",
            ("holidays: cn", "holidays: none"),
            "日曆：節假日由國家法定節假日改為無",
        ),
        ("categories.yaml", ("[亂搭亂建, ", "["), "私搭亂建：關鍵詞減少亂搭亂建"),
    ],
)
def test_a_change_is_said_in_words(original, other, name, pair, line):
    assert said(original, other(name, pair)) == [line]


def test_a_duty_given_to_another_says_whose_matters_move(original, other):
    newer = other(
        "duties.yaml", ("lead: 511011-CJD\n    assist: [each, 511011-SWJ]", "lead: 511011-SWJ")
    )
    first = said(original, newer)[0]
    assert first.startswith("佔道促銷宣傳、佔道經營、店外經營、無照經營遊商（")
    assert first.endswith("由城監東興大隊牽頭改為區商務局牽頭，共 16 條")


def test_a_duty_taken_away_says_that_nobody_leads(original, other):
    newer = other(
        "duties.yaml", ("lead: 511011-CJD\n    assist: [each, 511011-SWJ]", "assist: [each]")
    )
    assert "不再寫明由城監東興大隊牽頭" in said(original, newer)[0]
    assert "原無人負責" in said(newer, original)[0]


def test_sources_and_notes_are_counted_unless_asked_for(original, other):
    newer = other("categories.yaml", ("source: 篇2 L95", "source: 篇2 L96"))
    assert said(original, newer) == ["另有 1 處出處、說明有改動。"]
    assert said(original, newer, everything=True) == ["市容環境類：出處由篇2 L95改為篇2 L96"]


def test_many_new_entries_are_one_line(original, other):
    (other.folder / "units" / "villages.yaml").unlink()
    lines = said(original, read_folder(other.folder))
    assert any(line.startswith("取消 ") and "……" in line for line in lines)


@pytest.mark.parametrize("tag", TAGS)
def test_every_field_of_the_shipped_program_can_be_said(original, tag, tmp_path):
    """Against an empty program everything is new; each line is a sentence in that language."""
    empty = read_folder(tmp_path)
    for before, after in ((empty, original), (original, empty)):
        compared = compare_folders(before, after)
        assert {one.part for one in compared.differences} >= {"units", "duties", "procedures"}
        for section in say_comparison(compared, tag, everything=True):
            braces = section.part == "bulletins"  # their own texts have places for figures
            assert all(line.strip() and (braces or "{" not in line) for line in section.lines)


leaf = st.one_of(st.booleans(), st.integers(-5, 5), st.text("ab甲", max_size=3))
tree = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(tree, tree)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_differs_is_always_found(before, after):
    old = {"units": {"x": {"value": keyed(before)}}}
    new = {"units": {"x": {"value": keyed(after)}}}
    assert bool(list(differences(old, new))) == (old != new)


def test_every_part_of_a_folder_is_in_the_tree(original):
    tree = tree_of(original)
    assert set(tree) == set(PARTS)
    assert [part for part in PARTS if not tree[part]] == []
    assert "source" in MINOR


@pytest.mark.django_db
def test_a_folder_is_compared_with_what_is_loaded(other):
    from townkeeper.kit.errors import Problem

    with pytest.raises(Problem) as caught:
        diff_command(None, DONGXING)
    assert caught.value.code == "no-program"
    assert load_program(DONGXING, actor="test").ok
    assert diff_command(None, DONGXING).compared.same
    other("categories.yaml", ("limit: 4wh", "limit: 2wh"))
    report = diff_command(None, other.folder)
    assert report.words("en") == [
        "Kinds of matters",
        "  Street order: time limit was 4 working h and is now 2 working h (shorter)",
        "",
        "Differences: 1.",
    ]
    data = report.as_dict()["differences"]
    assert data == [
        {
            "part": "categories",
            "entry": "matter/09",
            "field": "limit",
            "kind": "changed",
            "before": "4wh",
            "after": "2wh",
        }
    ]


def test_a_broken_folder_says_so_and_compares_the_rest(original, other):
    other("duties.yaml", ("duties:", "duties: ["))
    report = diff_command(DONGXING, other.folder)
    assert report.unreadable
    assert any("duties.yaml" in line for line in report.words("en"))
