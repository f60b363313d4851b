"""What the forms of the administration share: fields that find units and people, refusals."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.accounts.models import User
from townkeeper.duties.models import Category
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.schema import LANGUAGES
from townkeeper.units.models import Unit

NAME_LABELS = {
    "zh-Hant": _("Name in Traditional Chinese"),
    "zh-Hans": _("Name in Simplified Chinese"),
    "en": _("Name in English"),
}
TAGS = {"zh_hant": "zh-Hant", "zh_hans": "zh-Hans", "en": "en"}
REFUSED = 422


class UnitField(forms.CharField):
    """A unit by its code; with the combobox it is found by name or pinyin."""

    def __init__(self, *, ended: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        attrs = {"data-combobox": reverse_lazy("choices", args=["units"]), "autocomplete": "off"}
        if ended:
            attrs["data-all"] = ""
        super().__init__(max_length=40, widget=forms.TextInput(attrs=attrs), **kwargs)

    @override
    def prepare_value(self, value: Any) -> Any:
        return value.code if isinstance(value, Unit) else value

    @override
    def clean(self, value: Any) -> Any:
        code = super().clean(value)
        if not code:
            return None
        unit = Unit.objects.filter(code=code).defer("outline").first()
        if unit is None:
            raise ValidationError(
                _now("There is no unit with the code “%(code)s”.") % {"code": code}, code="unknown"
            )
        return unit


class CategoryField(forms.CharField):
    """A kind of matter by its key."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        attrs = {
            "data-combobox": reverse_lazy("choices", args=["categories"]),
            "autocomplete": "off",
            "data-all": "",
        }
        super().__init__(max_length=60, widget=forms.TextInput(attrs=attrs), **kwargs)

    @override
    def prepare_value(self, value: Any) -> Any:
        return value.key if isinstance(value, Category) else value

    @override
    def clean(self, value: Any) -> Any:
        key = super().clean(value)
        if not key:
            return None
        category = Category.objects.filter(key=key).first()
        if category is None:
            raise ValidationError(
                _now("There is no category “%(key)s” here.") % {"key": key}, code="unknown"
            )
        return category


class PersonField(forms.CharField):
    """A person by the name for signing in."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        attrs = {"list": "people", "autocomplete": "off", "autocapitalize": "none"}
        super().__init__(max_length=150, widget=forms.TextInput(attrs=attrs), **kwargs)

    @override
    def prepare_value(self, value: Any) -> Any:
        return value.username if isinstance(value, User) else value

    @override
    def clean(self, value: Any) -> Any:
        name = (super().clean(value) or "").strip()
        if not name:
            return None
        user = User.objects.filter(username=name).first()
        if user is None:
            raise ValidationError(
                _now("Nobody signs in as “%(name)s”.") % {"name": name}, code="unknown"
            )
        return user


class DayField(forms.DateField):
    """A day; the browser's own picker, written 2026-12-01 without it."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, **kwargs)


class AdminForm(forms.Form):
    """A form that knows which state of the record its page showed."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def refuse(self, problem: Problem) -> None:
        """Show a refusal at its field, or above all fields."""
        text = f"{problem.message} {problem.hint}".strip()
        where = problem.where if problem.where in self.fields else None
        self.add_error(where, text)

    @property
    def seen_state(self) -> int | None:
        """Return what the page kept; a form that came without it counts as old."""
        value: int | None = self.cleaned_data.get("seen")
        return -1 if value is None else value


def add_names(form: forms.Form, names: dict[str, str] | None = None, *, most: int = 120) -> None:
    """Add one field for each language."""
    for field, tag in TAGS.items():
        form.fields[field] = forms.CharField(
            label=NAME_LABELS[tag], max_length=most, required=False,
            initial=(names or {}).get(tag, ""),
            widget=forms.TextInput(attrs={"lang": tag, "autocomplete": "off"}),
        )  # fmt: skip


def names_from(form: forms.Form) -> dict[str, str]:
    """Return the names that were entered, by language."""
    return {tag: form.cleaned_data.get(field, "").strip() for field, tag in TAGS.items()}


def names_of(row: Any) -> dict[str, str]:  # noqa: ANN401 - whatever has a name and names
    """Return a record's names; one that has none by language stands under the first."""
    names = {tag: text for tag, text in row.names.items() if tag in LANGUAGES}
    return names or {LANGUAGES[0]: row.name}


def today() -> date:
    """Return the day, for a field's beginning."""
    return clock.today()


def one_of(choices: Iterable[tuple[str, Any]], label: Any, **kwargs: Any) -> forms.ChoiceField:  # noqa: ANN401 - lazy text
    """Return a field with a few choices."""
    return forms.ChoiceField(choices=list(choices), label=label, **kwargs)
