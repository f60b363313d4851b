"""What is published: rankings, bulletins, rules, open data, keys; drafts are nobody's business."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings

from tests import make
from tests.make import MONDAY, opened
from tests.web.portal.living import HOUR, close
from tests.web.test_rankings import NOW, make_round, make_scheme
from townkeeper.journal.keys import sign
from townkeeper.kit import clock
from townkeeper.publication.models import Bulletin

pytestmark = pytest.mark.django_db
PLAIN = ("/", "/report/", "/follow/", "/nearby/", "/rankings/", "/bulletins/", "/rules/",
         "/rules/kinds/", "/open-data/", "/verify/", "/help/", "/accessibility/",
         "/privacy/")  # fmt: skip


@pytest.fixture
def units():
    return make.town()


@pytest.fixture
def rounds(units):
    scheme = make_scheme()
    make_round(scheme, units, "2026-09", {"S1": (70, 100), "S2": (90, 100)}, published_at=NOW)
    shown = make_round(
        scheme, units, "2026-10", {"S1": (95, 100), "S2": (80, 100), "D": (1, 2)},
        published_at=NOW, digest="ab" * 32, key_id="0" * 16,
    )  # fmt: skip
    draft = make_round(scheme, units, "2026-11", {"S1": (1, 100)}, state="draft")
    return shown, draft


def text_of(answer):
    return answer.content.decode()


def test_rankings_of_published_months_only(citizen, rounds):
    text = text_of(citizen.get("/rankings/"))
    assert "2026-10" in text
    assert "/2026-11/" not in text
    assert citizen.get("/rankings/2026-11/monthly/").status_code == 404
    assert citizen.get("/rankings/2026-10/monthly/?version=7").status_code == 404
    assert citizen.get("/rankings/2026-10/monthly/?version=x").status_code == 404
    page = text_of(citizen.get("/rankings/2026-10/monthly/"))
    assert "東興街道" in page
    assert "No points at 60%, all 50 points at 95%" in page
    assert "95 / 100" in page
    assert "/2026-09/" in page
    assert "/2026-11/" not in page
    assert citizen.get("/rankings/2026-10/monthly/?group=departments").status_code == 200


def test_the_table_of_a_month_is_downloaded(citizen, rounds):
    sent = citizen.get("/rankings/2026-10/monthly/table.csv")
    lines = b"".join(sent.streaming_content).decode("utf-8-sig").splitlines()
    assert any("東興街道" in line for line in lines)
    book = citizen.get("/rankings/2026-10/monthly/table.xlsx")
    assert b"".join(book.streaming_content)[:2] == b"PK"
    assert citizen.get("/rankings/2026-10/monthly/signed.json").status_code == 404


def test_bulletins_of_published_rounds_only(citizen, rounds):
    folder = Path(settings.HOME) / "out" / "bulletins"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.pdf").write_bytes(b"%PDF-1.7")
    shown, draft = rounds
    made = [
        Bulletin.objects.create(
            round=each, language="zh-Hant", made_at=NOW, made_by="x",
            files={"pdf": "out/bulletins/a.pdf", "docx": "../../etc/passwd"},
        )
        for each in (shown, draft)
    ]  # fmt: skip
    text = text_of(citizen.get("/bulletins/"))
    assert f"/bulletins/{made[0].pk}/pdf/" in text
    assert f"/bulletins/{made[1].pk}/pdf/" not in text
    sent = citizen.get(f"/bulletins/{made[0].pk}/pdf/")
    assert b"".join(sent.streaming_content) == b"%PDF-1.7"
    assert citizen.get(f"/bulletins/{made[1].pk}/pdf/").status_code == 404
    assert citizen.get(f"/bulletins/{made[0].pk}/docx/").status_code == 404
    assert citizen.get(f"/bulletins/{made[0].pk}/exe/").status_code == 404


def test_the_public_key_checks_a_signature(citizen, rounds):
    signature = sign(b"content")
    pem = citizen.get(f"/verify/keys/{signature.key_id}.pem").content
    load_pem_public_key(pem).verify(bytes.fromhex(signature.value), b"content")
    raw = text_of(citizen.get(f"/verify/keys/{signature.key_id}.pub"))
    assert raw.strip() == signature.public_key
    assert citizen.get("/verify/keys/0000000000000000.pem").status_code == 404
    assert "def is_signed" in text_of(citizen.get("/verify/verify_history.py"))
    assert citizen.get("/verify/secrets.py").status_code == 404
    text = text_of(citizen.get("/verify/"))
    assert signature.public_key in text
    assert "ab" * 32 in text


def test_rules_as_they_are_in_force(citizen, rounds):
    text = text_of(citizen.get("/rules/"))
    assert "30 working minutes" in text
    assert "Judge the answer" in text
    kinds = text_of(citizen.get("/rules/kinds/?area=S1"))
    assert "暴露垃圾" in kinds
    assert "4 working hours" in kinds
    assert "區城管局" in kinds
    assert "nobody is named" in kinds
    assert citizen.get("/rules/kinds/?area=nowhere").status_code == 200
    whole = text_of(citizen.get("/rules/kinds/"))
    assert "depends on the area" in whole
    assert "nobody is named" not in whole
    assert "暴露垃圾" in text_of(citizen.get("/rules/kinds/", {"q": "垃圾"}))
    assert "暴露垃圾" in text_of(citizen.get("/rules/kinds/", {"q": "暴露　垃圾"}))
    none = text_of(citizen.get("/rules/kinds/", {"q": "\u202e🗑️" * 90}))
    assert "No kind is called so" in none


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_every_page_in_three_languages(client, rounds, language):
    client.cookies["django_language"] = language
    for address in PLAIN:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert text_of(answer).count("<h1") == 1, address
    if language == "en":
        return
    words = text_of(client.get("/help/"))
    assert {"zh-hans": "查询", "zh-hant": "查詢"}[language] in text_of(client.get("/"))
    assert "How do I" not in words


def test_an_empty_town_shows_what_comes_next(citizen, db):
    make.town()
    text = text_of(citizen.get("/"))
    assert "Nothing to show yet" in text
    assert "No month is published yet" in text
    assert "No bulletin is published yet" in text_of(citizen.get("/bulletins/"))
    assert "Nothing here in this time" in text_of(citizen.get("/nearby/"))


def test_the_list_nearby_is_paged_and_filtered(citizen, units):
    people = make.staff(units)
    for n in range(32):
        case = opened(at=MONDAY + HOUR * n / 10, title="x", area="S1" if n % 2 else "S2")
        make.do(case, "file", people["operator"], MONDAY + HOUR * 4)
    with clock.at(MONDAY + HOUR * 5, "live"):
        first = text_of(citizen.get("/nearby/"))
        assert first.count('<a class="b"') == 30
        following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
        second = text_of(citizen.get(following.replace("&amp;", "&")))
        assert second.count('<a class="b"') == 2
        assert text_of(citizen.get("/nearby/?area=S2")).count('<a class="b"') == 16
        assert "Nothing here" in text_of(citizen.get("/nearby/?state=closed"))
        assert citizen.get("/nearby/?after=x&days=x&state=x&kind=x&area=x").status_code == 200
        assert citizen.get("/nearby.geojson?bbox=1,2").status_code == 400
        assert citizen.get("/nearby.geojson?bbox=a,b,c,d").status_code == 400


def test_pages_ask_the_database_a_fixed_number_of_times(
    citizen, rounds, units, django_assert_max_num_queries
):
    people = make.staff(units)
    cases = [opened(title=f"x {n}", area="S1", lon=105.0, lat=29.5) for n in range(12)]
    for case in cases[:4]:
        close(case, people)
    number = cases[0].number
    most = {
        "/": 14, "/report/": 12, f"/c/{number}/": 24, "/nearby/": 14, "/rankings/": 5,
        "/rankings/2026-10/monthly/": 14, "/bulletins/": 5, "/rules/": 14, "/rules/kinds/": 14,
        "/open-data/": 5, "/nearby.geojson?bbox=104,29,106,30": 6, "/help/": 4,
    }  # fmt: skip
    with clock.at(MONDAY + HOUR * 9, "live"):
        for address in most:
            citizen.get(address)
        for address, number in most.items():
            with django_assert_max_num_queries(number):
                assert citizen.get(address).status_code == 200


def test_the_map_asks_no_other_host_unless_tiles_are_set(citizen, units, settings):
    from tests.web.portal.test_reporting import SQUARE
    from townkeeper.journal.actions import touch_registers
    from townkeeper.units.models import Unit

    Unit.objects.filter(code="D").update(outline=SQUARE)
    touch_registers()
    answer = citizen.get("/nearby/")
    assert "img-src 'self' data:" in answer["Content-Security-Policy"]
    assert "approval" not in text_of(answer)
    settings.MAP_TILES = "https://tiles.example.gov.cn/{z}/{x}/{y}.png"
    settings.MAP_APPROVAL_NO = "川S(2026)1號"
    answer = citizen.get("/nearby/")
    policy = answer["Content-Security-Policy"]
    assert "img-src 'self' https://tiles.example.gov.cn data:" in policy
    assert "script-src 'self';" in policy
    assert "Map approval number 川S(2026)1號" in text_of(answer)
    areas = citizen.get("/areas.geojson").json()
    assert [each["properties"]["code"] for each in areas["features"]] == ["D"]
