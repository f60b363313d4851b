"""The form in which the public reports: one page, four questions, most of them optional."""

import re
import secrets
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from typing_extensions import override

from townkeeper.calls.numbers import normal_number
from townkeeper.cases.desk import desk
from townkeeper.cases.following import CHANNEL, WORDS_MAX
from townkeeper.cases.intake import Report
from townkeeper.cases.publicity import street_of
from townkeeper.files.models import StoredFile
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.web.portal.kinds import area_choices, kind_groups
from townkeeper.web.portal.plain import PlainField

PHONE_MIN: Final = 5
"""Digits of the shortest number that somebody can be called on."""
FORM_KEY: Final = re.compile(r"[\w-]{20,64}")
TITLE_LENGTH: Final = 40
SENTENCE: Final = re.compile(r"[。！？!?\n；;]|[.](?=\s)")


class ReportForm(forms.Form):
    """What somebody saw, where, and how they can be answered."""

    words = PlainField(
        required=False,
        label=gettext_lazy("What is wrong?"),
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": WORDS_MAX}),
    )
    kind = forms.CharField(required=False, max_length=80)
    kind_other = forms.CharField(required=False, max_length=80)
    lon = forms.FloatField(required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90)
    use_photo = forms.BooleanField(required=False)
    address = PlainField(
        required=False, max_length=300, label=gettext_lazy("Address or what is nearby")
    )
    area = forms.ChoiceField(required=False, label=gettext_lazy("Area"))
    name = PlainField(
        required=False,
        max_length=80,
        label=gettext_lazy("Name"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = PlainField(
        required=False,
        max_length=40,
        label=gettext_lazy("Telephone"),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    anonymous = forms.BooleanField(required=False, label=gettext_lazy("Report without a name"))
    website = forms.CharField(required=False, label=gettext_lazy("Leave this field empty"))
    form_key = forms.CharField(required=False)
    kept = forms.CharField(required=False)
    twins_seen = forms.CharField(required=False)

    def __init__(
        self, data: QueryDict | None = None, *, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.groups = kind_groups()
        self.fields["area"].choices = [("", _("I do not know")), *area_choices()]  # type: ignore[attr-defined]
        self.photos: list[StoredFile] = []

    def clean_words(self) -> str:
        """Say how long the words are and how many fit."""
        words: str = self.cleaned_data["words"]
        if len(words) > WORDS_MAX:
            raise forms.ValidationError(
                _("These are %(n)d characters; %(max)d fit.") % {"n": len(words), "max": WORDS_MAX}
            )
        return words

    def clean_phone(self) -> str:
        """Refuse what no telephone has, so that the answer can arrive."""
        try:
            phone = normal_number(self.cleaned_data["phone"])
        except Problem:
            phone = "?"
        if phone and sum(letter.isdecimal() for letter in phone) < PHONE_MIN:
            raise forms.ValidationError(
                _("This is no telephone number. Write digits only, such as 138 0000 0000.")
            )
        return phone

    def clean_website(self) -> str:
        """Refuse programs that fill every field; nobody sees this one."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Please leave the hidden field empty."))
        return ""

    def clean_form_key(self) -> str:
        """Take the form's own key, or a new one where none came along."""
        key: str = self.cleaned_data["form_key"]
        return key if FORM_KEY.fullmatch(key) else new_form_key()

    @override
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "lon" in self.errors or "lat" in self.errors:
            # only scripts fill these; whoever reads this can mend the place and nothing else
            for name in ("lon", "lat"):
                self.errors.pop(name, None)
                cleaned[name] = None
            self.add_error(
                "address",
                _("The position cannot be read. Write an address, or choose the place again."),
            )
        known = {key for _group, kinds in self.groups for key, _name in kinds}
        chosen = cleaned.get("kind_other") or cleaned.get("kind") or ""
        cleaned["category"] = chosen if chosen in known else ""
        return cleaned

    def check_whole(self) -> None:
        """Ask for what is missing once the photos are known: something to see, and a place."""
        given, wrong = self.cleaned_data, self.errors
        has_words = given.get("words") or "words" in wrong
        if not has_words and not (self.photos and given.get("category")):
            self.add_error(
                "words", _("Say in a few words what is wrong, or add a photo and choose a kind.")
            )
        if "address" in wrong or "area" in wrong:
            return
        point = self.point()
        if point is None and not given.get("address") and not given.get("area"):
            self.add_error(
                "address",
                _("Say where it is: an address, an area, your position, or a photo taken there."),
            )
        elif point is not None and is_outside(*point) and not given.get("area"):
            self.add_error(
                "area",
                _("This position lies outside our area. Choose the area, or correct the position."),
            )

    def point(self) -> tuple[float, float] | None:
        """Return longitude and latitude: as said, else of the first photo that knows its place."""
        lon, lat = self.cleaned_data.get("lon"), self.cleaned_data.get("lat")
        if lon is not None and lat is not None:
            return lon, lat
        if not self.cleaned_data.get("use_photo"):
            return None
        for photo in self.photos:
            if photo.lon is not None and photo.lat is not None:
                return photo.lon, photo.lat
        return None

    def report(self) -> Report:
        """Return what was said as a report; without a name and number it is anonymous."""
        given, point = self.cleaned_data, self.point()
        anonymous = given["anonymous"] or not (given["name"] or given["phone"])
        return Report(
            title=title_of(given["words"]) or self.plain_title(),
            text=given["words"],
            category=given["category"] or None,
            area=given["area"] or None,
            address=given["address"],
            lon=point[0] if point else None,
            lat=point[1] if point else None,
            channel=CHANNEL,
            reporter_name="" if anonymous else given["name"],
            reporter_phone="" if anonymous else given["phone"],
            anonymous=anonymous,
        )

    def plain_title(self) -> str:
        """Return a title for a report of photos only: its kind and street."""
        names = {key: name for _group, kinds in self.groups for key, name in kinds}
        kind = names.get(self.cleaned_data["category"], _("Problem"))
        street = street_of(self.cleaned_data["address"])
        return f"{kind} {street}".strip()


def title_of(words: str) -> str:
    """Return the first sentence of what was written, cut to a line."""
    first = next((part.strip() for part in SENTENCE.split(words) if part.strip()), "")
    plain = " ".join(first.split())
    return plain if len(plain) <= TITLE_LENGTH else plain[: TITLE_LENGTH - 1] + "…"


def new_form_key() -> str:
    """Return a new key of a form: 144 random bits."""
    return secrets.token_urlsafe(18)


def is_outside(lon: float, lat: float) -> bool:
    """Whether a point lies in none of our outlines; without outlines nothing is outside."""
    known = desk().register
    has_outlines = bool(known._outlines)  # noqa: SLF001 - there is no public word for it
    return has_outlines and known.area_at(lon, lat, clock.today()) is None
