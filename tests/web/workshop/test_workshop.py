"""Procedures, programs, imports, the journal and long work through the browser's eyes."""

import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.cases.models import Case
from townkeeper.jobs.actions import run_waiting
from townkeeper.jobs.models import Job
from townkeeper.journal.models import Entry
from townkeeper.programs.models import LoadedProgram
from townkeeper.units.models import Role
from townkeeper.units.permissions import Permission
from townkeeper.web.workshop.mapping_form import FIELDS, guess_columns, known_headers

pytestmark = pytest.mark.django_db

BASE = "/office/workshop"
ENGLISH = {"Accept-Language": "en"}
ROOT = Path(__file__).parents[3]
CSV = (
    "工单编号,受理时间,标题,办结时间,备注\n"
    "A1,2026-10-01 09:00,垃圾,2026-10-02 09:00,x\n"
    "A2,,攤販,,y\n"
)


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.HOME = tmp_path


@pytest.fixture
def people():
    return make.staff(make.town())


@pytest.fixture
def boss(client, people):
    """An administrator: the role that a loaded program leaves all these pages to."""
    Role.objects.create(key="administrator", permissions=make.EVERYTHING)
    office = people["supervisor"].posts.first()
    client.force_login(make.person("boss", "administrator", office.unit, scope=office.scope))
    return client


def get(client, path, status=200):
    answer = client.get(f"{BASE}/{path}", headers=ENGLISH)
    assert answer.status_code == status, answer.content.decode()[:600]
    return answer.content.decode()


def post(client, path, data=None, status=302):
    answer = client.post(f"{BASE}/{path}", data or {}, headers=ENGLISH)
    assert answer.status_code == status, answer.content.decode()[:600]
    return answer


@pytest.mark.parametrize(
    "path", ["jobs/", "imports/", "programs/", "procedures/", "journal/", "suggestions/"]
)
def test_pages_exist_for_those_who_may_and_for_nobody_else(client, people, path):
    client.force_login(people["CGJ"])
    get(client, path, status=404)
    client.force_login(people["supervisor"])
    get(client, path)


def upload(text, name="records.csv"):
    return SimpleUploadedFile(name, text.encode(), content_type="text/csv")


def columns_page(client, text=CSV):
    answer = client.post(f"{BASE}/imports/", {"file": upload(text)})
    assert answer.status_code == 302
    return answer["Location"].removeprefix(f"{BASE}/")


def chosen(**more):
    return {
        "system": "hotline",
        "unknown": "leave",
        "c-number": "工单编号",
        "c-opened": "受理时间",
        "c-title": "标题",
        "c-closed": "办结时间",
        **more,
    }


def test_an_import_is_tried_first_and_written_when_a_person_says_so(boss):
    page = columns_page(boss)
    assert "受理时间" in get(boss, page)
    trial = post(boss, page, chosen())["Location"].removeprefix(f"{BASE}/")
    assert "waiting" in get(boss, trial)
    run_waiting()
    text = get(boss, trial)
    assert "This is a trial" in text
    assert "The time of opening is missing." in text
    assert not Case.objects.exists()
    written = post(boss, f"{trial}write/")["Location"].removeprefix(f"{BASE}/")
    run_waiting()
    assert "This is a trial" not in get(boss, written)
    case = Case.objects.get()
    assert (case.external_system, case.external_number, case.title) == ("hotline", "A1", "垃圾")
    # what a trial of a trial would be is refused in words
    post(boss, f"{written}write/")
    assert Job.objects.filter(kind="import").count() == 2


def test_the_mapping_of_the_page_serves_for_the_next_file(boss):
    trial = post(boss, columns_page(boss), chosen())["Location"]
    run_waiting()
    mapping = boss.get(f"{BASE}/jobs/{trial.rstrip('/').rpartition('/')[2]}/files/mapping.yaml")
    text = b"".join(mapping.streaming_content).decode()
    assert "number: 工单编号" in text
    answer = boss.post(
        f"{BASE}/imports/", {"file": upload(CSV), "mapping": upload(text, "mapping.yaml")}
    )
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{BASE}/imports/")


@pytest.mark.parametrize(
    ("text", "name"),
    [("", "empty.csv"), ("\x00\x01\x02" * 50, "junk.xlsx")],
)
def test_a_file_that_is_no_table_is_refused_in_words(boss, text, name):
    answer = boss.post(
        f"{BASE}/imports/", {"file": upload(text, name)}, headers=ENGLISH, follow=True
    )
    assert answer.status_code in {200, 422}
    assert "errsum" in answer.content.decode() or "toast bad" in answer.content.decode()
    assert not Job.objects.exists()


def test_a_broken_mapping_file_names_what_is_wrong(boss):
    broken = upload(
        "format: 1\nsystem: x\ncolumns: {number: nowhere, opened: 受理时间}\n", "m.yaml"
    )
    answer = boss.post(
        f"{BASE}/imports/", {"file": upload(CSV), "mapping": broken}, headers=ENGLISH
    )
    assert answer.status_code == 422
    assert "nowhere" in answer.content.decode()


def test_columns_must_be_chosen_and_words_for_states_not_twice(boss):
    page = columns_page(boss)
    text = post(boss, page, chosen(**{"c-number": ""}), status=422).content.decode()
    assert "errsum" in text
    twice = chosen(**{"c-state": "备注", "s-closed": "done", "s-open": "done"})
    assert "done" in post(boss, page, twice, status=422).content.decode()
    assert not Job.objects.exists()


def test_uploads_and_jobs_of_others_are_not_there(client, people):
    client.force_login(people["operator"])
    page = columns_page(client)
    trial = post(client, page, chosen())["Location"].removeprefix(f"{BASE}/")
    other = people["dispatcher"]
    role = other.posts.first().role
    role.permissions = [Permission.CASES_CASE_IMPORT]
    role.save()
    make.touch_registers()
    client.force_login(other)
    get(client, page, status=404)
    get(client, trial, status=404)
    job = Job.objects.get()
    post(client, f"jobs/{job.pk}/stop/", status=404)
    get(client, f"jobs/{job.pk}/files/..%2F..%2Fkeys", status=404)


def test_a_waiting_job_can_be_stopped(boss):
    post(boss, columns_page(boss), chosen())
    job = Job.objects.get()
    post(boss, f"jobs/{job.pk}/stop/")
    run_waiting()
    job.refresh_from_db()
    assert job.state == "stopped"


def zipped(change=None):
    packed = io.BytesIO()
    folder = ROOT / "programs" / "dongxing"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                text = path.read_text("utf-8")
                name = path.relative_to(folder).as_posix()
                archive.writestr(f"dongxing/{name}", change(name, text) if change else text)
        archive.writestr("../../escaped.txt", "no")
    return SimpleUploadedFile("program.zip", packed.getvalue(), content_type="application/zip")


@pytest.mark.slow
def test_a_program_is_checked_compared_loaded_and_written_out(boss, tmp_path):
    where = post(boss, "programs/check/", {"file": zipped()})["Location"].removeprefix(f"{BASE}/")
    assert not list(tmp_path.rglob("escaped.txt"))
    assert "It can be loaded" in get(boss, where)
    loading = post(boss, f"{where}load/")["Location"].removeprefix(f"{BASE}/")
    run_waiting()
    get(boss, loading)
    program = LoadedProgram.objects.get(is_current=True)
    get(boss, "programs/")

    def shorter(name, text):
        return text.replace("limit: 30wmin", "limit: 20wmin") if "problem" in name else text

    where = post(boss, "programs/check/", {"file": zipped(shorter)})["Location"]
    text = get(boss, where.removeprefix(f"{BASE}/"))
    assert "was 30 working min and is now 20 working min (shorter)" in text
    answer = boss.get(f"{BASE}/programs/loadings/{program.pk}/files/")
    names = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()
    assert "dongxing/program.yaml" in names
    answer = boss.get(f"{BASE}/programs/export/")
    assert zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()


@pytest.mark.slow
def test_a_program_with_errors_is_not_loaded(boss):
    def broken(name, text):
        return text.replace("to: filed", "to: nowhere") if "problem" in name else text

    where = post(boss, "programs/check/", {"file": zipped(broken)})["Location"]
    text = get(boss, where.removeprefix(f"{BASE}/"))
    assert "It is not loaded" in text
    assert "nowhere" in text
    loading = post(boss, f"{where.removeprefix(BASE + '/')}load/")["Location"]
    run_waiting()
    assert "nothing was changed" in get(boss, loading.removeprefix(f"{BASE}/"))
    assert not LoadedProgram.objects.exists()


def test_what_is_no_zip_is_refused(boss):
    text = post(
        boss, "programs/check/", {"file": upload("no", "p.zip")}, status=422
    ).content.decode()
    assert "This is no ZIP file." in text


@pytest.mark.parametrize("broken", ["name", "password"])
def test_what_cannot_be_unpacked_is_refused_in_words(boss, broken):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a" * 300 if broken == "name" else "program.yaml", "format: 1")
    data = bytearray(packed.getvalue())
    if broken == "password":
        data[6] |= 1
        data[data.find(b"PK\x01\x02") + 8] |= 1
    file = SimpleUploadedFile("p.zip", bytes(data))
    answer = post(boss, "programs/check/", {"file": file}, status=422)
    assert "cannot be unpacked" in answer.content.decode()


def test_a_procedure_is_drawn_and_told(boss):
    do(opened(), "file", make.User.objects.get(username="operator"), MONDAY)
    text = get(boss, "procedures/problem/")
    assert "<svg" in text
    assert 'aria-labelledby="proc-problem-title' in text
    assert boss.get(f"{BASE}/procedures/problem.bpmn").content.startswith(b"<?xml")
    assert "Ask to extend" in text
    get(boss, "procedures/problem/?version=99", status=404)
    get(boss, "procedures/nothing/", status=404)


def test_the_journal_is_searched_and_a_chain_checked(boss, people):
    case = opened()
    do(case, "file", people["operator"], MONDAY)
    text = get(boss, f"journal/?subject={case.number}")
    assert "case.opened" in text or "case.open" in text
    assert "This chain has 2 entries." in text
    subject = f"case:{case.number}"
    answer = post(boss, "journal/verify/", {"subject": subject}, status=200).content.decode()
    assert "All 2 entries hold" in answer
    Entry.objects.filter(subject=subject, seq=1).update(actor="somebody-else")
    answer = post(boss, "journal/verify/", {"subject": subject}, status=200).content.decode()
    assert "changed after it was written" in answer


def test_a_journal_search_over_too_long_a_time_is_refused(boss):
    text = get(boss, "journal/?since=2020-01-01&until=2026-01-01", status=422)
    assert "at most 31 days" in text
    get(boss, "journal/?since=2026-02-01&until=2026-01-01", status=422)
    get(boss, "journal/?since=nonsense", status=422)


def test_who_stands_in_a_street_reads_only_the_cases_of_that_street(client, people):
    here, there = opened(area="S1"), opened(area="S2", category="matter/09022")
    role = people["S1"].posts.first().role
    role.permissions = [*role.permissions, Permission.JOURNAL_ENTRY_VIEW]
    role.save()
    client.force_login(people["S1"])
    assert "<code>case." in get(client, f"journal/?subject={here.number}")
    assert "<code>case." not in get(client, f"journal/?subject={there.number}")
    assert "<code>" not in get(client, "journal/").split("</form>")[-1].split("seal")[0]
    post(client, "journal/verify/", {"subject": f"case:{there.number}"}, status=404)


def test_training_is_started_and_fails_in_words_without_cases(boss):
    post(boss, "suggestions/train/")
    run_waiting()
    job = Job.objects.get(kind="training")
    assert job.state == "failed"
    assert "fault" not in job.problem


def test_headers_are_recognised():
    assert {field for field, _header in known_headers()} == set(FIELDS)
    assert guess_columns(["工单编号", "受理时间", "承办单位", "X"]) == {
        "number": "工单编号",
        "opened": "受理时间",
        "unit": "承办单位",
    }
