"""The district's own program: checks clean, and says what the speech says."""

import re
from pathlib import Path

import pytest
import yaml

from tests.programs.conftest import DONGXING
from townkeeper.kit.schema import LANGUAGES
from townkeeper.programs.check import check_program
from townkeeper.programs.findings import wordings
from townkeeper.programs.folder import read_folder
from townkeeper.programs.sources import lines_of, references

SPEECHES = Path(__file__).parents[3] / "shared" / "mission" / "speeches.txt"


def test_the_district_has_only_notes() -> None:
    report = check_program(DONGXING)
    assert [str(f) for f in report.findings if f.severity != "note"] == []
    assert report.counts["units"] > 300
    assert report.counts["places"] == 23


def test_the_speech_has_every_line_that_is_named() -> None:
    if not SPEECHES.exists():
        pytest.skip("the speeches are not beside the checkout (../shared/mission)")
    report = check_program(DONGXING, policy=SPEECHES)
    assert [f for f in report.findings if f.code.startswith("source")] == []


def test_words_of_duties_stand_in_the_speech() -> None:
    if not SPEECHES.exists():
        pytest.skip("the speeches are not beside the checkout (../shared/mission)")
    lines = SPEECHES.read_text("utf-8").splitlines()
    for entry in yaml.safe_load((DONGXING / "duties.yaml").read_text("utf-8"))["duties"]:
        text = "".join(lines[number - 1] for number in lines_of(entry["source"]))
        text = re.sub(r"[\s,,]", "", text).replace("(", "(").replace(")", ")")
        for clause in re.split(r"[，。、;]", entry["words"]):
            plain = re.sub(r"\s", "", clause).replace("（", "(").replace("）", ")")
            assert plain in text.replace("汙", "污").replace("，", ""), (entry["key"], clause)


def test_every_fact_has_a_source_or_a_reason() -> None:
    folder = read_folder(DONGXING)
    assert folder.program
    for key, setting in folder.program.settings.items():
        assert setting.source or setting.default_because, key
        assert setting.value is not None or setting.decide, key
    sources = [s for d in folder.documents.values() for _place, s in references(d)]
    assert len(sources) > 150


def test_every_finding_is_worded_in_every_language() -> None:
    package = Path(__file__).parents[2] / "src" / "townkeeper" / "programs"
    code = "".join(file.read_text("utf-8") for file in package.glob("*.py"))
    for key, wording in wordings().items():
        for language in LANGUAGES:
            assert wording.message[language], (key, language)
            assert bool(wording.hint[language]) == bool(wording.hint["en"]), (key, language)
        named = set(re.findall(r"{(\w+)}", wording.message["en"].replace("{{", "")))
        for language in LANGUAGES:
            said = set(re.findall(r"{(\w+)}", wording.message[language].replace("{{", "")))
            assert said == named, (key, language)
        assert f'"{key}"' in code or key.startswith("encoding-"), key
