"""The duty register in the browser: matrix, gaps, changes from a day, dry runs, the sheet."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from tests import make
from tests.web.administration.world import BASE, entries, form_of, send, words
from townkeeper.duties.models import Duty
from townkeeper.duties.register import register
from townkeeper.kit import clock

REFUSE = "duties/line/?category=matter/06010&area=D"
STALLS = "duties/line/?category=matter/09022&area=S1"
MONTH = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 12, 1, 0, tzinfo=UTC)


def lead(category, area):
    known = register()
    row = known.category_by_key[category]
    answer = known.resolve(row, known.unit_by_code[area], clock.today())
    return answer.lead.code if answer.lead else None


def line_of(code, part="lead", category="matter/06010"):
    return Duty.objects.get(unit__code=code, part=part, category__key=category, until=None)


def test_the_matrix_shows_lines_what_comes_from_above_and_gaps(admin):
    page = admin.get(f"{BASE}duties/?class=matter/06")
    looks = {row.key: [cell.look for cell in row.cells] for row in page.context["rows"]}
    assert looks == {
        "matter/06": ["part", "own", "own"],
        "matter/06010": ["own", "from", "from"],
    }
    gap = admin.get(f"{BASE}duties/?class=local/nobody").context["rows"][0]
    assert {cell.look for cell in gap.cells} == {"gap"}
    rows = admin.get(f"{BASE}duties/?class=matter/06&unit=CGJ").context["rows"]
    assert [row.key for row in rows] == ["matter/06010"]


def test_gaps_are_told_with_the_months_cases(admin):
    with clock.at(MONTH, "live"):
        make.opened(at=MONTH, category="local/nobody")
    with clock.at(LATER, "live"):
        page = admin.get(f"{BASE}duties/gaps/")
    assert page.context["gap_count"] == 1
    assert page.context["gap_cases"] == 1
    assert "無主事項" in words(page)


def test_a_dry_run_says_who_gains_and_writes_nothing(admin):
    for _each in range(3):
        make.opened(at=MONTH)
    before = list(Duty.objects.values_list("pk", "unit", "until"))
    with clock.at(LATER, "live"):
        line = str(line_of("CGJ").pk)
        answer = send(admin, REFUSE, do="preview", act="hand", line=line, unit="GSJ")
    preview = answer.context["preview"]
    assert (preview["total"], preview["moved"]) == (3, 3)
    assert {row["title"]: row["change"] for row in preview["units"]} == {
        "區城管局": -3,
        "區工商局": 3,
    }
    assert list(Duty.objects.values_list("pk", "unit", "until")) == before
    with clock.at(LATER, "live"):
        answer = send(admin, REFUSE, do="preview", act="end", line=line)
    assert answer.context["preview"]["moved"] == 3


def test_a_line_goes_to_another_unit_from_a_day_and_the_past_stays(admin):
    old = line_of("CGJ")
    day = clock.today() - timedelta(days=1)
    answer = send(
        admin, REFUSE, act="hand", line=str(old.pk), unit="GSJ", on=day.isoformat(),
        source="東府辦〔2026〕12號",
    )  # fmt: skip
    assert answer.status_code == 302
    old.refresh_from_db()
    fresh = line_of("GSJ")
    assert (old.until, fresh.since, fresh.source) == (day, day, "東府辦〔2026〕12號")
    assert lead("matter/06010", "S1") == "GSJ"
    act, actor, data = entries("duty:matter/06010@D")[0]
    assert (act, actor, data["from"]) == ("duty.handed", "supervisor", "CGJ")
    page = words(admin.get(BASE + REFUSE))
    assert "Line goes from 區城管局 to 區工商局" in page


def test_a_line_ends_and_one_begins(admin):
    send(admin, REFUSE, act="end", line=str(line_of("CGJ").pk))
    assert lead("matter/06010", "S1") == "S1"
    send(admin, REFUSE, act="open", unit="GSJ", part="lead")
    assert lead("matter/06010", "S1") == "GSJ"
    assert [act for act, *_rest in entries("duty:matter/06010@D")] == ["duty.opened", "duty.ended"]


def test_what_makes_no_sense_is_refused_in_words(admin):
    count = Duty.objects.count()
    line = str(line_of("CGJ").pk)
    for fields, said in (
        ({"act": "open", "unit": "GSJ", "part": "lead"}, "two leads are no lead"),
        ({"act": "open", "unit": "CGJ", "part": "assist"}, "already"),
        ({"act": "open", "unit": "XX"}, "XX"),
        ({"act": "hand", "line": line, "unit": ""}, "Name the unit"),
        ({"act": "hand", "line": line, "unit": "CGJ"}, "already"),
        ({"act": "end", "line": "", "unit": ""}, "Choose the line"),
        ({"act": "end", "line": "999999"}, "valid choice"),
        ({"act": "open", "category": "nothing", "unit": "GSJ"}, "nothing"),
    ):
        answer = send(admin, REFUSE, **fields)
        assert answer.status_code == 422, fields
        assert said in words(answer), fields
    answer = send(admin, REFUSE, do="preview", act="open", unit="GSJ", part="lead")
    assert "two leads are no lead" in words(answer)
    assert Duty.objects.count() == count
    stalls = line_of("S1", category="matter/09022")
    Duty.objects.filter(pk=stalls.pk).update(since=date(2026, 1, 1))
    early = send(admin, STALLS, act="end", line=str(stalls.pk), on="2025-01-01")
    assert "cannot end before" in words(early)


def test_two_administrators_at_one_line(admin):
    old = form_of(admin, REFUSE)
    send(admin, REFUSE, act="hand", line=str(line_of("CGJ").pk), unit="GSJ")
    given = {**old, "act": "open", "do": "save", "unit": "S2", "part": "assist"}
    answer = admin.post(BASE + REFUSE, given)
    assert answer.status_code == 422
    assert "Somebody else has changed this" in words(answer)


def test_several_changes_are_only_tried(admin):
    make.opened(at=MONTH)
    before = Duty.objects.count()
    with clock.at(LATER, "live"):
        answer = send(admin, "duties/dry-run/", move="matter/06010@*=CGJ>GSJ")
    assert answer.context["preview"]["moved"] == 1
    for fields, said in (
        ({"move": "rubbish"}, "is no line"),
        ({"add": "matter/06010@XX=CGJ"}, "XX"),
        ({"month": "2026-99"}, "2026-99"),
        ({"month": "soon"}, "valid"),
    ):
        answer = send(admin, "duties/dry-run/", **fields)
        assert answer.status_code == 422, fields
        assert said in words(answer), fields
    assert Duty.objects.count() == before


def sheet(rows):
    head = "Category code,Area code,Unit code,Part,From,Until,Source\n"
    return SimpleUploadedFile("duties.csv", (head + rows).encode("utf-8-sig"))


def test_the_export_comes_back_without_a_change(admin):
    for language in ("en", "zh-hant"):
        admin.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        file = b"".join(admin.get(f"{BASE}duties/all.csv").streaming_content)
        rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
        assert len(rows) == 1 + Duty.objects.count()
        upload = SimpleUploadedFile("d.csv", file)
        answer = admin.post(f"{BASE}duties/import/", {"do": "try", "file": upload})
        plan = answer.context["plan"]
        assert (plan.faults, plan.added, plan.ended) == ([], [], [])
        assert plan.same == Duty.objects.count()


def test_a_sheet_with_a_faulty_row_takes_nothing_and_names_the_rows(admin):
    before = Duty.objects.count()
    rows = (
        "local/nobody,S1,GSJ,lead,2026-12-01,,x\n"
        "nothing,S1,GSJ,lead,,,\n"
        "local/nobody,S1,CGJ,lead,2026-12-01,,\n"
        "local/nobody,S2,GSJ,boss,,,\n"
        "local/nobody,S2,GSJ,lead,2026-13-01,,\n"
        "local/nobody,S2,GSJ,lead,2026-12-01,2026-11-01,\n"
        "local/nobody,S1,GSJ,lead,,,\n"
    )
    for do in ("try", "save"):
        answer = admin.post(f"{BASE}duties/import/", {"do": do, "file": sheet(rows)})
        assert answer.status_code == 422
        assert Duty.objects.count() == before
        assert not entries("duty:local/nobody@S1")
    answer = admin.post(f"{BASE}duties/import/", {"do": "try", "file": sheet(rows)})
    assert [fault.row for fault in answer.context["faults"]] == [3, 4, 5, 6, 7, 8]
    assert "two leads are no lead" in words(answer)


def test_a_good_sheet_begins_and_ends_lines(admin):
    day = (clock.today() + timedelta(days=7)).isoformat()
    rows = f"matter/06010,D,CGJ,lead,,{day},\nmatter/06010,D,GSJ,lead,{day},,新三定\n"
    answer = admin.post(f"{BASE}duties/import/", {"do": "save", "file": sheet(rows)})
    assert answer["Location"] == f"{BASE}duties/lines/"
    lines = Duty.objects.filter(category__key="matter/06010", area__code="D").order_by("pk")
    assert [(d.unit.code, str(d.since), str(d.until)) for d in lines] == [
        ("CGJ", "None", day),
        ("GSJ", day, "None"),
    ]


def test_what_is_no_sheet_is_refused(admin):
    for name, content, said in (
        ("a.csv", b"one,two\n1,2\n", "has no column"),
        ("a.xlsx", b"nonsense", "column"),
        ("a.csv", b"", "empty"),
    ):
        upload = SimpleUploadedFile(name, content)
        answer = admin.post(f"{BASE}duties/import/", {"do": "save", "file": upload})
        assert answer.status_code == 422
        assert said in words(answer), name


def test_lines_are_filtered_and_exported(admin):
    page = admin.get(f"{BASE}duties/lines/?unit=CGJ")
    assert [line["row"].unit.code for line in page.context["lines"]] == ["CGJ"]
    answer = admin.get(f"{BASE}duties/all.xlsx?unit=CGJ")
    assert b"".join(answer.streaming_content).startswith(b"PK")
    answer.close()
