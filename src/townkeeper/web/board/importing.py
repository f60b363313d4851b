"""Takes in an exposure list: the file, its columns, every row's errors, and only then the cases."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from townkeeper.campaigns.actions import (
    ListRefused,
    Plan,
    check_list,
    import_list,
    issue_order,
)
from townkeeper.campaigns.headers import FIELDS
from townkeeper.campaigns.uploads import FoundColumn, keep_list, kept_list, look_at_columns
from townkeeper.kit.errors import Problem
from townkeeper.web.board.campaigns import AT_ONCE, person, runs
from townkeeper.web.board.choices import unit_choices

REFUSED = 422
SHOWN_ROWS, SHOWN_ERRORS = 20, 100
WORDS = {
    "number": gettext_lazy("number"),
    "problem": gettext_lazy("problem"),
    "text": gettext_lazy("description"),
    "place": gettext_lazy("place"),
    "area": gettext_lazy("area"),
    "category": gettext_lazy("category"),
    "unit": gettext_lazy("unit"),
    "assist": gettext_lazy("assisting unit"),
    "leader": gettext_lazy("leader in charge"),
    "due": gettext_lazy("deadline"),
    "case": gettext_lazy("case number"),
}


class UploadForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=gettext_lazy("List"),
        help_text=gettext_lazy("Excel or CSV, with a row that names the columns; up to 20 MB."),
    )


class ListForm(forms.Form):
    """What the list is about, and how its rows are taken."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    source = forms.CharField(
        label=gettext_lazy("Exposed or ordered by"), max_length=120, required=False
    )
    leader = forms.CharField(label=gettext_lazy("Leader in charge"), max_length=80, required=False)
    due = forms.CharField(
        label=gettext_lazy("Deadline of rows that say none"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("For example 20:30, 2026-11-30, 3wd (three working days)."),
    )
    link = forms.BooleanField(
        label=gettext_lazy("Rows that look like a running case join it"), required=False
    )
    again = forms.BooleanField(
        label=gettext_lazy("Take it in although the same file was taken in before"), required=False
    )


class OrderForm(forms.Form):
    """One order to many units."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    text = forms.CharField(
        label=gettext_lazy("What is to be done"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    deadline = forms.CharField(
        label=gettext_lazy("Deadline"),
        max_length=60,
        help_text=gettext_lazy("For example 20:30, 2026-11-30, 3wd (three working days)."),
    )
    source = forms.CharField(label=gettext_lazy("Ordered by"), max_length=120, required=False)
    leader = forms.CharField(label=gettext_lazy("Leader in charge"), max_length=80, required=False)
    units = forms.MultipleChoiceField(
        label=gettext_lazy("Units"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(data)
        field = self.fields["units"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - declared above
        field.choices = unit_choices()


@runs
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take the file and go on to its columns."""
    if request.method != "POST":
        return render(request, "board/import.html", {"form": UploadForm()})
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            key = keep_list(file.read(), name=file.name)
        except Problem as problem:
            refuse(form, problem)
        else:
            return redirect("board:import-check", key)
    return render(request, "board/import.html", {"form": form}, status=REFUSED)


@runs
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, key: str) -> HttpResponse:
    """Show columns, rows and errors without writing anything; take the list in when told to."""
    try:
        path = kept_list(key)
    except Problem as gone:
        messages.warning(request, str(gone))
        return redirect("board:import")
    form = ListForm(request.POST if request.method == "POST" else None)
    given = [value for _name, value in _columns_given(request)]
    context: dict[str, Any] = {"form": form, "file": path.name, "words": _choices()}
    plan: Plan | None = None
    problem: Problem | None = None
    found: list[FoundColumn] = []
    try:
        found = look_at_columns(path, columns=given)
        plan = check_list(path, due=request.POST.get("due", ""), columns=_as_said(given, found))
    except Problem as refused:
        problem = refused
    context["columns"] = [(column, f"column-{column.place}") for column in found]
    context |= _planned(plan, problem)
    if request.method != "POST":
        return render(request, "board/import_check.html", context)
    if "commit" in request.POST and form.is_valid() and plan and not plan.checked.errors:
        columns = _as_said(given, found)
        try:
            made = import_list(
                path, actor=person(request), columns=columns, most=AT_ONCE, **form.cleaned_data
            )
        except Problem as refused:
            context["problem"] = refused
        else:
            messages.success(request, _("The list is taken in."))
            return redirect("board:campaign", made.key)
    # a dry run that was asked for is no refusal, whatever it finds
    status = REFUSED if "commit" in request.POST else 200
    return render(request, "board/import_check.html", context, status=status)


def _columns_given(request: HttpRequest) -> list[tuple[int, str]]:
    """Return what each column was said to be, by place."""
    given = []
    for name, value in request.POST.items():
        place = name.removeprefix("column-")
        if place != name and place.isdigit() and len(place) < 4:  # noqa: PLR2004 - columns of a sheet
            given.append((int(place), value if value in FIELDS else "-"))
    return sorted(given)


def _as_said(given: list[str], found: list[FoundColumn]) -> list[str]:
    """Return the columns to read by; none where the guess stands and the header says it."""
    return given if given and given != _guess(found) else []


def _guess(found: list[FoundColumn]) -> list[str]:
    return [column.field for column in found] if any(column.name for column in found) else []


def _choices() -> list[tuple[str, object]]:
    return [("-", _("left out")), *[(name, WORDS.get(name, name)) for name in FIELDS]]


def _planned(plan: Plan | None, problem: Problem | None) -> dict[str, Any]:
    if plan is None:
        return {"problem": problem}
    return {
        "plan": plan,
        "rows": plan.checked.rows[:SHOWN_ROWS],
        "row_count": len(plan.checked.rows),
        "errors": [
            {
                "row": error.row,
                "field": WORDS.get(error.field, error.field),
                "value": error.value,
                "message": error.message,
                "hint": error.hint,
            }
            for error in plan.checked.errors[:SHOWN_ERRORS]
        ],
        "error_count": len({error.row for error in plan.checked.errors}),
        "units": len({row.unit.code for row in plan.checked.rows}),
        "problem": problem,
    }


@runs
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest) -> HttpResponse:
    """Give many units one order."""
    form = OrderForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            made = issue_order(
                data["title"],
                text=data["text"],
                units=data["units"],
                deadline=data["deadline"],
                actor=person(request),
                source=data["source"],
                leader=data["leader"],
                once=True,
            )
        except Problem as problem:
            refuse(form, problem)
        else:
            messages.success(request, _("The order is with the units."))
            return redirect("board:campaign", made.key)
    status = REFUSED if form.is_bound else 200
    return render(request, "board/order.html", {"form": form}, status=status)


def refuse(form: forms.Form, problem: Problem) -> None:
    """Put a problem above the form, each wrong row by itself."""
    if isinstance(problem, ListRefused):
        for error in problem.errors[:SHOWN_ERRORS]:
            form.add_error(None, f"{error.value}: {error.message} {error.hint}".strip(": "))
        return
    form.add_error(None, str(problem))
