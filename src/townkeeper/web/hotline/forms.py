"""The form of a call, and of a problem that staff register: what is asked, in its order."""

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from townkeeper.calls.actions import Form
from townkeeper.calls.models import Urgency
from townkeeper.calls.numbers import normal_number
from townkeeper.cases.intake import LENGTHS, TEXT_MAX, Report
from townkeeper.cases.models import CaseQuerySet
from townkeeper.duties.register import register
from townkeeper.kit.errors import Problem
from townkeeper.web.options import book_of
from townkeeper.web.spots import where_of
from townkeeper.web.stages import CHANNELS

TITLE: Final = 60
"""Characters of the first sentence that become the title."""
SENTENCE: Final = re.compile(r"[。！？!?\n；;]")
POINT: Final = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*[,， ]\s*(-?\d{1,3}(?:\.\d+)?)\s*")
STAFF_CHANNELS: Final = ("inspection", "patrol", "window", "letter", "media", "hotline")
PROCEDURE: Final = "problem"
SECONDS_MAX: Final = 4 * 3600
WHERE: Final = {
    "title": "text",
    "address": "where",
    "lon": "point",
    "reporter_name": "name",
    "reporter_phone": "phone",
    "place": "where",
}
"""Fields of a report → fields of this form, where they differ."""


def new_key() -> str:
    """Return what tells one form from another, however often it is sent."""
    return uuid.uuid4().hex


def title_of(text: str) -> str:
    """Return the first sentence of a description, as the case's title."""
    first = next((part.strip() for part in SENTENCE.split(text) if part.strip()), "")
    return first if len(first) <= TITLE else first[: TITLE - 1] + "…"


def _hidden() -> forms.TextInput:
    # not type=hidden: a draft in the browser keeps it with the rest
    return forms.TextInput(attrs={"hidden": True, "tabindex": "-1", "autocomplete": "off"})


class CallForm(forms.Form):
    """What a caller is asked, in the order of asking; of these only the words are required."""

    key = forms.CharField(max_length=80, widget=_hidden())
    seconds = forms.IntegerField(required=False, widget=forms.HiddenInput)
    spot = forms.CharField(required=False, max_length=200, widget=_hidden())
    offered = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)
    channel = forms.ChoiceField(label=_("Received by"), required=False)
    phone = forms.CharField(
        label=_("Caller's number"), required=False, max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    category = forms.CharField(label=_("Kind of matter"), required=False, max_length=60)
    where = forms.CharField(label=_("Place or address"), required=False, max_length=300)
    area = forms.CharField(label=_("Area"), required=False, max_length=120)
    point = forms.CharField(
        label=_("Point on the map"), required=False, max_length=60,
        help_text=_("Latitude and longitude, such as 29.5833, 105.0664."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    text = forms.CharField(
        label=_("What is the matter"),
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 4, "data-phrases": True}),
        error_messages={"required": _("Say in a few words what is wrong.")},
    )
    name = forms.CharField(
        label=_("Name"), required=False, max_length=LENGTHS["reporter_name"],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    anonymous = forms.BooleanField(label=_("Wishes to stay unknown"), required=False)
    urgency = forms.ChoiceField(
        label=_("Urgency"), choices=Urgency.choices, initial=Urgency.NORMAL, required=False,
        widget=forms.RadioSelect,
    )  # fmt: skip
    answer = forms.CharField(
        label=_("Answer given to the caller"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    photo = forms.FileField(label=_("Photo"), required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: "MultiValueDict[str, UploadedFile] | None" = None,  # type: ignore[type-arg]
        *,
        initial: dict[str, Any] | None = None,
        is_call: bool = True,
    ) -> None:
        super().__init__(data, files, initial=initial)
        self.is_call = is_call
        for name in ("photo", "point", "channel") if is_call else ("answer",):
            del self.fields[name]
        self.fields["category"].widget = self._kinds()
        addresses, areas = (reverse("choices", args=[what]) for what in ("addresses", "areas"))
        self.fields["where"].widget.attrs |= {
            "data-combobox": addresses, "data-free": "id_spot", "autocomplete": "off",
        }  # fmt: skip
        self.fields["area"].widget.attrs |= {"data-combobox": areas, "autocomplete": "off"}
        if "channel" in self.fields:
            shown = [(key, CHANNELS[key]) for key in STAFF_CHANNELS]
            self.fields["channel"].choices = shown  # type: ignore[attr-defined]
        if not is_call:
            self.fields["phone"].label = _("Telephone number")
            self.fields["photo"].widget.attrs |= {"accept": "image/*"}

    def _kinds(self) -> forms.Select:
        """Return a list of the kinds in use: a plain one without JavaScript."""
        choices: list[tuple[str, str | Promise]] = [("", "–")]
        book = book_of("categories")
        choices += [(each.value, each.title) for each in book.options if each.is_offered]
        chosen = self.data.get("category") if self.is_bound else None
        if chosen and chosen not in dict(choices):
            choices.append((chosen, chosen))  # kept as it was typed, and refused in words
        link = reverse("choices", args=["categories"])
        return forms.Select(choices=choices, attrs={"data-combobox": link})

    def clean_phone(self) -> str:
        """Bring the number into the one form; letters are no number."""
        try:
            return normal_number(self.cleaned_data["phone"])
        except Problem as problem:
            raise forms.ValidationError(f"{problem.message} {problem.hint}") from problem

    def clean_category(self) -> str:
        """Refuse a kind that there is not, or that is out of use."""
        key = str(self.cleaned_data["category"]).strip()
        option = book_of("categories").by_value.get(key)
        if key and option is None:
            raise forms.ValidationError(
                _now("There is no kind “%(key)s”. Choose one from the list, or leave it open.")
                % {"key": key}
            )
        if option is not None and not option.is_offered:
            raise forms.ValidationError(
                _now("“%(name)s” is no longer in use. Choose another kind.")
                % {"name": option.title}
            )
        return key

    def clean_area(self) -> str:
        """Take an area's code, or its name as it is written in full."""
        said = str(self.cleaned_data["area"]).strip()
        options = book_of("areas").options
        if not said or any(said == option.value for option in options):
            return said
        named = [each.value for each in options if said in {each.name, *each.names.values()}]
        if len(named) == 1:
            return named[0]
        raise forms.ValidationError(
            _now("There is no area “%(name)s”. Choose one from the list, or leave it open.")
            % {"name": said}
        )

    def clean_point(self) -> tuple[float, float] | None:
        """Read latitude and longitude, in this order, as maps show them."""
        said = self.cleaned_data["point"].strip()
        if not said:
            return None
        found = POINT.fullmatch(said)
        if found is None:
            raise forms.ValidationError(
                _now("Write latitude and longitude with a comma between, or leave it empty.")
            )
        return float(found[1]), float(found[2])

    def clean_seconds(self) -> int | None:
        """Take the browser's measure where it is one."""
        said: int | None = self.cleaned_data["seconds"]
        return said if said is not None and 0 <= said <= SECONDS_MAX else None

    def report(self, cases: CaseQuerySet) -> Report:
        """Return what is said, as a report; `cases` are those that the person sees."""
        data = self.cleaned_data
        text = data["text"].strip()
        title = title_of(text)
        where = where_of(data["spot"], data["where"], cases)
        lat, lon = data.get("point") or (where.lat, where.lon)
        return Report(
            title=title,
            text="" if text == title else text,
            category=data["category"] or None,
            area=data["area"] or where.area,
            place=where.place,
            address=data["where"].strip(),
            lon=lon,
            lat=lat,
            channel="hotline" if self.is_call else data.get("channel") or STAFF_CHANNELS[0],
            procedure=PROCEDURE,
            reporter_name=data["name"].strip(),
            reporter_phone=data["phone"],
            anonymous=data["anonymous"],
        )

    def handling(self) -> Form:
        """Return what was decided beside the report."""
        data = self.cleaned_data
        return Form(
            key=data["key"],
            urgency=data["urgency"] or Urgency.NORMAL,
            is_call=self.is_call,
            seconds=data["seconds"],
        )

    def refuse(self, problem: Problem) -> None:
        """Show a problem where it belongs, with everything typed kept."""
        name = WHERE.get(problem.where, problem.where)
        self.add_error(
            name if name in self.fields else None, f"{problem.message} {problem.hint}".strip()
        )

    def guess(self) -> dict[str, Any]:
        """Return what is typed so far, as far as it can be read: for looking, never for saving."""
        data = {name: str(self.data.get(name, "")) for name in self.fields}
        try:
            data["phone"] = normal_number(data["phone"])
        except Problem:
            data["phone"] = ""
        known = register()
        if data["category"] not in known.category_by_key:
            data["category"] = ""
        if data["area"] not in known.unit_by_code:
            data["area"] = ""
        return data
