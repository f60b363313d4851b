"""One cell of the duty register: its lines and their history; changes with a dry run first."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from typing_extensions import override

from townkeeper.cases.dryrun import DryRun, dry_run
from townkeeper.duties.lines import cell_subject, end_line, hand_line, lines_of, open_line
from townkeeper.duties.models import Category, Duty
from townkeeper.duties.register import register
from townkeeper.duties.whatif import WhatIf, after_edits
from townkeeper.journal.seen import history_length
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.administration.duties import cell_url, duty_tabs
from townkeeper.web.administration.forms import (
    REFUSED,
    AdminForm,
    CategoryField,
    DayField,
    UnitField,
)
from townkeeper.web.administration.pages import crumbs, history, person, previewed_page

edits = needs(Permission.DUTIES_REGISTER_EDIT)
SHOWN = 30
ACTS = ("open", "hand", "end")


class LineForm(AdminForm):
    """A change of the lines of one kind in one area."""

    act = forms.ChoiceField(
        label=_("What changes"), widget=forms.RadioSelect,
        choices=[
            ("open", _("another unit begins to lead or assist")),
            ("hand", _("a line goes to another unit")),
            ("end", _("a line ends")),
        ],
    )  # fmt: skip
    category = CategoryField(label=_("Category"))
    area = UnitField(label=_("Area"))
    line = forms.ChoiceField(label=_("Line"), required=False)
    unit = UnitField(label=_("Unit"), required=False)
    part = forms.ChoiceField(label=_("Part"), choices=Duty.Part.choices, required=False)
    on = DayField(label=_("From this day on"))
    source = forms.CharField(
        label=_("Source and clause"), max_length=80, required=False,
        help_text=_("The paper that lays it down, with number and clause."),
    )  # fmt: skip
    note = forms.CharField(label=_("Remark"), max_length=300, required=False)

    def __init__(self, *args: Any, lines: list[Duty], **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        self.lines = {str(duty.pk): duty for duty in lines}
        # lines that ended stay choosable, so that an old page is told what happened meanwhile
        told = [(key, _line_words(duty)) for key, duty in self.lines.items()]
        self.fields["line"].choices = [("", "–"), *told]  # type: ignore[attr-defined]

    @override
    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen act needs."""
        data = super().clean() or {}
        act = data.get("act")
        if act in {"hand", "end"} and not data.get("line"):
            self.add_error("line", _now("Choose the line."))
        if act in {"open", "hand"} and not data.get("unit") and "unit" not in self.errors:
            self.add_error("unit", _now("Name the unit."))
        return data

    @property
    def chosen(self) -> Duty:
        """Return the line that was chosen."""
        return self.lines[self.cleaned_data["line"]]


def _line_words(duty: Duty) -> str:
    words = f"{duty.unit.title} · {duty.get_part_display()}"
    return f"{words} – {duty.until:%F}" if duty.until else words


def _first(living: list[Duty]) -> str:
    """Return the line that is meant most often: the one that leads."""
    leads = [duty for duty in living if duty.part == Duty.Part.LEAD]
    return str((leads or living)[0].pk) if living else ""


def _asked(request: HttpRequest) -> tuple[Category | None, Unit | None]:
    """Return the cell that the address, or the form, names."""
    given = request.POST if request.method == "POST" else request.GET
    category = Category.objects.filter(key=given.get("category", "")[:60]).first()
    area = Unit.objects.filter(code=given.get("area", "")[:40]).defer("outline").first()
    return category, area


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def duty_cell(request: HttpRequest) -> HttpResponse:
    """Show the lines of a kind in an area, now and before, and change them after a dry run."""
    category, area = _asked(request)
    today = clock.today()
    lines = lines_of(category, area) if category and area else []
    living = [d for d in lines if not d.until or d.until > today]
    subject = cell_subject(category, area) if category and area else ""
    initial = {
        "act": "hand" if living else "open", "category": category, "area": area, "on": today,
        "part": "lead", "line": _first(living),
        "seen": history_length(subject) if subject else 0,
    }  # fmt: skip
    form = LineForm(request.POST or None, lines=lines, initial=initial)
    answer = None
    if category and area:
        known = register()
        answer = known.resolve(
            known.category_by_key.get(category.key), known.unit_by_code.get(area.code), today
        )

    def look() -> dict[str, Any]:
        return shown(dry_run(after_edits(register(), today=today, **_edits(form))))

    def do() -> str:
        _write(form, person(request).username)
        data = form.cleaned_data
        return cell_url(data["category"].key, data["area"].code)

    title = f"{category.title} · {area.title}" if category and area else _now("New line")
    return previewed_page(
        request, form, look=look, do=do, title=title, back=reverse("administration:duties"),
        crumbs=crumbs((_now("Duty register"), reverse("administration:duties"))),
        template="administration/duty_cell.html", submit=_now("Save"),
        done=_now("The register was changed."), category=category, area=area, lines=lines,
        living=living, answer=answer, today=today, entries=history([subject] if subject else []),
    )  # fmt: skip


def _edits(form: LineForm) -> dict[str, list[str]]:
    """Return the change as the dry run reads it."""
    data = form.cleaned_data
    cell = f"{data['category'].key}@{data['area'].code}"
    if data["act"] == "open":
        part = data["part"] or "lead"
        if part == "lead":
            _refuse_second_lead(form)
        return {"add": [f"{cell}={data['unit'].code}:{part}"]}
    line = form.chosen
    if data["act"] == "hand":
        return {"move": [f"{cell}={line.unit.code}>{data['unit'].code}:{line.part}"]}
    return {"close": [f"{cell}={line.unit.code}:{line.part}"]}


def _refuse_second_lead(form: LineForm) -> None:
    """Say before the dry run what saving would refuse."""
    for duty in form.lines.values():
        is_over = duty.until is not None and duty.until <= form.cleaned_data["on"]
        if is_over or duty.part != Duty.Part.LEAD:
            continue
        if duty.unit_id != form.cleaned_data["unit"].pk:
            raise Problem(
                "two-leads",
                _now("“%(unit)s” leads here in that time: two leads are no lead.")
                % {"unit": duty.unit.name},
                where="unit",
                hint=_now("Hand its line over from a day on instead, or end it first."),
            )


def _write(form: LineForm, actor: str) -> None:
    data = form.cleaned_data
    told = {"source": data["source"], "note": data["note"]}
    if data["act"] == "open":
        open_line(
            data["category"], data["area"], data["unit"], part=data["part"] or "lead",
            since=data["on"], actor=actor, seen=form.seen_state, **told,
        )  # fmt: skip
    elif data["act"] == "hand":
        hand_line(
            form.chosen, data["unit"], on=data["on"], actor=actor, seen=form.seen_state, **told
        )
    else:
        reason = "; ".join(text for text in told.values() if text)
        end_line(form.chosen, on=data["on"], actor=actor, reason=reason, seen=form.seen_state)


def shown(run: DryRun) -> dict[str, Any]:
    """Return a dry run for a page: who gains, who loses, what has no owner."""
    codes = {code for code, _before, _after in run.units()}
    pairs = run.categories()
    codes |= {code for _key, before, after, _n in pairs for code in (before, after)}
    names = {u.code: u.title for u in Unit.objects.filter(code__in=codes).defer("outline")}
    kinds = {
        c.key: c.title for c in Category.objects.filter(key__in={key for key, *_rest in pairs})
    }
    nobody = _now("nobody")
    return {
        "month": run.month,
        "total": run.total,
        "moved": sum(run.moves().values()),
        "units": [
            {"title": names.get(code, code), "before": before, "after": after,
             "change": after - before}
            for code, before, after in run.units()[:SHOWN]
        ],
        "kinds": [
            {"title": kinds.get(key, key), "before": names.get(before, before) or nobody,
             "after": names.get(after, after) or nobody, "count": count}
            for key, before, after, count in pairs[:SHOWN]
        ],
        "ownerless": run.ownerless(),
        "conflicts": run.conflicts(),
        "idle": [change.as_dict() for change in run.idle()[:SHOWN]],
    }  # fmt: skip


class TrialForm(AdminForm):
    """Several changes at once, only tried."""

    add = forms.CharField(
        label=_("New lines"), required=False, max_length=4000,
        help_text=_("One in a line: KIND@AREA=UNIT, with :assist to assist."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )  # fmt: skip
    move = forms.CharField(
        label=_("Lines that go to another unit"), required=False, max_length=4000,
        help_text=_("KIND@AREA=UNIT>UNIT; * for the area means every area in which it has them."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )  # fmt: skip
    close = forms.CharField(
        label=_("Lines that end"), required=False, max_length=4000,
        help_text=_("KIND@AREA=UNIT"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )  # fmt: skip
    month = forms.RegexField(
        r"^\d{4}-\d{2}$", label=_("Month"), required=False,
        help_text=_("Such as 2026-10; empty: the last one."),
        error_messages={"invalid": _("Year and month, such as 2026-10.")},
    )  # fmt: skip

    def what(self) -> WhatIf:
        """Return the register after the changes."""
        lists = {
            name: [line.strip() for line in self.cleaned_data[name].splitlines() if line.strip()]
            for name in ("add", "move", "close")
        }
        return after_edits(register(), today=clock.today(), **lists)


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def duty_trial(request: HttpRequest) -> HttpResponse:
    """Try several changes on the cases of a month; nothing is ever saved here."""
    form = TrialForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "tabs": duty_tabs("administration:duty-trial")}
    status = 200
    if request.method == "POST":
        status = REFUSED
        if form.is_valid():
            try:
                run = dry_run(form.what(), month=form.cleaned_data["month"])
            except Problem as problem:
                form.refuse(problem)
            else:
                context["preview"], status = shown(run), 200
    return render(request, "administration/duty_trial.html", context, status=status)
