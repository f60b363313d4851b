"""The forms of orders: a new one with its units, a reply with files, a decision, a few words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from townkeeper.kit.errors import Problem
from townkeeper.supervision.drafting import Draft, OrderRefused
from townkeeper.supervision.models import Order
from townkeeper.units.models import Unit

TEXT_MAX = 10_000


def area(rows: int) -> forms.Textarea:
    """Return a text area of some rows."""
    return forms.Textarea(attrs={"rows": rows})


class OrderForm(forms.Form):
    """A new order; its units are checkboxes beside it, each with a deadline of its own."""

    issuer = forms.ChoiceField(label=_("Issued by"))
    kind = forms.ChoiceField(label=_("Kind"), choices=Order.Kind.choices)
    title = forms.CharField(label=_("Title"), max_length=200)
    text = forms.CharField(label=_("What the units are to do"), max_length=TEXT_MAX, widget=area(7))
    basis = forms.CharField(label=_("Legal or other basis"), max_length=500, required=False)
    deadline = forms.CharField(
        label=_("Deadline for the reply"), max_length=60, required=False,
        help_text=_("3wd (working days), 8wh (working hours), same-day, 17:30, 2026-11-25"),
    )  # fmt: skip
    cases = forms.CharField(
        label=_("Numbers of the cases it is about"), required=False, max_length=4000,
        widget=area(2), help_text=_("One after the other, with spaces between."),
    )  # fmt: skip
    contact = forms.CharField(
        label=_("Contact (name and telephone)"), max_length=120, required=False
    )
    signer = forms.CharField(label=_("In the name of (leader)"), max_length=80, required=False)
    about = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)

    def __init__(self, *args: Any, issuers: list[Unit], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        choices = [(unit.code, unit.title) for unit in issuers]
        self.fields["issuer"] = forms.ChoiceField(label=_("Issued by"), choices=choices)

    def draft(self, units: list[tuple[str, str]]) -> Draft:
        """Return the order as it was written."""
        data = self.cleaned_data
        names = ("kind", "title", "text", "deadline", "basis", "about", "issuer", "signer")
        return Draft(
            **{name: data[name] for name in names},
            contact=data["contact"],
            units=units,
            cases=data["cases"].replace(",", " ").replace("，", " ").replace("、", " ").split(),
        )

    def refuse(self, problem: Problem) -> None:
        """Put a refusal beside the fields that it is about."""
        faults = problem.faults if isinstance(problem, OrderRefused) else (("", problem),)
        for where, fault in faults:
            name = where if where in self.fields else None
            self.add_error(name, f"{fault.message} {fault.hint}".strip())


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """One unit that can be addressed."""

    code: str
    title: str
    is_chosen: bool
    deadline: str


@dataclass(frozen=True, slots=True)
class UnitGroup:
    """Units of one kind."""

    title: str
    units: list[UnitChoice]

    @property
    def chosen(self) -> int:
        """How many of them are chosen."""
        return sum(unit.is_chosen for unit in self.units)


def unit_groups(units: list[Unit], chosen: Mapping[str, str], *, but: str = "") -> list[UnitGroup]:
    """Return the units to choose from, by kind; `chosen` holds code → deadline of its own."""
    groups: dict[str, list[UnitChoice]] = {}
    for unit in units:
        if unit.code == but and unit.code not in chosen:
            continue
        choice = UnitChoice(unit.code, unit.title, unit.code in chosen, chosen.get(unit.code, ""))
        groups.setdefault(str(unit.get_kind_display()), []).append(choice)
    return [UnitGroup(title, members) for title, members in groups.items()]


def posted_units(data: "MultiValueDict[str, str]") -> dict[str, str]:
    """Return the chosen units with their own deadlines, as they were sent."""
    codes = dict.fromkeys(code.replace("\x00", "")[:40] for code in data.getlist("unit"))
    given = {code: data.get(f"deadline-{code}", "").strip()[:60] for code in codes}
    return {code: deadline.replace("\x00", "") for code, deadline in given.items()}


class ManyFilesInput(forms.ClearableFileInput):
    """A file field that takes several files."""

    allow_multiple_selected = True


class ReplyForm(forms.Form):
    """What the unit has done, with photos and papers."""

    text = forms.CharField(label=_("What was done"), max_length=TEXT_MAX, widget=area(5))
    papers = forms.Field(
        label=_("Photos and papers"), required=False, widget=ManyFilesInput(),
        help_text=_("JPEG, PNG, WebP and GIF pictures, PDF, Word and Excel files can be taken."),
    )  # fmt: skip


class DecisionForm(forms.Form):
    """Accepting a reply or sending it back."""

    note = forms.CharField(
        label=_("Remark, or what is missing"), max_length=2000, required=False, widget=area(2)
    )
    deadline = forms.CharField(
        label=_("New deadline, if it is sent back"), max_length=60, required=False
    )


class NoteForm(forms.Form):
    """A few words with a reminder, a closing or a withdrawal."""

    note = forms.CharField(label=_("Note"), max_length=2000, required=False, widget=area(2))
