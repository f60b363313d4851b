"""Drafting a program from records: who leads, which limits, what a person must decide."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from django.utils import translation

from townkeeper.cases.imports.mapping import ImportMapping, load_mapping
from townkeeper.cases.imports.run import import_file
from townkeeper.cases.models import Case
from townkeeper.duties.models import Category
from townkeeper.journal.actions import verify_journal
from townkeeper.kit.errors import Problem
from townkeeper.programs.check import check_program
from townkeeper.programs.draft import DraftReport, draft_program
from townkeeper.programs.draft_answers import Answers, load_answers
from townkeeper.programs.draft_learn import Spans
from townkeeper.programs.draft_limits import WeekGuess, guess_limit
from townkeeper.programs.draft_model import alike, looks_like_code
from townkeeper.programs.load import load_program
from townkeeper.units.models import Unit

MAPPING = """
system: hotline
title: {zh-Hans: 某县热线, en: Hotline of a county}
number_prefix: HL
time_zone: Asia/Shanghai
as_of: 2012-01-01
columns:
  number: 编号
  opened: 接报时间
  due: 时限
  closed: 办结时间
  category: {column: 类别, parent: 大类}
  unit: 单位
  area: 乡镇
"""
MONDAY = datetime(2011, 7, 4, 9, 0)
DOCS = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def mapping_of(tmp_path: Path, text: str = MAPPING) -> ImportMapping:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def working_day_after(start: datetime, days: int) -> datetime:
    while days:
        start += timedelta(days=1)
        days -= start.weekday() < 5
    return start


def records() -> list[dict[str, str]]:
    """Four weeks: refuse (2 wd, CGJ), stalls (town by town), potholes (7 d, two units), lamps."""
    rows = []
    for n in range(160):
        opened = MONDAY + timedelta(days=n % 28, minutes=n)
        town = ("东兴镇", "西林镇")[n % 2]
        kind, group, unit, due = (
            ("暴露垃圾", "环卫", "城管局", working_day_after(opened, 2).replace(hour=17, minute=0)),
            ("流动摊贩", "秩序", town + "政府", opened + timedelta(hours=24)),
            ("路面坑洞", "道路", ("交通局", "住建局")[n // 4 % 2], opened + timedelta(days=7)),
            ("路灯", "道路", "住建局", None),
        )[n % 4 if n % 8 != 4 else 1]
        if unit.endswith("镇政府"):
            town = unit[:3]
        closed = opened.replace(hour=9 + n % 8)
        rows.append(
            {
                "编号": str(n),
                "接报时间": f"{opened}",
                "时限": f"{due or ''}",
                "办结时间": f"{closed}" if closed >= opened else f"{opened}",
                "类别": kind,
                "大类": group,
                "单位": unit,
                "乡镇": town,
            }
        )
    rows[0]["单位"] = ""
    rows[3]["单位"] = "住建 局"
    return rows


def table(tmp_path: Path, rows: list[dict[str, str]]) -> Path:
    path = tmp_path / "records.csv"
    with path.open("w", encoding="gb18030", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def draft(tmp_path: Path, answers: Answers | None = None, rows=None) -> tuple[DraftReport, Path]:
    folder = tmp_path / "program"
    path = table(tmp_path, rows or records())
    return draft_program(path, mapping_of(tmp_path), folder, answers=answers), folder


def read(folder: Path, name: str):
    return yaml.safe_load((folder / name).read_text(encoding="utf-8"))


def kinds(folder: Path) -> dict[str, dict]:
    return {entry["name"]: entry for entry in read(folder, "categories.yaml")["local"]}


def decided(report: DraftReport, kind: str) -> dict[str, str]:
    return {one.subject: one.suggestion for one in report.decisions if one.kind == kind}


def test_units_categories_limits_and_duties_are_learnt(tmp_path):
    report, folder = draft(tmp_path)
    assert (report.rows, report.categories, report.skipped) == (160, 4, 0)
    units = {unit["name"]: unit for unit in read(folder, "units/units.yaml")["units"][1:]}
    assert {"城管局", "交通局", "住建局", "东兴镇政府"} <= set(units)
    assert (units["城管局"]["kind"], units["西林镇"]["kind"]) == ("department", "township")
    known = kinds(folder)
    assert known["暴露垃圾"]["limit"] == "2wd"
    assert known["流动摊贩"]["limit"] == "24h"
    assert known["路面坑洞"]["limit"] == "7d"
    assert "limit" not in known["路灯"]
    assert known["路面坑洞"]["parent"] == known["道路"]["key"]
    assert "Explains" in known["暴露垃圾"]["default_because"]["en"]
    leads = {
        (duty["lead"], area): set(duty["categories"])
        for duty in read(folder, "duties.yaml")["duties"]
        for area in duty["area"]
    }
    refuse, stalls = known["暴露垃圾"]["key"], known["流动摊贩"]["key"]
    assert refuse in leads[units["城管局"]["code"], "HL"]
    for town in ("东兴镇", "西林镇"):
        assert stalls in leads[units[f"{town}政府"]["code"], units[town]["code"]]
    assert not any(known["路面坑洞"]["key"] in keys for keys in leads.values())


def test_what_a_person_must_decide_comes_with_evidence(tmp_path):
    report, folder = draft(tmp_path)
    assert set(decided(report, "leads")) == {"路面坑洞"}
    [pothole] = [one for one in report.decisions if one.kind == "leads"]
    assert (pothole.rows, "50%" in pothole.evidence) == (40, True)
    assert set(decided(report, "limits")) == {"路灯", "流动摊贩"}
    assert decided(report, "same.unit") == {"住建 局": "住建局"}
    assert "住建 局" in decided(report, "drop.unit")
    assert decided(report, "blank") == {"单位": ""}
    assert {"place", "office", "hours", "scheme"} <= {one.kind for one in report.decisions}
    text = (folder / "DECISIONS.md").read_text(encoding="utf-8")
    assert "| 路面坑洞 |" in text
    assert "交通局 50%" in text
    assert report.words("en")[0].startswith("160 records read")


def test_the_draft_passes_the_check_and_loads(tmp_path, db):
    report, folder = draft(tmp_path)
    checked = check_program(folder)
    assert [finding.code for finding in checked.findings if finding.severity == "error"] == []
    warned = {finding.code for finding in checked.findings if finding.severity == "warning"}
    assert warned == {"duty-gap", "limit-elapsed-closed"}, "each is a decision in the list"
    assert load_program(folder, actor="test").ok
    assert Unit.objects.get(name="城管局").kind == "department"
    assert Category.objects.get(name="暴露垃圾").limit == "2wd"
    taken = import_file(
        tmp_path / "records.csv", mapping_of(tmp_path), actor="test", out_dir=tmp_path
    )
    assert (taken.created, taken.rejected) == (160, 0)
    assert Case.objects.ownerless().count() == 0
    assert Case.objects.filter(unit=None).count() == 1
    assert read(folder, "program.yaml")["languages"][0] == "zh-Hans"
    assert report.files[-2:] == ["DECISIONS.md", "decisions.yaml"]


def test_answers_are_kept_when_drafting_again(tmp_path, db):
    _report, folder = draft(tmp_path)
    path = tmp_path / "decisions.yaml"
    path.write_text(
        """
place: {code: "511011", name: {zh-Hans: 东兴区, en: Dongxing}, kind: county}
key: dongxing-draft
office: 城管局
names: {unit: {城管局: {zh-Hans: 城市管理局, en: City management}}}
same: {unit: {住建 局: 住建局, 城管局: 城管局}}
leads: {路面坑洞: 交通局}
limits: {路灯: 3wd, 流动摊贩: 4wh}
hours: "mon-fri: 09:00-12:00, 14:00-18:00"
days_off: {2011-07-06: 县庆}
rank: [城管局, 交通局]
""",
        encoding="utf-8",
    )
    report, folder = draft(tmp_path, load_answers(path))
    assert {one.kind for one in report.decisions} == {"scheme", "blank"}
    checked = check_program(folder)
    assert [f.code for f in checked.findings if f.severity != "note"] == []
    units = read(folder, "units/units.yaml")
    named = {unit["code"]: unit for unit in units["units"]}
    assert named["511011"]["name"] == {"zh-Hans": "东兴区", "en": "Dongxing"}
    [office] = [unit for unit in units["units"] if unit.get("attributes", {}).get("office")]
    assert (office["name"]["en"], office["aliases"]) == ("City management", ["城管局"])
    assert len(units["groups"]["departments"]["units"]) == 2
    [merged] = [unit for unit in units["units"] if unit["name"] == "住建局"]
    assert merged["aliases"] == ["住建 局"]
    known = kinds(folder)
    assert (known["路灯"]["limit"], known["流动摊贩"]["limit"]) == ("3wd", "4wh")
    calendar = read(folder, "calendar.yaml")
    assert calendar["hours"] == {"mon-fri": "09:00-12:00, 14:00-18:00"}
    assert calendar["days"] == [{"date": "2011-07-06", "working": False, "name": "县庆"}]
    assert load_program(folder, actor="test").ok


def test_the_suggestions_are_answers_as_they_stand(tmp_path):
    _report, folder = draft(tmp_path)
    answers = load_answers(folder / "decisions.yaml")
    assert answers.leads["路面坑洞"] in {"交通局", "住建局"}
    report, folder = draft(tmp_path, answers)
    assert decided(report, "leads") == {}
    assert load_answers(folder / "decisions.yaml") == answers


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limits: {路灯: soon}", "soon"),
        ("place: {name: 东兴区}", "“place.code” is missing"),
        ("laeds: {}", "“laeds” is not known here"),
    ],
)
def test_mistakes_in_answers_name_their_line(tmp_path, text, said):
    path = tmp_path / "decisions.yaml"
    path.write_text(f"format: 1\n{text}\n", encoding="utf-8")
    with pytest.raises(Problem) as caught:
        load_answers(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith("decisions.yaml:2")


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "program.yaml").write_text("format: 1\n", encoding="utf-8")
    path = table(tmp_path, records())
    with pytest.raises(Problem) as caught:
        draft_program(path, mapping_of(tmp_path), folder)
    assert caught.value.code == "draft-folder"
    assert [file.name for file in folder.iterdir()] == ["program.yaml"]


def test_units_and_categories_are_needed(tmp_path):
    text = MAPPING.replace("  unit: 单位\n", "")
    with pytest.raises(Problem) as caught:
        draft_program(table(tmp_path, records()), mapping_of(tmp_path, text), tmp_path / "program")
    assert caught.value.code == "draft-columns"


WEEK = WeekGuess(0.0, 0.1, 540, 1020, ())


def spans(*pairs: tuple[datetime, datetime]) -> Spans:
    found = Spans()
    epoch = datetime(1970, 1, 1)
    for opened, due in pairs:
        found.opened.append(int((opened - epoch).total_seconds()))
        found.due.append(int((due - epoch).total_seconds()))
    return found


@pytest.mark.parametrize(
    ("due_of", "limit"),
    [
        (lambda at: at + timedelta(hours=24), "24h"),
        (lambda at: at + timedelta(hours=4, seconds=-1), "4h"),
        (lambda at: at + timedelta(days=14), "14d"),
        (lambda at: at + timedelta(days=15, hours=3), "15d"),
        (lambda at: working_day_after(at, 3).replace(hour=17), "3wd"),
        (lambda at: working_day_after(at, 3).replace(hour=8, minute=30, second=0), "2wd"),
        (lambda at: at.replace(hour=23, minute=59), "same-day"),
    ],
)
def test_the_rule_that_explains_most_due_times(due_of, limit):
    starts = [MONDAY + timedelta(days=n, minutes=7 * n) for n in range(5)]
    starts += [start + timedelta(days=7 * n) for n in range(1, 4) for start in starts[:5]]
    guess = guess_limit(spans(*((at, due_of(at)) for at in starts)), WEEK)
    assert (guess.limit, guess.share) == (limit, 1.0)
    assert guess.rows == len(starts)


def test_no_due_times_teach_nothing():
    assert guess_limit(Spans(), WEEK) is None


def test_names_that_look_alike():
    names = [
        "Allston",
        "Allston / Brighton",
        "Roxbury",
        "West Roxbry",
        "城管局",
        "城 管 局",
        "交通局",
    ]
    assert alike(names) == [("Allston", "Allston / Brighton"), ("城 管 局", "城管局")]
    assert [looks_like_code(name) for name in ("PWDx", "No Q", "城管局")] == [True, False, False]


@pytest.mark.slow
def test_boston(tmp_path, boston):
    """The real file: nobody's guess, the same figures as in docs/import.md."""
    mapping = load_mapping(DOCS / "boston.yaml")
    first = draft_program(boston, mapping, tmp_path / "first")
    assert (first.rows, first.units, first.areas, first.categories) == (41_827, 10, 22, 134)
    answers = load_answers(DOCS / "boston-decisions.yaml")
    report = draft_program(boston, mapping, tmp_path / "second", answers=answers)
    assert (report.units, report.areas, report.led) == (10, 18, 134)
    known = kinds(tmp_path / "second")
    assert known["Schedule a Bulk Item Pickup"]["limit"] == "2wd"
    assert known["Unsatisfactory Living Conditions"]["limit"] == "120d"
    checked = check_program(tmp_path / "second")
    unsettled = {finding.code for finding in checked.findings if finding.severity != "note"}
    assert unsettled == {"limit-elapsed-closed"}


@pytest.mark.slow
def test_boston_is_imported_whole(tmp_path, boston, db):
    mapping = load_mapping(DOCS / "boston.yaml")
    answers = load_answers(DOCS / "boston-decisions.yaml")
    draft_program(boston, mapping, tmp_path / "boston", answers=answers)
    assert load_program(tmp_path / "boston", actor="test").ok
    report = import_file(boston, mapping, actor="test", out_dir=tmp_path)
    assert (report.read, report.created, report.rejected) == (41_827, 41_827, 0)
    assert {warn.kind: warn.count for warn in report.warnings} == {
        "due-missing": 6_073,
        "area-missing": 1_992,
        "due-before-opened": 3,
        "unit-missing": 1,
    }
    assert Case.objects.running().count() == 2_459
    assert Case.objects.ownerless().count() == 0
    assert Case.objects.filter(extra__ontime="ONTIME").count() == 33_397
    checked = verify_journal()
    assert checked.problems == []
    assert checked.entries > 123_021
    again = import_file(boston, mapping, actor="test", out_dir=tmp_path)
    assert again.unchanged == 41_827
