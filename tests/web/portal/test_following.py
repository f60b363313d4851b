"""Following a case: what the number shows, what the key allows, and what nobody ever sees."""

from datetime import timedelta

import pytest

from tests.make import MONDAY, do, opened
from tests.web.portal.living import HOUR, PHONE, close, reported, upload
from townkeeper.cases.models import Ask, Case, Evidence, Judgement
from townkeeper.cases.publicity import show_photo, street_of
from townkeeper.journal.models import Entry
from townkeeper.kit import clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
JPEG = b"\xff\xd8"
SECRETS = (PHONE, "6021", "陳女士", "王小明", "301", "86 號", "沒有人清運", "感謝", "內部")


def text_of(answer):
    return answer.content.decode()


def act(client, case, what, at, **fields):
    with clock.at(at, "live"):
        return client.post(f"/c/{case.number}/{what}/", fields, follow=True)


def look(client, case, at=MONDAY + HOUR, key=""):
    with clock.at(at, "live"):
        return client.get(f"/c/{case.number}/" + (f"?k={key}" if key else ""))


def acts_on(case):
    return list(Entry.objects.filter(subject=case.subject).values_list("act", flat=True))


@pytest.fixture
def case_and_key(citizen, people):
    return reported(
        citizen, kind="matter/06010", phone=PHONE, name="陳女士", lon="105.01234",
        lat="29.51234", photos=[upload(1)],
    )  # fmt: skip


def test_nothing_typed_and_nobody_is_public(citizen, people, case_and_key):
    case, _key = case_and_key
    do(case, "file", people["operator"], MONDAY + HOUR)
    do(case, "dispatch", people["dispatcher"], MONDAY + HOUR)
    do(case, "dispute", people["CGJ"], MONDAY + HOUR * 2, reason="內部理由", clause="內部條款",
       other="GSJ")  # fmt: skip
    with clock.at(MONDAY + HOUR * 3, "live"):
        pages = [
            f"/c/{case.number}/", "/", "/nearby/", "/nearby.geojson?bbox=104,29,106,30",
            "/nearby/?area=S1&kind=matter/06010&state=running",
        ]  # fmt: skip
        texts = [text_of(citizen.get(page)) for page in pages]
    for secret in SECRETS:
        assert not any(secret in text for text in texts), secret
    assert "暴露垃圾 · 東興街道 紅星路" in texts[0]
    assert "With the unit in charge" in texts[0]
    assert "29.51234" not in texts[3]
    assert "29.512" in texts[3]


def test_closed_cases_leave_as_open_data_without_a_person(citizen, people, case_and_key):
    case, _key = case_and_key
    close(case, people)
    with clock.at(MONDAY + DAY, "live"):
        for address in ("/open-data/2026-11.csv", "/open-data/2026-11.geojson"):
            answer = citizen.get(address)
            text = b"".join(answer.streaming_content).decode()
            assert case.number in text
            assert not any(secret in text for secret in SECRETS)
        assert citizen.get("/open-data/2020-01.csv").status_code == 404
        text = text_of(citizen.get(f"/c/{case.number}/"))
    assert not any(secret in text for secret in SECRETS)


def test_the_number_shows_and_the_key_acts(citizen, people, case_and_key):
    case, key = case_and_key
    assert "Add something" not in text_of(look(citizen, case))
    wrong = look(citizen, case, key="2222333344445555")
    assert "This key does not belong to this report" in text_of(wrong)
    assert "Add something" not in text_of(wrong)
    mine = text_of(look(citizen, case, key=key.lower()))
    assert "Add something" in mine
    for what in ("add", "remind", "judge", "reopen", "withdraw"):
        refused = act(citizen, case, what, MONDAY + HOUR, words="x", k="2222333344445555")
        assert refused.status_code == 422
        assert "This needs the key" in text_of(refused)
    assert acts_on(case) == ["case.opened", "case.evidence"]
    assert citizen.get("/c/DX20990101-0001/").status_code == 404
    assert citizen.post(f"/c/{case.number}/destroy/", {"k": key}).status_code == 404


def test_cases_of_other_procedures_do_not_exist_here(citizen, people):
    case = opened()
    case.procedure.key = "objection"
    case.procedure.save()
    assert citizen.get(f"/c/{case.number}/").status_code == 404
    with clock.at(MONDAY + HOUR, "live"):
        assert case.number not in text_of(citizen.get("/nearby/"))


def test_adding_words_and_photos(citizen, people, case_and_key):
    case, key = case_and_key
    done = act(citizen, case, "add", MONDAY + HOUR, k=key, words="更多垃圾", photos=[upload(9)])
    assert "It is with the report now" in text_of(done)
    assert acts_on(case)[-2:] == ["case.evidence", "case.words_added"]
    assert act(citizen, case, "add", MONDAY + HOUR, k=key).status_code == 422
    long = act(citizen, case, "add", MONDAY + HOUR, k=key, words="長" * 5001)
    assert "These are 5001 characters" in text_of(long)
    assert "長" * 100 in text_of(long)
    citizen.force_login(people["operator"])
    office = text_of(citizen.get(f"/office/cases/{case.number}/"))
    assert "The reporter adds" in office
    assert "更多垃圾" in office


def test_reminding_only_when_late_and_once_a_day(citizen, people, case_and_key):
    case, key = case_and_key
    assert "not overdue" in text_of(act(citizen, case, "remind", MONDAY, k=key))
    late = MONDAY + DAY
    assert "Remind the office" in text_of(look(citizen, case, late, key))
    assert "has been reminded" in text_of(act(citizen, case, "remind", late, k=key))
    again = act(citizen, case, "remind", late + HOUR, k=key)
    assert "today already" in text_of(again)
    assert Case.objects.get(pk=case.pk).counts["reminded"] == 1


def test_judging_once_with_stars_and_words(citizen, people, case_and_key):
    case, key = case_and_key
    close(case, people)
    at = MONDAY + DAY
    page = text_of(look(citizen, case, at, key))
    assert "已清運，感謝陳女士。" in page
    assert "Judge the result" in page
    assert act(citizen, case, "judge", at, k=key, stars="5").status_code == 422
    assert act(citizen, case, "judge", at, k=key, solved="yes", stars="9").status_code == 422
    done = act(citizen, case, "judge", at, k=key, solved="yes", stars="4", words="很好")
    assert "Thank you for your judgement" in text_of(done)
    row = Judgement.objects.get()
    assert (row.verdict, row.stars, row.is_solved, row.actor) == ("satisfied", 4, True, "reporter")
    assert act(citizen, case, "judge", at, k=key, solved="no", stars="1").status_code == 422
    assert "很好" not in text_of(look(citizen, case, at))


def test_asking_to_reopen_within_the_window_only(citizen, people, case_and_key):
    case, key = case_and_key
    close(case, people)
    at = MONDAY + DAY
    empty = act(citizen, case, "judge", at, k=key, solved="no", stars="1", reopen="yes")
    assert empty.status_code == 422
    assert not Judgement.objects.exists()
    act(citizen, case, "judge", at, k=key, solved="no", stars="1", reopen="yes", words="又堆了",
        photos=[upload(11)])  # fmt: skip
    ask = Ask.objects.get()
    assert (ask.effect, ask.reason, ask.actor) == ("reopening", "又堆了", "reporter")
    assert "You asked to take it up again" in text_of(look(citizen, case, at, key))
    again = act(citizen, case, "reopen", at, k=key, words="快")
    assert again.status_code == 422


def test_after_the_window_the_server_says_until_when(citizen, people, case_and_key):
    case, key = case_and_key
    close(case, people)
    late = MONDAY + DAY * 40
    assert "Judge the result" not in text_of(look(citizen, case, late, key))
    for what in ("judge", "reopen"):
        answer = act(citizen, case, what, late, k=key, solved="no", stars="1", words="又堆了")
        assert answer.status_code == 422
        assert "2026-11-17" in text_of(answer)
    assert not Ask.objects.exists()


def test_reopening_after_a_judgement_without_it(citizen, people, case_and_key):
    case, key = case_and_key
    close(case, people)
    act(citizen, case, "judge", MONDAY + DAY, k=key, solved="no", stars="2", words="差")
    act(citizen, case, "reopen", MONDAY + DAY * 2, k=key, words="又堆了")
    assert Ask.objects.get().reason == "又堆了"


def test_taking_a_report_back_is_for_the_office_to_decide(citizen, people, case_and_key):
    case, key = case_and_key
    act(citizen, case, "withdraw", MONDAY + HOUR, k=key, words="已自行解決")
    assert acts_on(case)[-1] == "case.withdrawal"
    assert Case.objects.get(pk=case.pk).stage == "intake"
    again = act(citizen, case, "withdraw", MONDAY + HOUR, k=key)
    assert "already" in text_of(again)


def test_the_end_of_the_telephone_number_opens_it_and_guessing_is_slowed(
    citizen, people, case_and_key
):
    case, _key = case_and_key
    wrong = citizen.post(f"/c/{case.number}/phone/", {"digits": "111111"})
    assert wrong.status_code == 422
    assert citizen.post(f"/c/{case.number}/phone/", {"digits": "21"}).status_code == 422
    right = citizen.post(f"/c/{case.number}/phone/", {"digits": PHONE[-6:]}, follow=True)
    assert "Add something" in text_of(right)
    done = act(citizen, case, "add", MONDAY + HOUR, words="更多")
    assert done.status_code == 200
    tries = [citizen.post(f"/c/{case.number}/phone/", {"digits": "0"}) for _n in range(9)]
    assert tries[-1].status_code == 429


def test_a_caller_without_a_key_follows_by_telephone(citizen, people):
    case = opened(reporter_name="李先生", reporter_phone="0832-2026111", channel="hotline")
    hidden = opened(reporter_phone="13900001111", anonymous=True)
    assert citizen.post(f"/c/{case.number}/phone/", {"digits": "026111"}).status_code == 303
    assert citizen.post(f"/c/{hidden.number}/phone/", {"digits": "001111"}).status_code == 422


def test_photos_are_public_when_closed_or_shown(citizen, people, case_and_key):
    case, key = case_and_key
    before = Evidence.objects.get(case=case)
    assert before.file.taken_at is None
    address = f"/c/{case.number}/photos/{before.pk}/"
    assert citizen.get(address).status_code == 404
    own = text_of(look(citizen, case, key=key))
    ticket = own.split(f"{address}?f=")[1].split('"')[0]
    assert citizen.get(f"{address}?f={ticket}").content[:2] == JPEG
    assert citizen.get(f"{address}?f={ticket}x").status_code == 404
    with clock.at(MONDAY + HOUR, "live"):
        citizen.force_login(people["operator"])
        assert case.number in text_of(citizen.get("/office/public-photos/"))
        citizen.post(f"/office/public-photos/{before.pk}/", {"shown": "yes"})
        citizen.logout()
    sent = citizen.get(address)
    assert sent["Content-Type"] == "image/jpeg"
    assert b"Exif" not in sent.content
    assert citizen.get(f"{address}?s=1").content[:2] == JPEG
    assert "case.photo_shown" in acts_on(case)
    before.refresh_from_db()
    show_photo(before, actor=people["operator"], shown=False)
    assert citizen.get(address).status_code == 404


def test_photos_are_released_by_those_who_see_the_case(citizen, people, case_and_key):
    case, _key = case_and_key
    before = Evidence.objects.get(case=case)
    do(case, "file", people["operator"], MONDAY + HOUR)
    do(case, "dispatch", people["dispatcher"], MONDAY + HOUR)
    citizen.force_login(people["S2"])
    assert citizen.post(f"/office/public-photos/{before.pk}/").status_code == 404
    citizen.force_login(people["leader"])
    assert citizen.get("/office/public-photos/").status_code == 404


@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("紅星路 86 號農貿市場東門", "紅星路"),
        ("東興大道100號3棟2單元501室", "東興大道"),
        ("中山路三十二号", "中山路"),
        ("永興鎮三村二組", "永興鎮三村"),
        ("漢安大道", "漢安大道"),
        ("Station Road 12a", "Station Road"),
        ("", ""),
    ],
)
def test_an_address_is_public_as_far_as_the_street(address, street):
    assert street_of(address) == street


def test_a_merged_report_follows_its_main_case(citizen, people, case_and_key):
    from townkeeper.cases.merging import merge_cases

    case, key = case_and_key
    main = opened(title="主案")
    with clock.at(MONDAY + HOUR, "live"):
        merge_cases(main, [case], actor=people["operator"], reason="同一處")
    page = text_of(look(citizen, case, MONDAY + HOUR * 2, key))
    assert f"put together with {main.number}" in page
    act(citizen, case, "add", MONDAY + HOUR * 2, k=key, words="更多")
    assert "case.words_added" in acts_on(main)
    close(main, people, MONDAY + HOUR * 3)
    at = MONDAY + DAY
    done = act(citizen, case, "judge", at, k=key, solved="yes", stars="5")
    assert done.status_code == 200
    assert Judgement.objects.get().case == case


def test_a_number_is_found_however_it_is_copied(citizen, case_and_key):
    case, key = case_and_key
    wide = case.number.translate({ord(c): ord(c) + 0xFEE0 for c in "DXLL0123456789-"})
    for typed in (case.number.lower(), case.number.replace("-", ""), f" {wide} ",
                  case.number.replace("-", " - "), case.number.replace("-", "–")):  # fmt: skip
        answer = citizen.get("/follow/", {"n": typed})
        assert answer.get("Location") == f"/c/{case.number}/", typed
    wrong = citizen.get("/c/DX20990101-0001/")
    assert wrong.status_code == 404
    assert "There is no report with the number DX20990101-0001" in text_of(wrong)
    spelt = "".join(chr(ord(c) + 0xFEE0) for c in f"{key[:4]}-{key[4:]}".lower())
    assert "What is new?" in text_of(citizen.get(f"/c/{case.number}/", {"k": spelt}))


def test_a_refusal_leads_to_its_field_and_the_photos_stand_before_the_judgement(
    citizen, people, case_and_key
):
    case, key = case_and_key
    close(case, people)
    page = text_of(look(citizen, case, key=key))
    assert page.index('id="h-photos"') < page.index('id="h-judge"')
    refused = text_of(act(citizen, case, "judge", MONDAY + HOUR * 4, k=key, stars="2", words="臭"))
    assert 'id="refused"><a href="#judge-solved">' in refused
    assert ">臭</textarea>" in refused
    wrong = text_of(look(citizen, case, key="2222333344445555"))
    assert 'value="2222333344445555"' in wrong
    assert 'aria-invalid="true" aria-describedby="refused"' in wrong


def test_whoever_reloads_a_refused_page_or_changes_its_language_keeps_their_place(
    citizen, people, case_and_key
):
    case, key = case_and_key
    page = text_of(look(citizen, case, key=key))
    assert f'action="/c/{case.number}/add/?k={key}"' in page
    again = citizen.get(f"/c/{case.number}/add/", {"k": key})
    assert again["Location"] == f"/c/{case.number}/?k={key}"
    assert citizen.get(f"/c/{case.number}/phone/")["Location"] == f"/c/{case.number}/"
