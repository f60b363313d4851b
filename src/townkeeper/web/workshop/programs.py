"""Programs in the browser: what is in force, what another would change, loading, export."""

import io
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from django import forms
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from townkeeper.accounts.models import User
from townkeeper.jobs.actions import start_job
from townkeeper.jobs.models import Job
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.programs.check import check_program
from townkeeper.programs.commands import diff_command
from townkeeper.programs.compare_words import say_comparison
from townkeeper.programs.export import export_program
from townkeeper.programs.loaded import current_program
from townkeeper.programs.models import LoadedProgram
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.workshop.jobs import find_job, shown
from townkeeper.web.workshop.uploads import folder_for, keep_upload

REFUSED = 422
MOST_FILES = 500
MOST_BYTES = 50_000_000
"""Unpacked; a program is text of a few hundred kilobytes."""
FOLDER = "program"
SEVERITY = {
    "error": ("bad", "circle-alert"),
    "warning": ("warn", "triangle-alert"),
    "note": ("grey", "info"),
}


class ProgramForm(forms.Form):
    """A program as one ZIP file."""

    file = forms.FileField(
        label=_("Program (ZIP)"),
        help_text=_("The folder of a program, packed as ZIP; program.yaml lies in it."),
    )

    def clean_file(self) -> object:
        """Refuse what is no ZIP, or too large."""
        file = self.cleaned_data["file"]
        if not zipfile.is_zipfile(file):
            raise forms.ValidationError(_("This is no ZIP file."))
        file.seek(0)
        with zipfile.ZipFile(file) as packed:
            names = packed.infolist()
            if len(names) > MOST_FILES or sum(each.file_size for each in names) > MOST_BYTES:
                raise forms.ValidationError(_("This is far larger than any program."))
        file.seek(0)
        return file


@needs(Permission.PROGRAMS_PROGRAM_LOAD)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show the program in force, its settings that await a decision, and former loadings."""
    return _overview(request, ProgramForm())


def _overview(request: HttpRequest, form: ProgramForm) -> HttpResponse:
    program = current_program()
    rows = LoadedProgram.objects.defer("files").order_by("-pk")[:30]
    jobs = Job.objects.visible_to(request.user, all_of_them=True).filter(kind="program")
    context = {
        "program": program,
        "loadings": rows,
        "settings": _settings(program),
        "jobs": [shown(job) for job in jobs.select_related("user").order_by("-pk")[:5]],
        "form": form,
    }
    status = REFUSED if form.is_bound else 200
    return render(request, "workshop/programs.html", context, status=status)


@needs(Permission.PROGRAMS_PROGRAM_LOAD)
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Take a program and lead to what was found in it."""
    form = ProgramForm(request.POST, request.FILES)
    if not form.is_valid():
        return _overview(request, form)
    assert isinstance(request.user, User)  # noqa: S101 - `needs` lets nobody else in
    token = keep_upload(form.cleaned_data["file"], user=request.user, name="program.zip")
    folder = folder_for(request.user, token)
    try:
        _unpack(folder / "program.zip", folder / FOLDER)
    except (OSError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        words = _now("It cannot be unpacked: %(reason)s. Pack the folder anew, without a password.")
        form.add_error("file", words % {"reason": error})
        return _overview(request, form)
    return redirect("workshop:program", token)


@needs(Permission.PROGRAMS_PROGRAM_LOAD)
@require_safe
def look(request: HttpRequest, key: str) -> HttpResponse:
    """Say what is wrong with a program that was sent, and what it would change."""
    root = _root(request, key)
    report = check_program(root)
    sections = []
    if current_program() is not None:
        sections = say_comparison(diff_command(None, root).compared, get_language())
    findings = [
        {
            "look": SEVERITY[found.severity],
            "where": found.where,
            "text": found.message(),
            "hint": found.hint(),
        }
        for found in report.findings
    ]
    context = {
        "key": key,
        "report": report,
        "tally": report.tally(),
        "findings": findings[:MOST_FILES],
        "sections": sections,
        "is_first": current_program() is None,
    }
    return render(request, "workshop/program.html", context)


@needs(Permission.PROGRAMS_PROGRAM_LOAD)
@require_POST
def load(request: HttpRequest, key: str) -> HttpResponse:
    """Load a program that was sent, in the background: all of it or nothing."""
    root = _root(request, key)
    assert isinstance(request.user, User)  # noqa: S101 - `needs` lets nobody else in
    given = {"folder": str(root)}
    job = start_job("program", title=_title(root), given=given, actor=request.user)
    return redirect("workshop:loading", job.pk)


@needs(Permission.PROGRAMS_PROGRAM_LOAD)
@require_safe
def loading(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a loading: how far, and what changed."""
    job = shown(find_job(request, pk, "program"))
    said = job.result.get("changes_by_language", {})
    tags = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}
    lines = said.get(tags.get(get_language() or "", "en"), job.result.get("changes", []))
    refused = job.state == Job.State.DONE and not job.result.get("ok")
    context = {"job": job, "lines": lines, "refused": refused}
    part = "workshop/_loading.html" if "HX-Request" in request.headers else "workshop/loading.html"
    return render(request, part, context)


@needs(Permission.PROGRAMS_PROGRAM_LOAD)
@require_safe
def files(_request: HttpRequest, pk: int) -> FileResponse:
    """Send the files of a former loading as ZIP."""
    program = LoadedProgram.objects.filter(pk=pk).first()
    if program is None:
        raise Http404
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(program.files.items()):
            archive.writestr(f"{program.key}/{name}", text)
    packed.seek(0)
    name = f"{program.key}-{program.digest[:8]}.zip"
    return FileResponse(packed, as_attachment=True, filename=name)


@needs(Permission.PROGRAMS_PROGRAM_LOAD)
@require_http_methods(["GET"])
def export(request: HttpRequest) -> HttpResponse | FileResponse:
    """Write the running office out as a program and send it as ZIP."""
    with tempfile.TemporaryDirectory(prefix="townkeeper-export-") as home:
        try:
            exported = export_program(Path(home) / FOLDER)
        except Problem as problem:
            return render(request, "workshop/refused.html", {"problem": problem}, status=REFUSED)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(exported.folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(exported.folder))
    packed.seek(0)
    name = f"program-{clock.today().isoformat()}.zip"
    return FileResponse(packed, as_attachment=True, filename=name)


def _root(request: HttpRequest, key: str) -> Path:
    """Return the folder of a program that was sent; where the ZIP holds one folder, that one."""
    assert isinstance(request.user, User)  # noqa: S101 - `needs` lets nobody else in
    folder = folder_for(request.user, key) / FOLDER
    if not folder.is_dir():
        raise Http404
    inner = [path for path in folder.iterdir() if not path.name.startswith((".", "__"))]
    one = len(inner) == 1 and inner[0].is_dir() and not (folder / "program.yaml").exists()
    return inner[0] if one else folder


def _title(root: Path) -> str:
    """Return a program's title as the reader says it; its folder's name where it has none."""
    try:
        told = yaml.safe_load((root / "program.yaml").read_text("utf-8"))["title"]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return root.name
    return say(told) if isinstance(told, dict) else str(told)


def _unpack(packed: Path, folder: Path) -> None:
    """Unpack, leaving out whatever leads out of the folder."""
    folder.mkdir()
    with zipfile.ZipFile(packed) as archive:
        for entry in archive.infolist():
            name = PurePosixPath(entry.filename.replace("\\", "/"))
            if entry.is_dir() or name.is_absolute() or ".." in name.parts:
                continue
            target = folder.joinpath(*name.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(entry))


def _settings(program: LoadedProgram | None) -> list[dict[str, Any]]:
    """Return the settings with value, default and reason, as they are kept with the loading."""
    found = program.settings.items() if program else ()
    return [{**said, "key": key, "words": _words(said.get("value"))} for key, said in found]


def _words(value: object) -> str:
    """Say a setting's value: lists with commas, tables line by line."""
    if value is None:
        return "–"
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_words(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(_words(part) for part in value)
    return str(value)
