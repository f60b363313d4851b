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
GROUPS = (
    Unit.Kind.DEPARTMENT, Unit.Kind.COUNTY, Unit.Kind.TOWNSHIP, Unit.Kind.OFFICE, Unit.Kind.TEAM,
)  # fmt: skip
"""The kinds that orders go to most come first; of one kind the chosen ones, then by name."""


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
        help_text=_("3 working days, 8 working hours, same day, 17:30, 2026-11-25"),
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
        self.of_units: list[tuple[str, str]] = []
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
        """Put a refusal beside the fields that it is about; those of units stand in `of_units`."""
        faults = problem.faults if isinstance(problem, OrderRefused) else (("", problem),)
        for where, fault in faults:
            said = f"{fault.message} {fault.hint}".strip()
            if where == "units" or where.startswith("deadline-"):
                self.of_units.append((where, said))
            else:
                self.add_error(where if where in self.fields else None, said)

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Return everything that is wrong as (id on the page, words), in the page's order."""
        found = [("", str(error)) for error in self.non_field_errors()]
        for field in self:
            found += [(field.id_for_label, str(error)) for error in field.errors]
        return found + [(f"id_{where}", words) for where, words in self.of_units]


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """One unit that can be addressed."""

    code: str
    title: str
    is_chosen: bool
    deadline: str
    typed: str
    """By what people find it beside its name: `qcgj quchengguanju`."""


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
    place: dict[str, int] = {kind: n for n, kind in enumerate(GROUPS)}
    rank = {unit.pk: (place.get(unit.kind, len(place)), unit.code not in chosen) for unit in units}
    for unit in sorted(units, key=lambda unit: rank[unit.pk]):
        if unit.code == but and unit.code not in chosen:
            continue
        choice = UnitChoice(
            unit.code, unit.title, unit.code in chosen, chosen.get(unit.code, ""), unit.sort_key
        )
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
        label=_("Remark, or what is missing"), max_length=2000, required=False, widget=area(2),
        help_text=_("Whoever sends it back says what is missing."),
    )  # fmt: skip
    deadline = forms.CharField(
        label=_("New deadline, if it is sent back"), max_length=60, required=False,
        help_text=_("Empty: the old one stays. 3 working days, 17:30, 2026-11-25"),
    )  # fmt: skip


class NoteForm(forms.Form):
    """A few words with a reminder, a closing or a withdrawal."""

    note = forms.CharField(label=_("Note"), max_length=2000, required=False, widget=area(2))
