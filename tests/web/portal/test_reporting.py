"""Anybody reports without an account, with and without scripts; bad input is told in words."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.make import MONDAY, opened
from tests.web.portal.living import HOUR, PHONE, WORDS, form_key, reported, send, upload
from townkeeper.cases.models import Case, Evidence, Reporter
from townkeeper.cases.records import Follow
from townkeeper.kit import clock
from townkeeper.units.models import Unit

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[105.0, 29.5], [105.1, 29.5], [105.1, 29.6], [105.0, 29.6], [105.0, 29.5]]],
}

pytestmark = pytest.mark.django_db


def text_of(answer):
    return answer.content.decode()


def test_a_whole_report_in_one_plain_form(citizen, people):
    case, key = reported(
        citizen, kind="matter/06010", phone=PHONE, name="陳女士",
        photos=[upload(1, place=(105.01, 29.51)), upload(2)],
    )  # fmt: skip
    assert (case.channel, case.category.key, case.area.code) == ("portal", "matter/06010", "S1")
    assert case.title == "市場門口垃圾堆積，沒有人清運"
    assert (case.lon, case.lat) == pytest.approx((105.01, 29.51), abs=1e-4)
    assert Reporter.objects.get(case=case).phone == PHONE
    evidence = Evidence.objects.filter(case=case)
    assert [(row.kind, row.is_public) for row in evidence] == [("before-photo", False)] * 2
    assert len(key) == 16
    assert key not in str(Follow.objects.values())
    sent = text_of(citizen.get(f"/sent/?n={case.number}&k={key}"))
    assert case.number in sent
    assert f"{key[:4]}-{key[4:8]}" in sent
    assert "within 30 working minutes" in sent


def test_a_report_of_nobody_keeps_no_name(citizen, people):
    case, _key = reported(citizen, phone=PHONE, name="陳女士", anonymous="1")
    rows = Reporter.objects.filter(case=case)
    assert [(row.name, row.phone, row.is_anonymous) for row in rows] in ([], [("", "", True)])


def test_the_same_form_five_times_is_one_case(citizen, people):
    key = form_key(text_of(citizen.get("/report/")))
    answers = {send(citizen, form_key=key, photos=[upload(3)])["Location"] for _time in range(5)}
    assert len(answers) == 1
    assert Case.objects.count() == 1
    assert Evidence.objects.count() == 1
    assert Follow.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"words": "", "kind": ""}, "Say in a few words what is wrong"),
        ({"area": "", "address": ""}, "Say where it is"),
        ({"words": "垃" * 7000}, "These are 7000 characters; 5000 fit."),
        ({"phone": "call me"}, "This is no telephone number"),
        ({"website": "https://spam.example"}, "Please leave the hidden field empty"),
        ({"lon": "999", "lat": "29.5"}, "The position cannot be read"),
        ({"lon": "nan", "lat": "inf"}, "The position cannot be read"),
        ({"address": "路" * 301}, "These are 301 characters; 300 fit."),
        ({"phone": "12"}, "This is no telephone number"),
        ({"area": "nowhere"}, "valid choice"),
    ],
)
def test_what_is_missing_or_wrong_is_told_and_everything_typed_is_kept(
    citizen, people, fields, said
):
    answer = send(citizen, **{"name": "陳女士", **fields})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'value="陳女士"' in text_of(answer)
    assert not Case.objects.exists()


def test_everything_that_is_wrong_is_told_at_once(citizen, people):
    text = text_of(send(citizen, words="", area="", address="", phone="call me"))
    for said in ("Say in a few words", "Say where it is", "This is no telephone number"):
        assert said in text


def test_what_is_pasted_or_typed_with_full_width_digits_is_brought_into_form(citizen, people):
    case, _key = reported(
        citizen, words="bell \x07rings\x00\r\ntwice", phone="（０２８）８５５５－１２３４"
    )
    assert (case.text, case.reporter.phone) == ("bell rings\ntwice", "02885551234")


def test_a_page_that_came_back_with_its_old_key_does_not_swallow_another_matter(citizen, people):
    key = form_key(text_of(citizen.get("/report/")))
    first = send(citizen, form_key=key)["Location"]
    other = send(citizen, form_key=key, words="路燈不亮")["Location"]
    assert first != other
    assert set(Case.objects.values_list("text", flat=True)) == {WORDS, "路燈不亮"}


def test_a_photo_that_cannot_be_taken_is_told_with_what_would_be_right(citizen, people):
    heic = SimpleUploadedFile("IMG_1.HEIC", b"\0\0\0\x18ftypheic" + bytes(99), "image/heic")
    text = text_of(send(citizen, photos=[heic]))
    assert "IMG_1.HEIC: This photo is in a format (such as HEIC)" in text
    assert "Most Compatible" in text
    assert "or send without it" in text
    assert "The other photos are kept" not in text
    assert "The other photos are kept" in text_of(send(citizen, photos=[heic, upload(8)]))


def test_photos_of_a_refused_form_are_not_asked_for_again(citizen, people):
    answer = send(citizen, words="", photos=[upload(4)])
    assert answer.status_code == 422
    text = text_of(answer)
    assert "1 photo is with us already" in text
    kept = text.split('name="kept" value="')[1].split('"')[0]
    case, _key = reported(citizen, kept=kept)
    assert Evidence.objects.filter(case=case).count() == 1
    case, _key = reported(citizen, kept=kept[:-3] + "xxx")
    assert not Evidence.objects.filter(case=case).exists()


def test_files_that_are_no_photos_or_too_many_are_refused(citizen, people, settings):
    fake = SimpleUploadedFile("photo.jpg", b"<script>alert(1)</script>", "image/jpeg")
    answer = send(citizen, photos=[fake])
    assert answer.status_code == 422
    assert "photo.jpg: This file is not a photo" in text_of(answer)
    assert "JPEG, PNG, WebP and GIF" in text_of(answer)
    answer = send(citizen, photos=[upload(n) for n in range(20, 27)])
    assert "At most 6 photos." in text_of(answer)
    settings.UPLOAD_LIMIT_MB = 1
    huge = SimpleUploadedFile("huge.jpg", b"\xff\xd8" + bytes(1_100_000), "image/jpeg")
    assert "at most 1 MB can be taken" in text_of(send(citizen, photos=[huge]))
    assert not Case.objects.exists()


def test_scripts_in_words_stay_words(citizen, people):
    case, key = reported(citizen, words="<script>alert(1)</script>坑", address="<b>路</b>")
    for address in (f"/c/{case.number}/?k={key}", f"/c/{case.number}/", "/nearby/"):
        text = text_of(citizen.get(address))
        assert "<script>alert" not in text
        assert "<b>路" not in text


def test_a_place_outside_is_asked_about(citizen, people):
    Unit.objects.filter(code="D").update(outline=SQUARE)
    from townkeeper.journal.actions import touch_registers

    touch_registers()
    answer = send(citizen, lon="116.4", lat="39.9", area="", address="")
    assert answer.status_code == 422
    assert "lies outside our area" in text_of(answer)
    around = [citizen.post("/report/look/", {"lon": lon, "lat": lat}).json()["outside"]
              for lon, lat in (("116.4", "39.9"), ("105.05", "29.55"))]  # fmt: skip
    assert around == [True, False]
    case, _key = reported(citizen, lon="105.05", lat="29.55", area="", address="")
    assert case.area.code == "D"
    case, _key = reported(citizen, photos=[upload(5, place=(105.06, 29.56))], area="", address="")
    assert case.lon == pytest.approx(105.06, abs=1e-4)
    without = send(citizen, photos=[upload(6, place=(105.06, 29.56))], area="", address="",
                   use_photo=None)  # fmt: skip
    assert "Say where it is" in text_of(without)


def test_similar_reports_are_asked_about_before_filing(citizen, people):
    first = opened(title="垃圾堆積", lon=105.01, lat=29.51, address="紅星路", text="王小明")
    answer = send(
        citizen, MONDAY + HOUR, twins_seen="", kind="matter/06010", lon="105.0101", lat="29.5101",
        words="市場門口垃圾堆積", phone=PHONE,
    )  # fmt: skip
    assert answer.status_code == 200
    text = text_of(answer)
    assert "Is it one of these?" in text
    assert first.number in text
    assert "垃圾堆積</b>" not in text
    assert "王小明" not in text
    key = form_key(text)
    joined = send(citizen, MONDAY + HOUR, form_key=key, join=first.number, phone=PHONE)
    assert joined.status_code == 303
    again = send(citizen, MONDAY + HOUR, form_key=key, join=first.number, phone=PHONE)
    assert again["Location"] == joined["Location"]
    assert Case.objects.count() == 1
    follow = Follow.objects.get()
    assert (follow.part, follow.phone, follow.case) == ("supporter", PHONE, first)
    first.refresh_from_db()
    assert first.counts["supported"] == 1
    shown = text_of(citizen.get(joined["Location"]))
    assert "You are with this report now" in shown
    assert send(citizen, join="DX20990101-0001").status_code == 404


def test_help_while_the_form_is_filled_in(citizen, people):
    opened(title="垃圾堆積", lon=105.01, lat=29.51, text="王小明 13912345678")
    with clock.at(MONDAY + HOUR, "live"):
        answer = citizen.post(
            "/report/look/",
            {"words": "暴露垃圾 沒有人清運", "kind": "matter/06010", "lon": "105.0101",
             "lat": "29.5101"},
        )  # fmt: skip
    found = answer.json()
    assert set(found) == {"kinds", "twins", "area", "outside"}
    assert found["twins"][0]["title"] == "暴露垃圾 · 東興街道"
    assert "王小明" not in text_of(answer)
    assert "139" not in text_of(answer)
    assert citizen.post("/report/look/", {"lon": "x", "lat": "y"}).status_code == 200


def test_too_many_from_one_address_wait_and_lose_nothing(citizen, people, settings):
    settings.REPORTS_PER_HOUR = 2
    assert [send(citizen).status_code for _n in range(3)] == [303, 303, 429]
    answer = send(citizen, name="陳女士")
    assert "Please try again later" in text_of(answer)
    assert "市場門口垃圾堆積" in text_of(answer)
    assert Case.objects.count() == 2
    settings.BEHIND_PROXY = True
    key = form_key(text_of(citizen.get("/report/")))
    other = citizen.post(
        "/report/", {"words": "坑", "area": "S1", "form_key": key, "twins_seen": "1"},
        headers={"X-Forwarded-For": "203.0.113.7, 198.51.100.9"},
    )  # fmt: skip
    assert other.status_code == 303


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Report a problem"), ("zh-hans", "我要反映"), ("zh-hant", "上傳")],
)
def test_three_languages(client, people, language, said):
    client.cookies["django_language"] = language
    text = text_of(client.get("/report/"))
    wanted = {"zh-hant": "我要反映"}.get(language, said)
    assert wanted in text
    assert f'lang="{"en" if language == "en" else language[:3] + language[3:].title()}"' in text
