"""The forms of the procedure laid out for a thumb: several photos, chips, words, drafts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.cases.actions import Given
from townkeeper.cases.refusals import EVIDENCE
from townkeeper.procedures.model import Action, Procedure
from townkeeper.web.office.actforms import TEXT_MAX, ActForm, Typed

MOST_PHOTOS: Final = 9
CHECK_PHOTO: Final = "check-photo"
CLAIMS_MAX: Final = 10_000
MEASURES: Final = (
    ("cleared", _("cleared away")),
    ("washed", _("washed")),
    ("repaired", _("repaired")),
    ("replaced", _("replaced")),
    ("removed", _("removed")),
    ("persuaded", _("talked to those concerned")),
    ("ordered", _("ordered to put it right")),
    ("punished", _("penalty case opened")),
    ("signed", _("sign or barrier put up")),
    ("watched", _("somebody keeps watch")),
)
"""What handlers do again and again, so that nobody has to type it standing in the road."""


class PhotosInput(forms.FileInput):
    """A file field that takes several pictures; the telephone offers its camera."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Several files; empty is an empty list."""

    widget = PhotosInput

    @override
    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        files = [each for each in data or [] if each] if isinstance(data, list) else [data]
        found = [super(PhotosField, self).clean(each, initial) for each in files if each]
        if len(found) > MOST_PHOTOS:
            raise forms.ValidationError(
                _now("At most %(max)d photos at a time.") % {"max": MOST_PHOTOS}
            )
        return found


class FieldForm(ActForm):
    """One action of the procedure, as it is filled in standing before the thing itself."""

    def __init__(
        self,
        data: Typed | None = None,
        files: "MultiValueDict[str, UploadedFile[Any]] | None" = None,
        *,
        action: Action,
        procedure: Procedure,
        verifying: bool = False,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, action=action, procedure=procedure, initial=initial)
        grounds = [kind for ground in action.grounds.values() for kind in ground.evidence]
        extra = (CHECK_PHOTO,) if verifying else ()
        self.kinds: tuple[str, ...] = tuple(dict.fromkeys((*self.needed, *grounds, *extra)))
        for kind in self.kinds:
            self._add_photos(kind)
        self.reports = bool(action.evidence) and action.ask is None and not verifying
        if self.reports:
            self._add_report()
        if verifying:
            for name in ("lat", "lon", "accuracy"):
                self.fields[name] = forms.CharField(
                    required=False, max_length=24, widget=forms.HiddenInput
                )
        self.fields.pop("lead", None)  # who answers next is not for the field to say
        if "other" in self.fields:
            attributes = {"data-combobox": "/office/choices/units/", "autocomplete": "off"}
            self.fields["other"].widget = forms.TextInput(attrs=attributes)
        self.order_fields(["version", *[f"file-{kind}" for kind in self.kinds]])

    def _add_photos(self, kind: str) -> None:
        attributes = {"accept": "image/*", "capture": "environment", "multiple": True}
        label = str(EVIDENCE.get(kind, kind))
        self.fields[f"file-{kind}"] = PhotosField(
            label=label, required=False, widget=PhotosInput(attrs=attributes)
        )
        self.fields[f"claims-{kind}"] = forms.CharField(
            required=False, max_length=CLAIMS_MAX, widget=forms.HiddenInput
        )

    def _add_report(self) -> None:
        area = forms.Textarea(attrs={"rows": 3})
        self.fields["measures"] = forms.MultipleChoiceField(
            label=_("Measures"), choices=MEASURES, required=False,
            widget=forms.CheckboxSelectMultiple,
        )  # fmt: skip
        self.fields["words"] = forms.CharField(
            label=_("In your words"), max_length=TEXT_MAX, required=False, widget=area
        )
        self.fields["draft"] = forms.CharField(
            label=_("Draft of the answer to the reporter"),
            max_length=TEXT_MAX,
            required=False,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text=_("Not sent yet: whoever closes the case finds it there."),
        )

    @override
    def given(self) -> Given:
        given = super().given()
        if not self.reports:
            return given
        data = self.cleaned_data
        words = dict(MEASURES)
        measures = ", ".join(str(words[key]) for key in data.get("measures") or ())
        parts = [
            _now("Measures: %(measures)s.") % {"measures": measures} if measures else "",
            data.get("words", "").strip(),
            given.reason,
        ]
        return replace(given, reason="\n".join(part for part in parts if part))

    def photos(self, kind: str) -> Sequence["UploadedFile[Any]"]:
        """Return the photos of a kind that could be read, even where something else is wrong."""
        found: Sequence[UploadedFile[Any]] = self.cleaned_data.get(f"file-{kind}") or ()
        return found

    def claims(self, kind: str) -> list[dict[str, Any]]:
        """Return what the page said of each photo of a kind."""
        return claims_in(self.cleaned_data.get(f"claims-{kind}") or "")


def claims_in(text: str) -> list[dict[str, Any]]:
    """Read what a page said of its photos; nonsense says nothing."""
    try:
        said = msgspec.json.decode(text or "[]")
    except msgspec.DecodeError:
        return []
    listed = said if isinstance(said, list) else []
    return [each if isinstance(each, dict) else {} for each in listed]
