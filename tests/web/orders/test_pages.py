"""Orders in the browser: writing one, the two sides of it, strangers, papers, exports, refusals."""

import io
import shutil
import subprocess
from datetime import timedelta

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.make import MONDAY, opened
from tests.pictures import jpeg, scene
from tests.supervision.desk import HOUR, district, issued, part
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.supervision.actions import reply_to_order
from townkeeper.supervision.models import Order, Reply

pytestmark = pytest.mark.django_db
SOON = MONDAY + HOUR


@pytest.fixture
def people():
    return district()[1]


def at(client, user, method, path, data=None, *, when=SOON):
    client.force_login(user)
    client.cookies["django_language"] = "en"
    with clock.at(when, "live"):
        return getattr(client, method)(path, data or {})


def text_of(response):
    return response.content.decode()


FORM = {
    "issuer": "ZLB", "kind": "rectification", "title": "On refuse", "text": "Clean it.",
    "deadline": "3wd", "unit": ["CGJ", "S1"], "deadline-S1": "8wh",
}  # fmt: skip


def test_an_order_is_written_from_a_case(client, people):
    case = opened(title="refuse at the market")
    path = f"/office/orders/new/?case={case.number}"
    page = text_of(at(client, people["supervisor"], "get", path))
    assert case.number in page
    assert "On refuse at the market" in page
    done = at(client, people["supervisor"], "post", "/office/orders/new/",
              FORM | {"cases": f"{case.number},"})  # fmt: skip
    order = Order.objects.get()
    assert done.headers["Location"] == f"/office/orders/{order.pk}/"
    assert order.kind == "rectification"
    assert part(order, "S1").limit == "8wh"
    assert part(order, "CGJ").limit == "3wd"
    page = text_of(at(client, people["supervisor"], "get", f"/office/cases/{case.number}/"))
    assert order.number in page
    assert f"/office/orders/{order.pk}/" in page


def test_deadlines_are_looked_at_before_anything_is_issued(client, people):
    page = at(client, people["supervisor"], "post", "/office/orders/new/",
              FORM | {"check": "1", "deadline": "2026-11-07"})  # fmt: skip
    text = text_of(page)
    assert page.status_code == 200
    assert "The deadline falls on a day off." in text
    assert "2026-11-07 23:59" in text
    assert not Order.objects.exists()
    done = at(client, people["supervisor"], "post", "/office/orders/new/", FORM)
    again = at(client, people["supervisor"], "post", "/office/orders/new/", FORM)
    assert done.headers["Location"] == again.headers["Location"]
    assert Order.objects.count() == 1


def test_a_fault_of_a_unit_names_it_and_leads_to_its_field(client, people):
    page = at(client, people["supervisor"], "post", "/office/orders/new/",
              FORM | {"deadline-S1": "soon"})  # fmt: skip
    assert page.status_code == 422
    assert 'href="#id_deadline-S1"' in text_of(page)
    none = text_of(at(client, people["supervisor"], "post", "/office/orders/new/",
                      {**FORM, "unit": []}))  # fmt: skip
    assert 'href="#id_units"' in none


def test_a_wrong_form_keeps_what_was_typed(client, people):
    wrong = FORM | {"deadline": "whenever", "title": "", "cases": "DX-0"}
    response = at(client, people["supervisor"], "post", "/office/orders/new/", wrong)
    page = text_of(response)
    assert response.status_code == 422
    assert "Clean it." in page
    assert 'value="8wh"' in page
    response = at(client, people["supervisor"], "post", "/office/orders/new/",
                  FORM | {"deadline": "whenever", "cases": "DX-0"})  # fmt: skip
    page = text_of(response)
    assert response.status_code == 422
    assert "This deadline cannot be read." in page
    assert "DX-0" in page
    nobody = at(client, people["supervisor"], "post", "/office/orders/new/", FORM | {"unit": []})
    assert nobody.status_code == 422
    assert "Name at least one unit" in text_of(nobody)
    assert not Order.objects.exists()


def test_both_sides_work_on_the_page(client, people, settings, tmp_path):
    settings.HOME = tmp_path
    order = issued(people["supervisor"])
    unit, path = part(order, "CGJ"), f"/office/orders/{order.pk}/"
    assert "Send the reply" in text_of(at(client, people["CGJ"], "get", path))
    at(client, people["CGJ"], "post", f"{path}units/{unit.pk}/receive/")
    assert part(order, "CGJ").state == "received"
    key = f"reply-{unit.pk}"
    files = [
        SimpleUploadedFile("after.jpg", jpeg(scene(1))),
        SimpleUploadedFile("b.pdf", b"%PDF-1.7 x"),
    ]
    sent = at(client, people["CGJ"], "post", f"{path}units/{unit.pk}/reply/",
              {f"{key}-text": "已清理", f"{key}-papers": files})  # fmt: skip
    assert sent.status_code == 302
    reply = Reply.objects.get()
    assert [item.name for item in reply.files.order_by("pk")] == ["after.jpg", "b.pdf"]
    for item in reply.files.all():
        file = at(client, people["supervisor"], "get", f"{path}files/{item.pk}/")
        assert b"".join(file.streaming_content)
        assert at(client, people["GSJ"], "get", f"{path}files/{item.pk}/").status_code == 404
    decide, prefix = f"{path}replies/{reply.pk}/decide/", f"decide-{reply.pk}"
    refused = at(client, people["supervisor"], "post", decide, {"decision": "return"})
    assert refused.status_code == 422
    assert "Say what is missing." in text_of(refused)
    back = {"decision": "return", f"{prefix}-note": "no photo", f"{prefix}-deadline": "1wd"}
    at(client, people["supervisor"], "post", decide, back)
    assert part(order, "CGJ").state == "returned"
    assert "no photo" in text_of(at(client, people["CGJ"], "get", path))
    again = at(client, people["CGJ"], "post", f"{path}units/{unit.pk}/reply/", {f"{key}-text": "x"})
    assert again.status_code == 302
    second = Reply.objects.order_by("-pk")[0]
    at(client, people["supervisor"], "post", f"{path}replies/{second.pk}/decide/",
       {"decision": "accept"})  # fmt: skip
    assert part(order, "CGJ").state == "accepted"


def test_a_refused_reply_keeps_its_words(client, people, settings, tmp_path):
    settings.HOME = tmp_path
    order = issued(people["supervisor"])
    unit = part(order, "CGJ")
    key = f"reply-{unit.pk}"
    bad = SimpleUploadedFile("x.exe", b"MZ nonsense")
    path = f"/office/orders/{order.pk}/units/{unit.pk}/reply/"
    sent = at(client, people["CGJ"], "post", path,
              {f"{key}-text": "long words", f"{key}-papers": [bad]})  # fmt: skip
    assert sent.status_code == 422
    assert "long words" in text_of(sent)
    assert "neither a photo nor a paper" in text_of(sent)
    assert not Reply.objects.exists()
    empty = at(client, people["CGJ"], "post", path, {f"{key}-text": " "})
    assert empty.status_code == 422


def test_following_up(client, people):
    order = issued(people["supervisor"])
    path = f"/office/orders/{order.pk}/follow/"
    at(client, people["supervisor"], "post", path, {"do": "remind", "note-note": "today"})
    assert part(order, "S1").reminders == 1
    refused = at(client, people["supervisor"], "post", path, {"do": "close"})
    assert refused.status_code == 422
    assert at(client, people["supervisor"], "post", path, {"do": "dance"}).status_code == 422
    at(client, people["supervisor"], "post", path, {"do": "withdraw", "note-note": "twice"})
    order.refresh_from_db()
    assert order.status == "withdrawn"


def test_a_stranger_finds_nothing(client, people):
    order = issued(people["supervisor"])
    unit = part(order, "CGJ")
    base = f"/office/orders/{order.pk}/"
    for path in (base, f"{base}paper.pdf", f"{base}paper.docx", "/office/orders/99999/"):
        assert at(client, people["GSJ"], "get", path).status_code == 404
    for path in (f"{base}units/{unit.pk}/receive/", f"{base}units/{unit.pk}/reply/",
                 f"{base}follow/", f"{base}replies/1/decide/"):  # fmt: skip
        assert at(client, people["GSJ"], "post", path).status_code == 404
    assert at(client, people["verifier"], "get", "/office/orders/").status_code == 404
    assert at(client, people["CGJ"], "get", "/office/orders/new/").status_code == 404
    # the other addressed unit sees the order and cannot act in the first one's name
    told = at(client, people["S1"], "post", f"{base}units/{unit.pk}/receive/")
    assert told.status_code == 302
    assert part(order, "CGJ").state == "issued"
    client.logout()
    assert client.get(base).status_code == 302


def test_lists_counters_and_exports(client, people, django_assert_max_num_queries):
    case = opened()
    first = issued(people["supervisor"], cases=[case.number])
    for _n in range(4):
        issued(people["supervisor"])
    with clock.at(SOON, "live"):
        reply_to_order(part(first, "CGJ"), actor=people["CGJ"], text="done")
    path = "/office/orders/"
    at(client, people["supervisor"], "get", path)
    with clock.at(SOON, "live"), django_assert_max_num_queries(16):
        page = client.get(path)
    assert [kpi["count"] for kpi in page.context["kpis"]] == [5, 0, 1, 0, 5]
    late = MONDAY + timedelta(days=9)
    for query, count in (("", 5), ("?state=overdue", 5), ("?state=replied", 1), ("?state=ended", 0),
                         ("?side=from", 5), ("?side=to", 0), ("?unit=S1", 5), ("?unit=S2", 0),
                         (f"?case={case.number}", 1), ("?kind=talk", 0), ("?q=市場門口", 5),
                         ("?state=zzz&kind=zzz&before=zzz", 5), ("?q=%00", 5)):  # fmt: skip
        found = at(client, people["supervisor"], "get", f"/office/orders/{query}", when=late)
        assert len(found.context["rows"]) == count, query
    mine = at(client, people["CGJ"], "get", "/office/orders/?side=to&state=turn")
    assert len(mine.context["rows"]) == 4
    sent = at(client, people["supervisor"], "get", "/office/orders/list.csv")
    lines = b"".join(sent.streaming_content).decode().strip().splitlines()
    assert len(lines) == 1 + 10
    book = at(client, people["supervisor"], "get", "/office/orders/list.xlsx")
    assert b"".join(book.streaming_content)[:2] == b"PK"


def test_pages_follow_each_other_by_key(client, people, monkeypatch):
    monkeypatch.setattr("townkeeper.web.orders.pages.PAGE", 2)
    for _n in range(5):
        issued(people["supervisor"])
    seen, path = [], "/office/orders/"
    while path:
        page = at(client, people["supervisor"], "get", path)
        seen += [row.order.pk for row in page.context["rows"]]
        path = page.context["next_url"]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 5


def test_the_letter_is_made_once(client, people, settings, tmp_path):
    settings.HOME = tmp_path
    case = opened(title="refuse at the market")
    order = issued(people["supervisor"], cases=[case.number])
    path = f"/office/orders/{order.pk}/paper.pdf"
    first = b"".join(at(client, people["CGJ"], "get", path).streaming_content)
    assert first.startswith(b"%PDF-")
    again = b"".join(at(client, people["supervisor"], "get", path).streaming_content)
    assert first == again
    if reader := shutil.which("pdftotext"):
        told = subprocess.run(
            [reader, "-", "-"], input=first, capture_output=True, check=True
        ).stdout.decode()
        for words in (
            order.number.replace("〔", " "),
            "市場門口垃圾的督辦",
            "東興街道",
            case.number,
        ):
            assert "".join(words.split()) in "".join(told.replace("〔", "").split())
    assert Entry.objects.filter(subject=order.subject, act="order.printed").count() == 2
    word = at(client, people["supervisor"], "get", f"/office/orders/{order.pk}/paper.docx")
    read = docx.Document(io.BytesIO(b"".join(word.streaming_content)))
    lines = "\n".join(paragraph.text for paragraph in read.paragraphs)
    assert order.number in lines
    assert "區城管局，東興街道：" in lines
    cells = [cell.text for table in read.tables for row in table.rows for cell in row.cells]
    assert case.number in cells
    assert "2026年11月5日18時00分" in cells


def test_the_case_sheet_proves_itself(client, people, settings, tmp_path):
    settings.HOME = tmp_path
    case = opened()
    before = Entry.objects.filter(subject=case.subject).count()
    path = f"/office/orders/sheets/{case.number}.pdf"
    sheet = at(client, people["supervisor"], "get", f"{path}?language=zh-Hans")
    assert b"".join(sheet.streaming_content).startswith(b"%PDF-")
    last = Entry.objects.filter(subject=case.subject).order_by("-seq")[0]
    assert last.act == "case.sheet-printed"
    assert f'"after":{before}' in last.data
    assert at(client, people["GSJ"], "get", path).status_code == 404
    page = at(client, people["supervisor"], "get", f"/office/cases/{case.number}/")
    assert "Case sheet printed" in text_of(page)


def test_what_is_no_code_is_not_found_or_left_out(client, people):
    new = "/office/orders/new/"
    for query in ("?case=%00&unit=%00&about=%00&kind=%00", "?unit=S1&unit=none&case=DX-none"):
        assert at(client, people["supervisor"], "get", new + query).status_code == 200
    wrong = FORM | {"unit": ["S1\x00", "\x00"], "deadline-S1": "1wd"}
    assert at(client, people["supervisor"], "post", new, wrong).status_code in {302, 422}
    text = FORM | {"text": "a\x00b"}
    assert at(client, people["supervisor"], "post", new, text).status_code == 422
    sheet = "/office/orders/sheets/DX%00.pdf"
    assert at(client, people["supervisor"], "get", sheet).status_code == 404
