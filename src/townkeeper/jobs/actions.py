"""Starting, doing and stopping long work; every start and end is in the journal."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from townkeeper.accounts.models import User
from townkeeper.jobs.kinds import kind_of
from townkeeper.jobs.models import Job
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

log = logging.getLogger(__name__)

SILENT = timedelta(minutes=5)
"""A running job that has said nothing for so long has lost its process."""
SAY_EVERY = timedelta(seconds=1)


class StoppedError(Exception):
    """The person does not want the work any more."""


def start_job(kind: str, *, title: str, given: Mapping[str, Any], actor: User) -> Job:
    """Put work into the queue; the background process takes it within seconds.

    Errors: `Problem` where the kind is unknown.
    """
    if kind_of(kind) is None:
        raise Problem("no-such-job", _("There is no work of this kind."))
    with transaction.atomic():
        job = Job.objects.create(
            kind=kind,
            user=actor,
            title=title[:200],
            given={**given, "language": translation.get_language() or settings.LANGUAGE_CODE},
            created_at=clock.now(),
        )
        data = {"kind": kind, "title": job.title}
        record(subject=subject_of(job), act="job.start", actor=actor.username, data=data)
    return job


def stop_job(job: Job, *, actor: User) -> None:
    """Ask for an end: work that waits never begins, work that runs ends at its next piece."""
    with transaction.atomic():
        waiting = Job.objects.filter(pk=job.pk, state=Job.State.WAITING)
        if waiting.update(state=Job.State.STOPPED, ended_at=clock.now()):
            record(subject=subject_of(job), act="job.stop", actor=actor.username, data={})
            return
        Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(stop_wanted=True)


def folder_of(job: Job) -> Path:
    """Return the folder of a job's files, made if need be."""
    folder = Path(settings.HOME) / "out" / "jobs" / str(job.pk)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def subject_of(job: Job) -> str:
    """Return the name of a job's chain in the journal."""
    return f"job:{job.pk}"


def run_waiting() -> int:
    """Do what waits, oldest first; returns how many. Any number of processes may do this."""
    take_up_lost()
    count = 0
    while (job := _take()) is not None:
        _do(job)
        count += 1
    return count


def take_up_lost() -> int:
    """Deal with jobs whose process was killed: begin again where that is safe, else say so."""
    gone = Job.objects.filter(state=Job.State.RUNNING, seen_at__lt=timezone.now() - SILENT)
    found = list(gone.select_related("user"))
    for job in found:
        kind = kind_of(job.kind)
        again = kind is not None and kind.again
        words = _("The work was cut off. Look at what is there, then start it again.")
        with transaction.atomic():
            mine = gone.filter(pk=job.pk)
            if again:
                mine.update(state=Job.State.WAITING, done=0)
            else:
                mine.update(state=Job.State.FAILED, problem=words, ended_at=timezone.now())
            data = {"again": again}
            record(subject=subject_of(job), act="job.lost", actor=job.user.username, data=data)
    return len(found)


def _take() -> Job | None:
    """Take the oldest job that waits; two processes never take the same one."""
    for pk in Job.objects.filter(state=Job.State.WAITING).order_by("created_at", "pk")[:10]:
        now = timezone.now()
        taken = Job.objects.filter(pk=pk.pk, state=Job.State.WAITING).update(
            state=Job.State.RUNNING, started_at=now, seen_at=now, stop_wanted=False
        )
        if taken:
            return Job.objects.select_related("user").get(pk=pk.pk)
    return None


def _do(job: Job) -> None:
    kind = kind_of(job.kind)
    teller = _Teller(job)
    with translation.override(str(job.given.get("language") or settings.LANGUAGE_CODE)):
        try:
            if kind is None:
                raise Problem("no-such-job", _("There is no work of this kind."))  # noqa: TRY301
            result = kind.work()(job, teller.tell)
        except StoppedError:
            _end(job, Job.State.STOPPED)
        except Problem as problem:
            said = " ".join(str(part) for part in (problem.message, problem.hint) if part)
            _end(
                job, Job.State.FAILED, problem=f"{problem.where}: {said}" if problem.where else said
            )
        except Exception as error:
            log.exception("job %s", job)
            words = _("The work failed by a fault of the program: %(fault)s") % {
                "fault": f"{type(error).__name__}: {error}"[:300]
            }
            _end(job, Job.State.FAILED, problem=words)
        else:
            _end(job, Job.State.DONE, result=result)


def _end(
    job: Job, state: Job.State, *, result: dict[str, Any] | None = None, problem: str = ""
) -> None:
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(
            state=state, result=result or {}, problem=problem, ended_at=timezone.now()
        )
        data = {"state": str(state), "problem": problem}
        record(subject=subject_of(job), act="job.end", actor=job.user.username, data=data)


class _Teller:
    """Says how far a job is, at most once a second, and hears whether it is still wanted."""

    def __init__(self, job: Job) -> None:
        self.job, self.said = job, timezone.now() - SAY_EVERY

    def tell(self, done: int, total: int) -> None:
        now = timezone.now()
        if now - self.said < SAY_EVERY and done < total:
            return
        self.said = now
        mine = Job.objects.filter(pk=self.job.pk)
        mine.update(done=max(0, done), total=max(0, total), seen_at=now)
        if mine.filter(stop_wanted=True).exists():
            raise StoppedError
