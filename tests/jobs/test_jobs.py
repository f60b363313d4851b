"""Long work: taken once, told how far it is, stopped, cut off, and never silent about failing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import make
from townkeeper.jobs.actions import run_waiting, start_job, stop_job, take_up_lost
from townkeeper.jobs.kinds import register_kind
from townkeeper.jobs.models import Job
from townkeeper.journal.models import Entry
from townkeeper.kit.errors import Problem

pytestmark = pytest.mark.django_db

HERE = "tests.jobs.test_jobs"
seen: list[int] = []


def work(job, tell):
    for piece in range(3):
        tell(piece, 3)
        seen.append(piece)
        if job.given.get("stop") and piece == 0:
            Job.objects.filter(pk=job.pk).update(stop_wanted=True)
            tell(3, 3)
    return {"said": job.given["word"]}


def refuse(job, tell):
    raise Problem("no-good", "This file is empty.", where="a.csv", hint="Send another one.")


def break_down(job, tell):
    raise RuntimeError("boom")


@pytest.fixture(autouse=True)
def _kinds():
    seen.clear()
    register_kind("good", "good work", f"{HERE}.work", again=True)
    register_kind("refused", "refused work", f"{HERE}.refuse")
    register_kind("broken", "broken work", f"{HERE}.break_down")


@pytest.fixture
def user():
    return make.staff(make.town())["operator"]


def start(user, kind, **given):
    return start_job(kind, title="file.csv", given={"word": "yes", **given}, actor=user)


def test_work_is_done_once_and_its_result_and_history_are_there(user):
    job = start(user, "good")
    assert run_waiting() == 1
    assert run_waiting() == 0
    job.refresh_from_db()
    assert (job.state, job.result, job.percent) == ("done", {"said": "yes"}, 0)
    acts = Entry.objects.filter(subject=f"job:{job.pk}").values_list("act", flat=True)
    assert list(acts) == ["job.start", "job.end"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [("refused", "This file is empty."), ("broken", "RuntimeError: boom")],
)
def test_failing_says_why(user, kind, words):
    job = start(user, kind)
    run_waiting()
    job.refresh_from_db()
    assert job.state == "failed"
    assert words in job.problem


def test_an_unknown_kind_is_refused(user):
    with pytest.raises(Problem):
        start(user, "nonsense")
    assert not Job.objects.exists()


def test_waiting_work_can_be_stopped_before_it_begins(user):
    job = start(user, "good")
    stop_job(job, actor=user)
    assert run_waiting() == 0
    job.refresh_from_db()
    assert (job.state, seen) == ("stopped", [])


def test_running_work_stops_at_its_next_piece(user):
    job = start(user, "good", stop=True)
    run_waiting()
    job.refresh_from_db()
    assert (job.state, seen) == ("stopped", [0])


@pytest.mark.parametrize(("kind", "state"), [("good", "waiting"), ("refused", "failed")])
def test_work_whose_process_has_gone_is_begun_again_or_told(user, kind, state):
    job = start(user, kind)
    long_ago = timezone.now() - timedelta(minutes=6)
    Job.objects.filter(pk=job.pk).update(state="running", seen_at=long_ago)
    other = start(user, kind)
    Job.objects.filter(pk=other.pk).update(state="running", seen_at=timezone.now())
    assert take_up_lost() == 1
    job.refresh_from_db()
    other.refresh_from_db()
    assert (job.state, other.state) == (state, "running")


def test_a_person_sees_their_own_jobs(user):
    start(user, "good")
    other = make.person("second", "operator", user.posts.first().unit)
    assert Job.objects.visible_to(user).count() == 1
    assert Job.objects.visible_to(other).count() == 0
    assert Job.objects.visible_to(other, all_of_them=True).count() == 1
