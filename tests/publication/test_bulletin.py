"""A bulletin says what the frozen round says, whatever happens to the database afterwards."""

import json
import re

import docx
import pytest
import yaml
from python_calamine import CalamineWorkbook

from tests import make
from tests.assessment import world
from townkeeper.assessment.actions import assess_month, publish_round
from townkeeper.cases.models import Case, Task
from townkeeper.journal.models import Entry
from townkeeper.publication.actions import (
    install_template,
    issue_bulletin,
    make_bulletin,
    template_for,
)
from townkeeper.publication.bulletins import Issue, _addressed, bulletin_document
from townkeeper.publication.frozen_figures import NAMED, figure_text, figures_of
from townkeeper.publication.models import Bulletin
from townkeeper.publication.template import default_template
from townkeeper.publication.typeset.document import figures, tables
from townkeeper.units.models import Unit

pytestmark = pytest.mark.django_db
LANGUAGES = ("zh-Hant", "zh-Hans", "en")
ISSUE = {tag: Issue(5, "東興區", tag) for tag in LANGUAGES}


@pytest.fixture
def round_(db):
    people = make.staff(make.town())
    world.scheme()
    world.month(people)
    with world.after():
        return publish_round(assess_month("2026-11", actor="clerk"), actor="clerk")


@pytest.fixture
def dongxing():
    path = make.ROOT / "programs" / "dongxing" / "bulletins" / "monthly.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_comes_from_the_frozen_round(round_, language):
    content = json.loads(round_.content)
    document = bulletin_document(round_, None, ISSUE[language])
    found = list(figures(document))
    assert len(found) > 20
    for figure in found:
        if not figure.key.startswith("issue."):
            assert figure.text == figure_text(content, figure.key, language)
    # and no digit of the text is anything but such a figure
    for section in document.sections:
        for paragraph in section.paragraphs:
            bare = "".join(run.text for run in paragraph.runs if run not in found)
            assert not re.search(r"\d", bare), bare


def test_the_text_says_the_month(round_):
    text = "".join(
        paragraph.text
        for section in bulletin_document(round_, None, ISSUE["zh-Hant"]).sections
        for paragraph in section.paragraphs
    )
    assert "2026年11月" in text
    assert "共立案6件；應處置6件，已處置5件，處置率83.33%" in text
    assert "按期處置4件，按期處置率66.67%" in text
    assert "返工1件，返工率20.00%，較多的是區城管局（1件）" in text
    assert "部門組為區城管局（58.33分）；街道組為東興街道（100.00分）" in text
    assert "較多的事項是暴露垃圾（1件）" in text


@pytest.mark.parametrize(
    ("names", "language", "line"),
    [
        (("各鄉鎮", "各部門"), "zh-Hant", "各鄉鎮，各部門："),
        (("各部门：",), "zh-Hans", "各部门："),
        (("Parks", "Roads"), "en", "Parks, Roads:"),
        ((), "zh-Hant", ""),
    ],
)
def test_the_line_of_recipients_ends_with_a_colon(names, language, line):
    assert _addressed(names, language) == line


def test_ranking_tables_are_apart_and_name_those_without_a_rank(round_):
    document = bulletin_document(round_, None, ISSUE["en"])
    ranking = [table for table in tables(document) if table.key.startswith("sheets.")]
    assert [table.title for table in ranking] == ["Departments", "Streets"]
    rows = {row[1]: row for table in ranking for row in table.rows}
    assert rows["區城管局"][:4] == (1, "區城管局", 58.33, "1")
    assert rows["區工商局"][0] is None
    assert rows["區工商局"][-1] == "too few cases, not ranked"
    overdue = next(table for table in tables(document) if table.key == "overdue")
    assert [row[1:] for row in overdue.rows] == [("區城管局", "暴露垃圾", "2026-11-10")]


def test_the_bulletin_stays_the_same_when_the_database_changes(round_):
    before = bulletin_document(round_, None, ISSUE["zh-Hant"])
    Task.objects.update(due_at=None)
    Case.objects.update(unit=None, category=None)
    Unit.objects.update(name="改名", names={})
    assert bulletin_document(round_, None, ISSUE["zh-Hant"]) == before


def test_files_are_made_recorded_and_numbered(round_, tmp_path):
    files = make_bulletin(round_, tmp_path / "a", actor="clerk")
    assert set(files) == {"pdf", "docx", "xlsx"}
    assert files["pdf"].read_bytes().startswith(b"%PDF")
    text = "\n".join(p.text for p in docx.Document(str(files["docx"])).paragraphs)
    assert "按期處置率66.67%" in text
    names = CalamineWorkbook.from_path(str(files["xlsx"])).sheet_names
    assert {"部門", "街道", "超期未處置案件清單"} <= set(names)
    again = make_bulletin(round_, tmp_path / "b", actor="clerk")
    assert again["pdf"].read_bytes() == files["pdf"].read_bytes()
    assert {b.number for b in Bulletin.objects.all()} == {"考評通報〔2026〕1號"}
    entry = Entry.objects.filter(subject=round_.subject).order_by("seq").last()
    assert entry.act == "bulletin.made"
    assert json.loads(entry.data)["digests"] == Bulletin.objects.last().digests


def test_a_draft_has_no_bulletin(round_):
    with world.after():
        draft = assess_month("2026-11", actor="clerk")
    with world.refused("round-draft"):
        issue_bulletin(draft, actor="clerk")


def test_a_correction_says_so(round_):
    with world.after():
        second = publish_round(assess_month("2026-11", actor="clerk"), actor="clerk")
    assert bulletin_document(second, None, ISSUE["en"]).label == "Correction (version 2)"
    second.origin = "simulated"
    label = bulletin_document(second, None, ISSUE["zh-Hant"]).label
    assert label == "模擬數據 · 更正（第2版）"


def test_a_program_brings_its_own_text(round_, dongxing):
    assert install_template(dongxing, actor="test") == "added"
    assert install_template(dongxing, actor="test") == ""
    template = template_for(round_)
    document = bulletin_document(round_, template, ISSUE["zh-Hant"])
    assert document.masthead == "東興區城鄉環境綜合治理辦公室文件"
    assert document.number == "東治理辦通〔2026〕5號"
    assert document.title == ("東興區2026年11月", "城鄉環境綜合治理考評情況通報")
    assert "本月全區共立案6件" in document.sections[1].paragraphs[0].text
    english = bulletin_document(round_, template, ISSUE["en"])
    assert english.masthead == document.masthead
    assert english.sections[1].paragraphs[0].text.startswith("6 cases were filed.")


def test_an_unknown_figure_is_refused_with_the_known_ones(round_, dongxing):
    dongxing["opening"] = "共{happiness}件"
    install_template(dongxing, actor="test")
    with world.refused("document-figure"):
        bulletin_document(round_, template_for(round_), ISSUE["zh-Hant"])


def test_what_is_no_template_is_refused():
    with world.refused("bulletin-wrong"):
        install_template({"bulletin": "x"}, actor="test")


def test_every_short_name_leads_somewhere(round_):
    content = json.loads(round_.content)
    for language in LANGUAGES:
        assert set(NAMED) <= set(figures_of(content, language))
        assert default_template(language).language == language
