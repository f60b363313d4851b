"""Files read wrongly at first, imports corrected and tried again, uploads that are removed."""

import os
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests import make
from townkeeper.cases.models import Case
from townkeeper.jobs.actions import run_waiting
from townkeeper.jobs.models import Job
from townkeeper.jobs.uploads import KEPT, clear_uploads, uploads_root
from townkeeper.units.models import Role
from townkeeper.web.workshop.mapping_form import chosen_before, guess_columns

pytestmark = pytest.mark.django_db

BASE = "/office/workshop/imports/"
ENGLISH = {"Accept-Language": "en"}
HEAD = "工单编号,受理时间,标题\n"
CHOSEN = {"system": "hotline", "unknown": "leave", "c-number": "工单编号",
          "c-opened": "受理时间", "c-title": "标题"}  # fmt: skip


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.HOME = tmp_path


@pytest.fixture
def boss(client):
    people = make.staff(make.town())
    Role.objects.create(key="administrator", permissions=make.EVERYTHING)
    office = people["supervisor"].posts.first()
    client.force_login(make.person("boss", "administrator", office.unit, scope=office.scope))
    return client


def send(client, text, *, to=BASE, name="records.csv"):
    file = SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())
    answer = client.post(to, {"file": file}, headers=ENGLISH)
    assert answer.status_code == 302, answer.content.decode()[:500]
    return answer["Location"]


def tried(client, text):
    """Send a file, choose its columns, try it; returns the address of the trial."""
    page = client.post(send(client, text), CHOSEN, headers=ENGLISH)["Location"]
    run_waiting()
    return page


def read(client, path):
    return client.get(path, headers=ENGLISH).content.decode()


def test_an_unusual_delimiter_is_noticed_and_said(boss):
    page = send(boss, (HEAD + "A1,2026-10-01 09:00,垃圾\n").replace(",", "^"))
    assert "Hardly any columns were found" in read(boss, page)
    there = f"{page}?{urlencode({'delimiter': '^', 'encoding': 'utf-8'})}"
    text = read(boss, there)
    assert "Hardly any columns" not in text
    assert '<option value="工单编号" selected>' in text
    trial = boss.post(there, CHOSEN, headers=ENGLISH)["Location"]
    run_waiting()
    assert Job.objects.get().result["created"] == 1
    # the next file of the same office is read the same way
    assert (
        "delimiter: ^"
        in b"".join(
            boss.get(f"/office/workshop/jobs/{trial.split('/')[-2]}/files/mapping.yaml")
        ).decode()
    )


def test_a_wrong_encoding_leads_back_and_says_what_would_do(boss):
    page = send(boss, (HEAD + "A1,2026-10-01 09:00,市场门口垃圾\n").encode("gbk"))
    assert "市场门口垃圾" in read(boss, page)
    answer = boss.get(f"{page}?encoding=utf-8", headers=ENGLISH, follow=True)
    assert answer.redirect_chain[-1][0].endswith(page)
    assert "It looks like gb18030." in answer.content.decode()


def test_a_title_row_above_the_names_is_passed_over(boss):
    page = send(boss, "二〇二六年热线工单,,\n" + HEAD + "A1,2026-10-01 09:00,垃圾\n")
    text = read(boss, page)
    assert "stand in row 2" in text
    assert '<option value="工单编号" selected>' in text
    assert read(boss, f"{page}?header_row=999").count('class="err"') == 1


def test_columns_are_changed_with_what_was_chosen_before(boss):
    page = send(boss, HEAD + "A1,2026-10-01 09:00,垃圾\n")
    trial = boss.post(page, {**CHOSEN, "number_prefix": "HX"}, headers=ENGLISH)["Location"]
    run_waiting()
    assert page in read(boss, trial)
    text = read(boss, page)
    assert 'value="hotline"' in text
    assert 'value="HX"' in text


def test_a_corrected_file_is_tried_by_the_same_columns_and_written_once(boss):
    trial = tried(boss, HEAD + "A1,2026-10-01 09:00,垃圾\nA2,gestern,攤販\n")
    text = read(boss, trial)
    assert "gestern" in text
    assert "Correct it and try again" in text
    second = send(boss, HEAD + "A1,2026-10-01 09:00,垃圾\nA2,2026-10-02 09:00,攤販\n",
                  to=f"{trial}again/")  # fmt: skip
    run_waiting()
    assert "Correct it and try again" not in read(boss, second)
    # a double click writes once
    first, again = (boss.post(f"{second}write/")["Location"] for _click in range(2))
    assert first == again
    run_waiting()
    assert Case.objects.count() == 2
    assert "To the cases" in read(boss, first)


def test_what_cannot_be_tried_again_is_said_in_words(boss):
    trial = tried(boss, HEAD + "A2,gestern,攤販\n")
    assert send(boss, b"\x89PNG\r\n\x1a\n" + bytes(200), to=f"{trial}again/") == trial
    assert "This is a PNG picture" in read(boss, trial)
    assert send(boss, "a,b\n1,2\n", to=f"{trial}again/") == trial
    assert "工单编号" in read(boss, trial)
    assert Job.objects.count() == 1


def test_the_empty_sheet_is_recognised_when_it_comes_back(boss):
    answer = boss.get(f"{BASE}empty.xlsx", headers=ENGLISH)
    assert answer.status_code == 200
    text = read(boss, send(boss, answer.getvalue(), name="records.xlsx"))
    assert '<option value="Number of the record" selected>' in text
    assert "No row follows" in text


def test_headers_are_recognised_by_their_last_word():
    assert guess_columns(["Service_Request_Number", "留言编号x", "Street_name"]) == {
        "number": "Service_Request_Number"
    }
    assert guess_columns(["留言编号", "留言时间"]) == {"number": "留言编号", "opened": "留言时间"}


def test_a_mapping_that_says_more_than_the_form_is_left_alone():
    assert chosen_before("format: 1\nsystem: x\ncolumns: {number: a, text: [b, c]}\n") is None
    assert chosen_before(": no yaml [") is None
    assert chosen_before("") is None


def test_uploads_go_when_their_work_has_ended_and_some_days_have_passed(boss):
    trial = tried(boss, HEAD + "A1,2026-10-01 09:00,垃圾\n")
    send(boss, HEAD)
    folders = sorted(uploads_root().glob("*/*"))
    assert len(folders) == 2
    long_ago = (timezone.now() - KEPT - timedelta(days=1)).timestamp()
    for folder in folders:
        os.utime(folder, (long_ago, long_ago))
    # what nobody did anything with goes; what was tried a moment ago stays
    assert clear_uploads() == 1
    assert clear_uploads() == 0
    Job.objects.update(ended_at=timezone.now() - KEPT - timedelta(hours=1))
    assert clear_uploads() == 1
    text = read(boss, trial)
    assert "send it again to write it" in text
    answer = boss.post(f"{trial}write/", headers=ENGLISH, follow=True)
    assert "has been removed since" in answer.content.decode()
    assert Job.objects.count() == 1


def test_the_upload_of_work_that_waits_stays(boss):
    boss.post(send(boss, HEAD + "A1,2026-10-01 09:00,垃圾\n"), CHOSEN)
    (folder,) = uploads_root().glob("*/*")
    os.utime(folder, (0, 0))
    assert clear_uploads() == 0
    run_waiting()
    assert Job.objects.get().state == Job.State.DONE
