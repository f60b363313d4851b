"""Taking in records from a spreadsheet: send it, say what the columns are, try it, then write.

Nothing is written before a person has seen what would be: how many rows, which are rejected and
why. A file that was imported before changes nothing.
"""

import csv
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from townkeeper.accounts.models import User
from townkeeper.cases.imports.mapping import load_mapping
from townkeeper.cases.imports.run import table_for
from townkeeper.jobs.actions import folder_of, start_job
from townkeeper.jobs.models import Job
from townkeeper.jobs.uploads import KEPT
from townkeeper.kit.errors import Problem
from townkeeper.kit.sheets import Table, as_text, open_sheet
from townkeeper.publication.typeset.document import Column
from townkeeper.units.permissions import Permission
from townkeeper.web.access import may, needs
from townkeeper.web.exports import Sheet, send_sheet
from townkeeper.web.workshop.jobs import find_job, shown
from townkeeper.web.workshop.mapping_form import FIELDS, MappingForm, chosen_before
from townkeeper.web.workshop.reading import ReadForm, read_table
from townkeeper.web.workshop.uploads import (
    folder_for,
    keep_upload,
    safe_name,
    the_file,
    token_of,
)

REFUSED = 422
MEGABYTE = 1 << 20
PREVIEW = 5
REJECTED_SHOWN = 100
LISTED = 30
MAPPING = "mapping.yaml"
NARROW = 3
"""With fewer columns than this the delimiter was hardly the right one."""


class UploadForm(forms.Form):
    """The spreadsheet, and a mapping file if there is one."""

    file = forms.FileField(
        label=_("Spreadsheet"),
        help_text=_("CSV (also .gz), XLSX or XLS. Title rows and notes are fine."),
    )
    mapping = forms.FileField(
        label=_("Mapping file"), required=False,
        help_text=_("Only if you have one from the last time; otherwise you choose the columns."),
    )  # fmt: skip

    def clean_file(self) -> object:
        """Refuse what is larger than this house takes."""
        file = self.cleaned_data["file"]
        most = settings.IMPORT_LIMIT_MB
        if file.size > most * MEGABYTE:
            raise forms.ValidationError(
                _("The file is larger than %(most)s MB. Split it, or compress the CSV with gzip."),
                params={"most": most},
            )
        return file


@needs(Permission.CASES_CASE_IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Show former imports and take a file."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
        token = keep_upload(form.cleaned_data["file"], user=request.user)
        folder = folder_for(request.user, token)
        given = form.cleaned_data["mapping"]
        try:
            if given:
                (folder / MAPPING).write_bytes(given.read())
                return _try(request.user, folder)
            return redirect("workshop:columns", token)
        except Problem as problem:
            form.add_error("mapping" if given else "file", str(problem))
    everything = may(request, Permission.PROGRAMS_PROGRAM_LOAD)
    jobs = Job.objects.visible_to(request.user, all_of_them=everything).filter(kind="import")
    rows = [shown(job) for job in jobs.select_related("user").order_by("-pk")[:LISTED]]
    context = {"form": form, "jobs": rows, "open": False, "kept_days": KEPT.days}
    return render(request, "workshop/imports.html", context, status=_status(form))


@needs(Permission.CASES_CASE_IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: HttpRequest, token: str) -> HttpResponse:
    """Let a person say which column is what, with the first rows before their eyes."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - `needs` lets nobody else in
    folder = folder_for(user, token)
    mapping = folder / MAPPING
    before = chosen_before(mapping.read_text("utf-8")) if mapping.is_file() else None
    try:
        reading = ReadForm(request.GET, sheet=open_sheet(the_file(folder)))
        table = read_table(the_file(folder), reading.said())
    except Problem as problem:
        messages.error(request, str(problem))
        again = "workshop:columns" if request.GET else "workshop:imports"
        return redirect(again, *([token] if request.GET else []))
    form = MappingForm(request.POST or None, headers=table.names, before=before)
    if request.method == "POST" and form.is_valid():
        mapping.write_text(form.as_yaml(reading.said()), encoding="utf-8")
        try:
            return _try(user, folder)
        except Problem as problem:
            form.add_error(None, str(problem))
    context = {
        "form": form,
        "reading": reading,
        "table": table,
        "rows": _first_rows(table),
        "file": the_file(folder),
        "is_narrow": len(table.names) < NARROW,
    }
    return render(request, "workshop/columns.html", context, status=_status(form))


@needs(Permission.CASES_CASE_IMPORT)
@require_safe
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an import or its trial: how far, what was counted, which rows were rejected and why."""
    job = shown(find_job(request, pk, "import"))
    report = job.result
    context = {
        "job": job,
        "report": report,
        "rejected": _rejected(report.get("rejections_file")),
        "files": [
            Path(report[key]).name
            for key in ("rejections_file", "unlinked_file")
            if report.get(key)
        ],
        "mapping": Path(job.given["mapping"]).name,
        **_next_steps(request, job),
    }
    part = "workshop/_import.html" if "HX-Request" in request.headers else "workshop/import.html"
    return render(request, part, context)


def _next_steps(request: HttpRequest, job: Job) -> dict[str, Any]:
    """Return what may be done after an import: columns again, the corrected file, writing."""
    assert isinstance(request.user, User)  # noqa: S101 - `needs` lets nobody else in
    mapping = folder_of(job) / MAPPING
    token = token_of(request.user, job.given["file"])
    simple = mapping.is_file() and chosen_before(mapping.read_text("utf-8")) is not None
    return {
        "columns_token": token if simple else "",
        "is_kept": Path(job.given["file"]).is_file(),
        "may_send_again": mapping.is_file(),
        "kept_days": KEPT.days,
    }


@needs(Permission.CASES_CASE_IMPORT)
@require_POST
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what a trial has shown; a second click leads to the same work."""
    trial = find_job(request, pk, "import")
    if trial.state != Job.State.DONE or not trial.given["dry_run"]:
        messages.warning(request, _now("Only a finished trial can be written."))
        return redirect("workshop:import", pk)
    if not Path(trial.given["file"]).is_file():
        messages.warning(request, _now("The file has been removed since. Send it again."))
        return redirect("workshop:imports")
    assert isinstance(request.user, User)  # noqa: S101 - `needs` lets nobody else in
    jobs = Job.objects.visible_to(request.user)
    running = jobs.filter(ended_at=None, kind="import", given__trial=trial.pk).first()
    if running is None:
        given = {**trial.given, "dry_run": False, "trial": trial.pk}
        running = start_job("import", title=trial.title, given=given, actor=request.user)
        shutil.copyfile(trial.given["mapping"], folder_of(running) / MAPPING)
    return redirect("workshop:import", running.pk)


@needs(Permission.CASES_CASE_IMPORT)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the corrected file of an import and try it by the same columns."""
    former = find_job(request, pk, "import")
    form = UploadForm(request.POST, request.FILES)
    mapping = folder_of(former) / MAPPING
    assert isinstance(request.user, User)  # noqa: S101 - `needs` lets nobody else in
    if not mapping.is_file():
        return redirect("workshop:imports")
    try:
        if form.is_valid():
            token = keep_upload(form.cleaned_data["file"], user=request.user)
            folder = folder_for(request.user, token)
            shutil.copyfile(mapping, folder / MAPPING)
            return _try(request.user, folder)
        for error in form.errors.get("file", ()):
            messages.error(request, str(error))
    except Problem as problem:
        messages.error(request, str(problem))
    return redirect("workshop:import", pk)


@needs(Permission.CASES_CASE_IMPORT)
@require_safe
def empty_sheet(request: HttpRequest) -> HttpResponseBase:
    """Send a sheet with nothing but the headers that are recognised, to be filled in."""
    heads = [Column(str(label)) for label in FIELDS.values()]
    sheet = Sheet("records", _now("Records"), heads, [])
    return send_sheet(request, sheet, "xlsx", back=reverse("workshop:imports"))


def _try(user: User, folder: Path) -> HttpResponse:
    """Check mapping and header at once, then try the rows in the background."""
    file, mapping = the_file(folder), folder / MAPPING
    table_for(file, load_mapping(mapping))
    given = {"file": str(file), "mapping": str(mapping), "dry_run": True}
    job = start_job("import", title=safe_name(file.name), given=given, actor=user)
    # the mapping lies beside the job's other files too, to be taken along for the next time
    shutil.copyfile(mapping, folder_of(job) / MAPPING)
    return redirect("workshop:import", job.pk)


def _first_rows(table: Table) -> list[list[str]]:
    """Return the first records, each cell short."""
    rows = islice(table.records(), PREVIEW)
    return [[as_text(cell)[:60] for cell in cells] for _number, cells in rows]


def _rejected(file: str | None) -> list[Sequence[str]]:
    """Return the first rejected rows: row, field, value, reason."""
    if not file or not Path(file).is_file():
        return []
    with Path(file).open(encoding="utf-8-sig", newline="") as stream:
        return [row[:4] for row in islice(csv.reader(stream), 1, REJECTED_SHOWN + 1)]


def _status(form: forms.Form) -> int:
    return REFUSED if form.is_bound and form.errors else 200
