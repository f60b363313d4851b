"""The job centre: what runs in the background, how far it is, and what came of it."""

from datetime import timedelta

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from townkeeper.accounts.models import User
from townkeeper.jobs.actions import folder_of, stop_job
from townkeeper.jobs.kinds import kind_of
from townkeeper.jobs.models import Job
from townkeeper.kit import clock
from townkeeper.units.permissions import Permission
from townkeeper.web.access import may, needs

PAGE = 50
HEARD = timedelta(minutes=1)
"""A running job that has said nothing for so long is told as such; `SILENT` takes it up."""
LOOKS = {
    "waiting": ("grey", "hourglass"),
    "running": ("info", "loader"),
    "done": ("ok", "circle-check"),
    "failed": ("bad", "circle-alert"),
    "stopped": ("grey", "circle-pause"),
}
"""Colour and icon of each state."""

WHO = (Permission.CASES_CASE_IMPORT, Permission.PROGRAMS_PROGRAM_LOAD)


def find_job(request: HttpRequest, pk: int, kind: str | None = None) -> Job:
    """Return a job that the person may see; absent and forbidden answer alike."""
    everything = may(request, Permission.PROGRAMS_PROGRAM_LOAD)
    jobs = Job.objects.visible_to(request.user, all_of_them=everything).select_related("user")
    job = jobs.filter(pk=pk, **({"kind": kind} if kind else {})).first()
    if job is None:
        raise Http404
    return job


def shown(job: Job) -> Job:
    """Give a job what its tag needs."""
    kind = kind_of(job.kind)
    job.look, job.icon = LOOKS[job.state]  # type: ignore[attr-defined]
    silent = clock.now() - HEARD if job.state == Job.State.RUNNING else None
    job.is_silent = silent and job.seen_at and job.seen_at < silent  # type: ignore[attr-defined]
    job.kind_title = kind.title if kind else job.kind  # type: ignore[attr-defined]
    return job


@needs(*WHO)
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    """Show the newest jobs; whoever looks after programs sees everybody's."""
    everything = may(request, Permission.PROGRAMS_PROGRAM_LOAD)
    jobs = Job.objects.visible_to(request.user, all_of_them=everything).select_related("user")
    rows = [shown(job) for job in jobs.order_by("-pk")[:PAGE]]
    part = "workshop/_jobs.html" if "HX-Request" in request.headers else "workshop/jobs.html"
    return render(request, part, {"jobs": rows, "open": any(job.is_open for job in rows)})


@needs(*WHO)
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a job to end."""
    job = find_job(request, pk)
    if isinstance(request.user, User):
        stop_job(job, actor=request.user)
    messages.info(request, _("It ends at its next piece of work; what is done stays."))
    return redirect("workshop:jobs")


@needs(*WHO)
@require_safe
def job_file(request: HttpRequest, pk: int, name: str) -> FileResponse:
    """Send a file that a job wrote, as a download."""
    folder = folder_of(find_job(request, pk)).resolve()
    path = (folder / name).resolve()
    if path.parent != folder or not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)
