"""The journal search tells in sentences, finds people by their names, asks few questions."""

import pytest

from tests import make
from tests.make import MONDAY, do, opened
from townkeeper.journal.actions import record
from townkeeper.journal.models import Entry
from townkeeper.units.models import Role

pytestmark = pytest.mark.django_db

JOURNAL = "/office/workshop/journal/"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def people():
    return make.staff(make.town())


@pytest.fixture
def boss(client, people):
    Role.objects.create(key="administrator", permissions=make.EVERYTHING)
    office = people["supervisor"].posts.first()
    client.force_login(make.person("boss", "administrator", office.unit, scope=office.scope))
    return client


def search(client, status=200, **wanted):
    answer = client.get(JOURNAL, wanted, headers=ENGLISH)
    assert answer.status_code == status
    return answer.content.decode()


def test_entries_are_told_in_sentences(boss, people):
    case = opened()
    text = search(boss, subject=case.number)
    assert "Reported and recorded" in text
    assert "case.opened" in text
    record(subject="job:7", act="job.start", actor="boss", data={"kind": "import"})
    record(subject="thing:1", act="thing.never_seen", actor="nobody", data={"to": [1], "by": None})
    text = search(boss)
    assert "Long work started" in text
    assert "never seen" in text


def test_a_person_is_found_by_name_and_by_name_for_signing_in(boss, people):
    someone = people["operator"]
    someone.name = "王芳"
    someone.save()
    record(subject="job:8", act="job.start", actor=someone.username, data={})
    for typed in ("王芳", someone.username, someone.username.upper()):
        text = search(boss, actor=typed)
        assert "job:8" in text
        assert "王芳" in text
    assert "No entry fits" in search(boss, actor="王芳芳")


def test_what_a_program_brought_is_told_in_words(boss):
    data = {"role": "administrator", "unit": "S1", "scope": "S1"}
    record(subject="user:boss", act="post.added", actor="demo", data=data)
    record(subject="role:x", act="role.added", actor="demo", data={"names": {}})
    text = search(boss)
    assert "by the program" in text
    assert "Role added" in text


@pytest.mark.parametrize("before", ["9" * 40, "²", "-1", "x", "1.5"])
def test_nonsense_in_the_address_is_passed_over(boss, before):
    assert "Journal" in search(boss, before=before)


def test_a_full_page_takes_few_questions(boss, people, django_assert_max_num_queries):
    for number in range(12):
        case = opened()
        if number % 2:
            do(case, "file", people["operator"], MONDAY)
    assert Entry.objects.count() > 12
    with django_assert_max_num_queries(22):
        search(boss)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_that_no_journal_has_are_refused(boss, day):
    assert "errsum" in search(boss, status=422, since=day, until=day)


def test_a_beginning_alone_shows_the_month_after_it(boss):
    search(boss, since="2020-01-01")
