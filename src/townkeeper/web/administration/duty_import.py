"""Takes the duty register in from a spreadsheet: faulty rows are named, then all or nothing."""

import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from townkeeper.duties.sheets import COLUMNS, NEEDED, apply_register_sheet, read_register_sheet
from townkeeper.kit.errors import Problem
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.administration.duties import duty_tabs
from townkeeper.web.administration.forms import REFUSED, AdminForm
from townkeeper.web.administration.pages import person

edits = needs(Permission.DUTIES_REGISTER_EDIT)
LARGEST_MB = 10
SHOWN = 100


class ImportForm(AdminForm):
    """The sheet."""

    file = forms.FileField(
        label=_("Spreadsheet"), help_text=_("XLSX or CSV, as the export makes it."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )  # fmt: skip

    def clean_file(self) -> "UploadedFile[Any]":
        """Refuse what no register is as large as."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_MB << 20:
            raise forms.ValidationError(
                _now("The file is larger than %(size)s MB.") % {"size": LARGEST_MB}
            )
        return file


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def duty_import(request: HttpRequest) -> HttpResponse:
    """Try a sheet, or take it in."""
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {
        "form": form,
        "tabs": duty_tabs("administration:duty-import"),
        "columns": [(_now(text), name in NEEDED) for name, text in COLUMNS.items()],
    }
    status = 200
    if request.method == "POST":
        status = REFUSED
        if form.is_valid():
            with tempfile.TemporaryDirectory() as folder:
                path = _kept(form.cleaned_data["file"], Path(folder))
                try:
                    if request.POST.get("do") == "save":
                        plan = apply_register_sheet(path, actor=person(request).username)
                        _say(request, len(plan.added), len(plan.ended))
                        return redirect("administration:duty-lines")
                    plan = read_register_sheet(path)
                except Problem as problem:
                    form.refuse(problem)
                else:
                    context |= {"plan": plan, "faults": plan.faults[:SHOWN]}
                    status = REFUSED if plan.faults else 200
    return render(request, "administration/duty_import.html", context, status=status)


def _kept(file: "UploadedFile[Any]", folder: Path) -> Path:
    """Put the upload where a reader of spreadsheets can open it; its own name is not trusted."""
    suffix = Path(file.name or "").suffix.lower()
    path = folder / f"sheet{suffix if suffix in {'.xlsx', '.xls', '.csv'} else '.csv'}"
    with path.open("wb") as out:
        for chunk in file.chunks():
            out.write(chunk)
    return path


def _say(request: HttpRequest, added: int, ended: int) -> None:
    text = _now("Taken in: %(added)s lines begin, %(ended)s end.")
    messages.success(request, text % {"added": added, "ended": ended})
