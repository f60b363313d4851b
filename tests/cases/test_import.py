"""Import of historical records: what is created, refused, warned of, repeated and changed."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import translation

from tests import make
from townkeeper.cases.imports.mapping import ImportMapping, load_mapping
from townkeeper.cases.imports.report import ImportReport
from townkeeper.cases.imports.run import import_file
from townkeeper.cases.models import Case, Evidence, Reporter, Task
from townkeeper.duties.models import Category
from townkeeper.journal.actions import record, verify_journal
from townkeeper.journal.models import Chain, Entry
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Unit

pytestmark = pytest.mark.django_db

HEADER = (
    "编号,接报时间,时限,办结时间,状态,标题,内容,类别,单位,地点,经度,纬度,渠道,来电人,电话,照片,备注"
)
MAPPING = """
system: hotline
number_prefix: HL
time_zone: Asia/Shanghai
as_of: 2012-01-01
columns:
  number: 编号
  opened: 接报时间
  due: 时限
  closed: 办结时间
  state: 状态
  title: 标题
  text: 内容
  category: 类别
  unit: 单位
  address: 地点
  lon: 经度
  lat: 纬度
  channel: 渠道
  reporter_name: 来电人
  reporter_phone: 电话
  after_photo: 照片
keep: 备注
states:
  closed: [办结, 已办]
  open: 在办
  voided: 作废
  duplicate: 重复
values:
  channel: {电话: phone}
  unit: {城管局: CGJ}
"""
DEFAULTS = {
    "编号": "1",
    "接报时间": "2011-07-01 09:30:00",
    "时限": "2011-07-02 09:30:00",
    "办结时间": "2011-07-01 16:00:00",
    "状态": "办结",
    "标题": "市场门口垃圾",
    "内容": "堆了三天",
    "类别": "暴露垃圾",
    "单位": "城管局",
    "地点": "中山路1号",
    "经度": "105.05",
    "纬度": "29.58",
    "渠道": "电话",
}


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def units():
    return make.town()


def mapping_of(tmp_path: Path, text: str = MAPPING, **replace: str) -> ImportMapping:
    for old, new in replace.items():
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def table(tmp_path: Path, *rows: dict[str, str], header: str = HEADER) -> Path:
    path = tmp_path / "records.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header.split(","), restval="")
        writer.writeheader()
        writer.writerows({**DEFAULTS, **row} for row in rows)
    return path


def run(tmp_path: Path, *rows: dict[str, str], **options: object) -> ImportReport:
    mapping = options.pop("mapping", None) or mapping_of(tmp_path)
    path = table(tmp_path, *rows)
    return import_file(path, mapping, actor="importer", out_dir=tmp_path, **options)


def counts(report: ImportReport) -> tuple[int, ...]:
    return (report.read, report.created, report.updated, report.unchanged, report.rejected)


def warned(report: ImportReport) -> dict[str, int]:
    return {warn.kind: warn.count for warn in report.warnings}


def reasons(report: ImportReport) -> list[dict[str, str]]:
    assert report.rejections_file is not None
    with Path(report.rejections_file).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def acts(case: Case) -> list[tuple[str, str, datetime]]:
    return list(
        Entry.objects.filter(subject=case.subject)
        .order_by("seq")
        .values_list("act", "origin", "time")
    )


def test_a_closed_record_becomes_case_task_and_journal(tmp_path, units):
    report = run(
        tmp_path, {"来电人": "王五", "电话": "13800001234", "照片": "https://p.example/1.jpg"}
    )
    assert counts(report) == (1, 1, 0, 0, 0)
    case = Case.objects.get()
    assert case.number == "HL20110701-0001"
    assert (case.step, case.stage, case.outcome) == ("closed", "closed", "")
    assert (case.unit, case.category.key, case.area) == (units["CGJ"], "matter/06010", None)
    assert case.opened_at == datetime(2011, 7, 1, 1, 30, tzinfo=UTC)
    assert case.closed_at == datetime(2011, 7, 1, 8, 0, tzinfo=UTC)
    assert (case.title, case.text, case.channel) == ("市场门口垃圾", "堆了三天", "phone")
    assert (case.origin, case.external_system, case.external_number) == ("imported", "hotline", "1")
    task = case.tasks.get()
    assert (task.step, task.stage, task.unit, task.performer) == (
        "handling",
        "handling",
        units["CGJ"],
        "handler",
    )
    assert (task.due_at, task.is_given, task.outcome) == (case.due_at, True, "report")
    assert task.done_at == case.closed_at
    assert acts(case) == [
        ("case.opened", "imported", case.opened_at),
        ("case.dispatch", "imported", case.opened_at),
        ("case.closed", "imported", case.closed_at),
    ]
    assert verify_journal().problems == []
    reporter = Reporter.objects.get()
    assert (reporter.case, reporter.name, reporter.phone) == (case, "王五", "13800001234")
    photo = Evidence.objects.get()
    assert (photo.kind, photo.link, photo.added_at) == (
        "after-photo",
        "https://p.example/1.jpg",
        case.closed_at,
    )
    said = "".join(Entry.objects.values_list("data", flat=True))
    assert "13800001234" not in said


def test_states(tmp_path, units):
    run(
        tmp_path,
        {"编号": "1", "状态": "在办", "办结时间": ""},
        {"编号": "2", "状态": "在办", "办结时间": "", "单位": ""},
        {"编号": "3", "状态": "作废"},
        {"编号": "4", "状态": "重复", "办结时间": ""},
        {"编号": "5", "状态": "已办"},
    )
    cases = {case.external_number: case for case in Case.objects.all()}
    assert [(cases[n].step, cases[n].stage, cases[n].outcome) for n in "12345"] == [
        ("handling", "handling", ""),
        ("filed", "dispatch", ""),
        ("voided", "voided", "voided"),
        ("voided", "voided", "duplicate"),
        ("closed", "closed", ""),
    ]
    assert cases["1"].warn_at == datetime(2011, 7, 1, 20, 42, tzinfo=UTC)
    assert cases["4"].closed_at == cases["4"].opened_at
    waiting = cases["2"].tasks.get()
    assert (waiting.unit, waiting.performer, waiting.done_at) == (units["ZLB"], "dispatcher", None)
    assert Case.objects.ownerless().get() == cases["2"]
    assert cases["3"].tasks.get().outcome == "cancelled"
    assert verify_journal().problems == []


def test_without_a_state_column_the_closing_time_decides(tmp_path, units):
    text = MAPPING.replace("  state: 状态\n", "")
    text = text[: text.index("states:")] + text[text.index("values:") :]
    run(tmp_path, {}, {"编号": "2", "办结时间": ""}, mapping=mapping_of(tmp_path, text))
    assert list(Case.objects.order_by("id").values_list("stage", flat=True)) == [
        "closed",
        "handling",
    ]


def test_dry_run_counts_and_writes_nothing(tmp_path, units):
    entries = Entry.objects.count()
    report = run(tmp_path, {}, {"编号": "2", "类别": "没有的"}, dry_run=True)
    assert counts(report) == (2, 1, 0, 0, 1)
    assert report.dry_run
    assert reasons(report)[0]["Value"] == "没有的"
    assert (Case.objects.count(), Entry.objects.count()) == (0, entries)


@pytest.mark.parametrize(
    ("row", "reason", "field"),
    [
        ({"编号": ""}, "The row has no number.", "编号"),
        ({"编号": "9" * 81}, "A number has at most 80 characters.", "编号"),
        ({"接报时间": ""}, "The time of opening is missing.", "接报时间"),
        ({"接报时间": "七月一日"}, "This is no date; right would be 2026-01-31 09:00.", "接报时间"),
        ({"接报时间": "1011-07-01"}, "A date in this year cannot be meant.", "接报时间"),
        (
            {"接报时间": "2012-07-01"},
            "Opened after the file was taken; one of the two days is wrong.",
            "接报时间",
        ),
        ({"办结时间": "2011-06-30 10:00"}, "Closed before it was opened.", "办结时间"),
        (
            {"办结时间": ""},
            "Closed according to its state, but without a closing time.",
            "办结时间",
        ),
        ({"状态": "挂账"}, "The mapping does not say what this state means.", "状态"),
        ({"类别": "噪音"}, "The program has no such category.", "category"),
        ({"单位": "环保局"}, "The program has no such unit.", "unit"),
    ],
)
def test_rows_that_cannot_be_taken(tmp_path, units, row, reason, field):
    report = run(tmp_path, row, {"编号": "7"})
    assert counts(report) == (2, 1, 0, 0, 1)
    [rejected] = reasons(report)
    assert (rejected["Row"], rejected["Reason"], rejected["Field"]) == ("2", reason, field)
    assert rejected["内容"] == "堆了三天"


def test_reasons_are_in_the_language_of_the_person(tmp_path, units):
    run(tmp_path, {"编号": ""})
    with Path(next(tmp_path.glob("*-rejected.csv"))).open("rb") as stream:
        assert stream.read(3) == b"\xef\xbb\xbf"


def test_what_a_citizen_wrote_is_never_a_formula(tmp_path, units):
    report = run(
        tmp_path, {"编号": "", "内容": "=cmd|' /C calc'!A0", "备注": "-12.5", "标题": "+1 to this"}
    )
    [rejected] = reasons(report)
    assert rejected["内容"] == "'=cmd|' /C calc'!A0"
    assert rejected["标题"] == "'+1 to this"
    assert rejected["备注"] == "-12.5"


def test_suspicious_rows_are_kept_and_counted(tmp_path, units):
    report = run(
        tmp_path,
        {"编号": "1", "时限": ""},
        {"编号": "2", "时限": "2011-06-30 00:00:00"},
        {"编号": "3", "时限": "尽快"},
        {"编号": "4", "单位": "", "类别": ""},
        {"编号": "5", "经度": "0", "纬度": "0"},
        {"编号": "6", "经度": "105,05"},
        {"编号": "7", "接报时间": "2011-07-01"},
        {"编号": "8", "状态": "在办"},
        {"编号": "9", "办结时间": "2012-03-01 00:00:00"},
        {"编号": "10", "地点": "路" * 400, "内容": "a\x00b"},
    )
    assert (report.created, report.rejected) == (10, 0)
    assert warned(report) == {
        "due-missing": 1,
        "due-before-opened": 1,
        "due-unreadable": 1,
        "unit-missing": 1,
        "category-missing": 1,
        "position-dropped": 2,
        "day-only": 1,
        "open-but-closed": 1,
        "closed-after-file": 1,
        "text-cut": 1,
        "text-cleaned": 1,
    }
    early = Case.objects.get(external_number="2")
    assert (early.due_at, early.tasks.get().due_at, early.tasks.get().is_given) == (
        None,
        None,
        False,
    )
    by_kind = {warn.kind: warn for warn in report.warnings}
    assert by_kind["due-before-opened"].examples == ["row 3: 2011-06-30 00:00:00"]
    assert "left out" in by_kind["due-before-opened"].text
    cut = Case.objects.get(external_number="10")
    assert (len(cut.address), cut.text) == (300, "ab")


def test_importing_again_changes_nothing(tmp_path, units):
    rows = [{"编号": str(n)} for n in range(10)]
    run(tmp_path, *rows)
    before = list(Case.objects.order_by("id").values())
    entries = Entry.objects.exclude(act="import.done").count()
    assert counts(run(tmp_path, *rows)) == (10, 0, 0, 10, 0)
    assert list(Case.objects.order_by("id").values()) == before
    assert Entry.objects.exclude(act="import.done").count() == entries


def test_a_changed_row_updates_its_case_and_says_what(tmp_path, units):
    run(tmp_path, {"状态": "在办", "办结时间": ""}, {"编号": "2"})
    report = run(
        tmp_path,
        {"标题": "新标题", "备注": "补录", "照片": "https://p.example/2.jpg"},
        {"编号": "2"},
    )
    assert counts(report) == (2, 0, 1, 1, 0)
    case = Case.objects.get(external_number="1")
    assert (case.title, case.stage, case.version, case.extra) == (
        "新标题",
        "closed",
        2,
        {"备注": "补录"},
    )
    assert case.tasks.get().done_at == case.closed_at
    assert [act for act, _origin, _time in acts(case)] == [
        "case.opened",
        "case.dispatch",
        "case.closed",
        "case.import_updated",
    ]
    said = Entry.objects.filter(act="case.import_updated").get().data
    assert '"title":["市场门口垃圾","新标题"]' in said
    assert "address" not in said
    assert Evidence.objects.get().link == "https://p.example/2.jpg"
    assert verify_journal().problems == []


def test_a_file_never_overwrites_the_work_of_people(tmp_path, units):
    run(tmp_path, {"状态": "在办", "办结时间": ""})
    case = Case.objects.get()
    record(subject=case.subject, act="case.report", actor="li", data={})
    report = run(tmp_path, {})
    assert counts(report) == (1, 0, 0, 0, 1)
    assert reasons(report)[0]["Reason"].startswith("Changed in the file, but people")
    assert Case.objects.get().stage == "handling"


def test_what_the_machine_noticed_since_keeps_no_correction_away(tmp_path, units):
    run(tmp_path, {"标题": "旧标题"})
    case = Case.objects.get()
    for act in ("case.relapse", "case.relapse-of", "case.alarm"):
        record(subject=case.subject, act=act, actor="system", data={})
    assert counts(run(tmp_path, {"标题": "新标题"})) == (1, 0, 1, 0, 0)
    assert Case.objects.get().title == "新标题"
    assert verify_journal().problems == []


def test_of_repeated_numbers_the_last_row_holds(tmp_path, units):
    rows = [{"标题": "甲"}, {"编号": "2"}, {"标题": "乙"}, {"标题": "丙"}]
    report = run(tmp_path, *rows)
    assert (*counts(report), report.repeated) == (4, 2, 0, 0, 0, 2)
    assert Case.objects.get(external_number="1").title == "丙"
    again = run(tmp_path, *rows)
    assert (*counts(again), again.repeated) == (4, 0, 0, 2, 0, 2)


def test_order_of_columns_does_not_matter(tmp_path, units):
    run(tmp_path, {}, {"编号": "2"})
    names = sorted(HEADER.split(","))
    path = table(tmp_path, {}, {"编号": "2"}, header=",".join(names))
    report = import_file(path, mapping_of(tmp_path), actor="importer", out_dir=tmp_path)
    assert counts(report) == (2, 0, 0, 2, 0)


def test_unknown_values_by_policy(tmp_path, units):
    created = mapping_of(tmp_path, MAPPING + "unknown: {category: create, unit: create}\n")
    report = run(
        tmp_path, {"类别": "噪音", "单位": "环保局"}, {"编号": "2", "类别": "噪音"}, mapping=created
    )
    assert counts(report) == (2, 2, 0, 0, 0)
    assert warned(report) == {"created-category": 1, "created-unit": 1}
    category = Category.objects.get(name="噪音")
    assert (category.key, category.kind) == ("local/zao-yin", "local")
    assert Unit.objects.get(name="环保局").parent == units["D"]
    left = mapping_of(tmp_path, MAPPING + "unknown: {category: leave, unit: leave}\n")
    report = run(tmp_path, {"编号": "3", "类别": "没有", "单位": "没有"}, mapping=left)
    assert warned(report) == {"category-unknown": 1, "unit-unknown": 1}
    asked = mapping_of(tmp_path, MAPPING + "unknown: {unit: register}\n")
    report = run(tmp_path, {"编号": "4", "单位": ""}, {"编号": "5", "单位": "没有"}, mapping=asked)
    assert warned(report) == {"unit-by-register": 2}
    assert Case.objects.get(external_number="4").unit == units["CGJ"]
    dry = mapping_of(tmp_path, MAPPING + "unknown: {category: create}\n")
    run(tmp_path, {"编号": "6", "类别": "新的"}, mapping=dry, dry_run=True)
    assert not Category.objects.filter(name="新的").exists()


def test_numbers_go_on_after_those_given_out_here(tmp_path, units):
    mapping = mapping_of(tmp_path, **{"number_prefix: HL": "number_prefix: DX"})
    make.opened(datetime(2011, 7, 1, 2, 0, tzinfo=UTC))
    run(tmp_path, {}, {"编号": "2"}, mapping=mapping)
    assert sorted(Case.objects.values_list("number", flat=True)) == [
        "DX20110701-0001",
        "DX20110701-0002",
        "DX20110701-0003",
    ]
    later = make.opened(datetime(2011, 7, 1, 3, 0, tzinfo=UTC))
    assert later.number == "DX20110701-0004"


def test_raw_rows_equal_those_that_models_write(tmp_path, units):
    run(tmp_path, {"备注": "甲"}, {"编号": "2", "状态": "在办", "办结时间": "", "经度": ""})
    for model in (Case, Task, Entry, Chain):
        for row in list(model.objects.all()):
            values = {
                field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields
            }
            row.delete()
            model.objects.create(**values)
            twin = model.objects.get(pk=row.pk or values[model._meta.pk.attname])
            for name, value in values.items():
                again = getattr(twin, name)
                assert (bytes(again) if isinstance(again, memoryview) else again) == (
                    bytes(value) if isinstance(value, memoryview) else value
                ), name
            if model is Case:
                Task.objects.bulk_create(
                    [
                        Task(
                            case_id=twin.pk,
                            step="x",
                            stage="handling",
                            performer="x",
                            opened_at=twin.opened_at,
                        )
                    ]
                )


def test_missing_columns_and_procedure_are_told_before_anything(tmp_path, units):
    path = tmp_path / "records.csv"
    path.write_text("编号,接报日期\n1,2011-07-01\n", encoding="utf-8")
    with pytest.raises(Problem) as caught:
        import_file(path, mapping_of(tmp_path), actor="importer", out_dir=tmp_path)
    assert caught.value.code == "columns-missing"
    with pytest.raises(Problem) as caught:
        run(tmp_path, {}, mapping=mapping_of(tmp_path, MAPPING + "procedure: nothing\n"))
    assert caught.value.code == "procedure-unknown"


def test_notes_and_kept_columns_that_are_missing(tmp_path, units):
    path = table(tmp_path, {})
    text = path.read_text(encoding="utf-8")
    path.write_text("市长热线登记表\n" + text + "合计：1件\n", encoding="utf-8")
    mapping = mapping_of(tmp_path, **{"keep: 备注": "keep: [备注, 回访]"})
    report = import_file(path, mapping, actor="importer", out_dir=tmp_path)
    assert counts(report) == (1, 1, 0, 0, 0)
    assert report.note_rows == [(1, "市长热线登记表"), (4, "合计：1件")]
    assert warned(report) == {"column-missing": 1}


def test_progress_and_chunks(tmp_path, units):
    seen = []
    report = run(
        tmp_path,
        *({"编号": str(n)} for n in range(25)),
        chunk=10,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(10, 25), (20, 25), (25, 25)]
    assert report.created == 25
    assert len(set(Case.objects.values_list("number", flat=True))) == 25
    done = Entry.objects.get(act="import.done")
    assert (done.subject, done.actor, done.origin) == ("import:hotline", "importer", "live")


def test_the_areas_around_a_position(tmp_path, units):
    square = [[105.0, 29.5], [105.1, 29.5], [105.1, 29.6], [105.0, 29.6], [105.0, 29.5]]
    Unit.objects.filter(code="S1").update(outline={"type": "Polygon", "coordinates": [square]})
    run(tmp_path, {})
    assert Case.objects.get().area == units["S1"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("system: hotline", "sytem: hotline", "“system” is missing"),
        ("system: hotline", "system: 热线", "system"),
        ("  number: 编号\n", "", "“columns.number” is missing"),
        ("time_zone: Asia/Shanghai", "time_zone: Peking", "time zone"),
        ("  open: 在办", "  open: 办结", "two states"),
        ("keep: 备注", "keep: [", "YAML"),
        ("keep: 备注", "system: again", "twice"),
        ("as_of: 2012-01-01", "as_of: soon", "as_of"),
    ],
)
def test_mapping_mistakes_name_their_line(tmp_path, old, new, said):
    with pytest.raises(Problem) as caught:
        mapping_of(tmp_path, **{old: new})
    assert said in str(caught.value)
    assert str(caught.value).startswith("mapping.yaml:")


def test_mapping_that_is_none(tmp_path):
    for content in (b"", b"- a\n", "编号".encode("gb18030")):
        path = tmp_path / "mapping.yaml"
        path.write_bytes(content)
        with pytest.raises(Problem):
            load_mapping(path)
    with pytest.raises(Problem):
        load_mapping(tmp_path / "none.yaml")
