"""The forms by which units are added, corrected, renamed, moved and ended."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.journal.seen import history_length
from townkeeper.units.editing import LARGEST_OUTLINE
from townkeeper.units.models import Unit
from townkeeper.web.administration.forms import (
    AdminForm,
    DayField,
    UnitField,
    add_names,
    names_of,
)

CODE_HINT = _("Letters, digits, hyphens; it never changes. Units of the country have their number.")
CONTACT = _("Contact")
SOURCE = _("Source")
SOURCE_HINT = _("Where it is laid down, such as the number of a document.")
REASON = _("Reason")


class _UnitForm(AdminForm):
    """What is known of a unit."""

    kind = forms.ChoiceField(label=_("Kind of unit"), choices=Unit.Kind.choices)
    since = DayField(label=_("Exists from"), required=False)
    contact = forms.CharField(label=CONTACT, max_length=200, required=False)
    source = forms.CharField(label=SOURCE, max_length=80, required=False, help_text=SOURCE_HINT)

    @override
    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(data.get(name, "").strip() for name in ("zh_hant", "zh_hans", "en")):
            self.add_error("zh_hant", ValidationError(_now("A unit needs a name.")))
        return data


class NewUnit(_UnitForm):
    """A new unit."""

    code = forms.RegexField(
        r"^[0-9A-Za-z][0-9A-Za-z._-]*$", label=_("Code"), max_length=40, help_text=CODE_HINT,
        error_messages={"invalid": _("Letters, digits and . _ - without spaces: 511011-CGJ.")},
    )  # fmt: skip
    parent = UnitField(label=_("Parent"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        add_names(self)
        self.order_fields(["code", "zh_hant", "zh_hans", "en", "kind", "parent", "since"])


class EditUnit(_UnitForm):
    """Corrections of a unit."""

    def __init__(self, data: Any = None, *, unit: Unit) -> None:  # noqa: ANN401 - a query dict
        initial = {
            "kind": unit.kind, "since": unit.since, "source": unit.source,
            "contact": unit.attributes.get("contact", ""),
            "seen": history_length(f"unit:{unit.code}"),
        }  # fmt: skip
        super().__init__(data, initial=initial)
        add_names(self, names_of(unit))
        self.order_fields(["zh_hant", "zh_hans", "en", "kind", "since", "contact", "source"])


class OutlineForm(AdminForm):
    """An outline: a file, or the text of one that was looked at before."""

    file = forms.FileField(
        label=_("GeoJSON file"), required=False,
        help_text=_("One area in degrees of WGS 84 or CGCS2000 (EPSG:4326, 4490)."),
        widget=forms.ClearableFileInput(attrs={"accept": ".geojson,.json,application/geo+json"}),
    )  # fmt: skip
    outline = forms.CharField(required=False, widget=forms.HiddenInput)

    def text(self) -> str:
        """Return the text of the outline, read once."""
        found: str = self.cleaned_data.get("outline") or ""
        return found

    @override
    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        if file is not None:
            if file.size > LARGEST_OUTLINE:
                self.add_error("file", _now("The outline is too large."))
                return data
            try:
                data["outline"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", _now("The file is not text in UTF-8."))
        elif not data.get("outline") and self.data.get("do") != "remove":
            self.add_error("file", _now("Choose a file."))
        return data


class RenameForm(AdminForm):
    """A new name from a day on."""

    on = DayField(label=_("The first day of the new name"))

    def __init__(self, data: Any = None, *, unit: Unit, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(data, **kwargs)
        add_names(self, names_of(unit))
        self.order_fields(["zh_hant", "zh_hans", "en", "on"])


class MoveForm(AdminForm):
    """Another parent."""

    parent = UnitField(
        label=_("New parent"), required=False, help_text=_("Empty: it stands at the top.")
    )
    reason = forms.CharField(label=REASON, max_length=300, required=False)


RULES_HINT = _(
    "One in a line, where the default is not right: category:matter/06=CODE, area:CODE=CODE, "
    "duty:KEY@AREA=CODE, post:USER=CODE, child:CODE=CODE."
)


class EndForm(AdminForm):
    """How a unit ends: who takes over, from which day, by which rules."""

    MOST = 4

    on = DayField(label=_("The first day of the change"))
    default = UnitField(
        label=_("Takes everything else"), required=False,
        help_text=_("Who takes over what no other rule covers."),
    )  # fmt: skip
    office = UnitField(label=_("Takes the work of the office"), required=False)
    rules = forms.CharField(
        label=_("Further rules"), required=False, max_length=4000, help_text=RULES_HINT,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )  # fmt: skip
    scores = forms.ChoiceField(
        label=_("Scores of the month"), required=False,
        choices=[
            ("", _("what fell due before the day counts for the unit that ends")),
            ("successor", _("the successor answers for the whole month")),
        ],
    )  # fmt: skip
    reason = forms.CharField(label=REASON, max_length=300, required=False)

    def __init__(self, data: Any = None, *, kind: str, unit: Unit, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(data, **kwargs)
        self.kind, self.unit = kind, unit
        first: list[str] = []
        if kind == "merge":
            for number in range(1, self.MOST):
                self.fields[f"with_{number}"] = UnitField(
                    label=_("Merged with it"), required=number == 1
                )
                first.append(f"with_{number}")
            self.fields["into"] = UnitField(
                label=_("Into"), help_text=_("A new unit, or one of those that merge.")
            )
            first.append("into")
            del self.fields["default"], self.fields["office"], self.fields["rules"]
        elif kind == "split":
            for number in range(1, self.MOST + 1):
                self.fields[f"part_{number}"] = UnitField(
                    label=_("One of its parts"),
                    required=number <= 2,  # noqa: PLR2004 - a split has two at least
                )
                first.append(f"part_{number}")
        self.order_fields([*first, "on", "default", "office", "rules", "scores", "reason"])

    def chosen(self, stem: str) -> list[str]:
        """Return the codes of the units in the numbered fields."""
        names = [name for name in self.fields if name.startswith(f"{stem}_")]
        return [self.cleaned_data[name].code for name in names if self.cleaned_data.get(name)]

    def said(self) -> list[str]:
        """Return the rules as texts, as `units.heirs.parse_rules` reads them."""
        data = self.cleaned_data
        lines = [line.strip() for line in data.get("rules", "").splitlines() if line.strip()]
        named = [name for name in ("default", "office") if data.get(name)]
        lines += [f"{name}={data[name].code}" for name in named]
        return [*lines, "scores=successor"] if data.get("scores") else lines
