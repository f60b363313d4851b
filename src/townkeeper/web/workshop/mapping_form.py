"""The form that says which column of a spreadsheet is what, for people who write no mapping file.

What it gathers becomes a mapping file like any other: it is checked by the same reader, can be
downloaded, and serves for the next file of the same office.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml
from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from townkeeper.kit.names import pinyin_key

FIELDS = {
    "number": _("Number of the record"),
    "opened": _("Time it came in"),
    "due": _("Due"),
    "closed": _("Time it was closed"),
    "state": _("State"),
    "title": _("Title"),
    "text": _("Description"),
    "category": _("Category"),
    "unit": _("Unit"),
    "area": _("Area"),
    "address": _("Address"),
    "lon": _("Longitude"),
    "lat": _("Latitude"),
    "channel": _("Channel"),
    "outcome": _("Outcome"),
    "answer": _("Answer"),
    "reporter_name": _("Name of the reporter"),
    "reporter_phone": _("Telephone of the reporter"),
}
"""Field → what people call it; `headers.csv` has the headers by which each is recognised."""
LONGEST_HEADER = 12
"""Characters of a Chinese header that may end with a known one; a longer one is a sentence."""
NEEDED = ("number", "opened")
STATES = ("closed", "open", "voided", "duplicate")
SYSTEM = re.compile(r"^[a-z0-9][a-z0-9_-]*$")


def guess_columns(headers: Sequence[str]) -> dict[str, str]:
    """Return field → header for headers that are called as such columns usually are."""
    plain = {_plain(header): header for header in reversed(headers) if header}
    found: dict[str, str] = {}
    for field, name in (*known_headers(), *_labels()):
        header = plain.get(_plain(name))
        if field not in found and header and header not in found.values():
            found[field] = header
    for field, name in known_headers():  # such as Service_Request_Number
        if field not in found and not field.startswith("reporter"):
            ending = (h for h in headers if h not in found.values() and _ends_with(h, name))
            if header := next(ending, None):
                found[field] = header
    return found


def _ends_with(header: str, name: str) -> bool:
    """Whether a header's last word is a known one; one letter or sign says nothing."""
    if name.isascii():
        return re.split(r"[\W_]+", header.lower())[-1:] == [name.lower()]
    plain = _plain(header)
    return len(name) > 1 and plain.endswith(_plain(name)) and len(plain) <= LONGEST_HEADER


@lru_cache(maxsize=1)
def known_headers() -> tuple[tuple[str, str], ...]:
    """Return (field, header as offices write it), the likelier ones first."""
    text = (files("townkeeper.web.workshop") / "headers.csv").read_text("utf-8")
    return tuple((row["field"], row["header"]) for row in csv.DictReader(text.splitlines()))


@lru_cache(maxsize=1)
def _labels() -> tuple[tuple[str, str], ...]:
    """Return (field, its label) in every language: the headers of the empty sheet."""
    found: list[tuple[str, str]] = []
    for tag, _name in settings.LANGUAGES:
        with translation.override(tag):
            found += [(field, str(label)) for field, label in FIELDS.items()]
    return tuple(found)


def _plain(text: str) -> str:
    return re.sub(r"[\s_：:（）()-]+", "", text).lower()


class MappingForm(forms.Form):
    """Column by column; only the number and the time of coming in are indispensable."""

    system = forms.CharField(
        label=_("Short name of the source"),
        max_length=40,
        help_text=_("Letters, digits, hyphens. The same name every time: it tells records apart."),
    )
    number_prefix = forms.CharField(
        label=_("Prefix of case numbers"), max_length=12, required=False
    )
    formats = forms.CharField(
        label=_("How times are written"),
        max_length=200,
        required=False,
        help_text=_("Only if they are unusual: patterns of docs/import.md, with semicolons."),
    )
    as_of = forms.DateField(
        label=_("Day on which the file was taken"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    unknown = forms.ChoiceField(
        label=_("Units, categories and areas that are not known here"),
        choices=[
            ("leave", _("leave the field empty; such cases are counted")),
            ("create", _("add them, marked as local")),
            ("reject", _("reject the row")),
        ],
    )

    def __init__(
        self,
        data: Any = None,  # noqa: ANN401 - what was sent
        *,
        headers: Sequence[str],
        before: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(before or {}))
        known = [("", _("– not in this file –")), *((name, name) for name in headers if name)]
        guessed = {} if before else guess_columns(headers)
        for field, label in FIELDS.items():
            self.fields[f"c-{field}"] = forms.ChoiceField(
                label=label,
                choices=known,
                required=field in NEEDED,
                initial=guessed.get(field, ""),
            )
        for state in STATES:
            self.fields[f"s-{state}"] = forms.CharField(
                label=STATE_LABELS[state],
                max_length=200,
                required=False,
                help_text=_("Several with commas.") if state == "closed" else "",
            )

    def column_fields(self) -> list[forms.BoundField]:
        """Return the choices of columns, in order."""
        return [self[f"c-{field}"] for field in FIELDS]

    def state_fields(self) -> list[forms.BoundField]:
        """Return the words for states."""
        return [self[f"s-{state}"] for state in STATES]

    def other_fields(self) -> list[forms.BoundField]:
        """Return what is about the file as a whole."""
        return [self[name] for name in ("system", "number_prefix", "as_of", "formats", "unknown")]

    def clean_system(self) -> str:
        """Accept `12345-hotline` and the like."""
        system = str(self.cleaned_data["system"]).strip().lower()
        if not SYSTEM.match(system):
            system = re.sub(r"[^a-z0-9]+", "-", pinyin_key(system).lower()).strip("-")
        if not system:
            raise forms.ValidationError(_("Write letters, digits and hyphens, such as hotline."))
        return system[:40]

    def as_yaml(self, table: Mapping[str, Any] | None = None) -> str:
        """Return the mapping file that says what was chosen; `table`: how the file is read."""
        data = self.cleaned_data
        columns = {name: data[f"c-{name}"] for name in FIELDS if data[f"c-{name}"]}
        states = {name: _words(data[f"s-{name}"]) for name in STATES}
        mapping: dict[str, Any] = {
            "format": 1,
            "system": data["system"],
            "columns": columns,
            "unknown": {
                "category": data["unknown"],
                "unit": data["unknown"],
                "area": data["unknown"],
            },
        }
        if table:
            mapping["table"] = dict(table)
        if data["number_prefix"]:
            mapping["number_prefix"] = data["number_prefix"]
        if data["as_of"]:
            mapping["as_of"] = data["as_of"].isoformat()
        if data["formats"]:
            mapping["dates"] = {"formats": _words(data["formats"], r"[;；]")}
        if any(states.values()) and "state" in columns:
            mapping["states"] = {name: words for name, words in states.items() if words}
        return yaml.safe_dump(mapping, allow_unicode=True, sort_keys=False)


def chosen_before(text: str) -> dict[str, Any] | None:
    """Return a mapping file as what the form begins with; none where it says more than the form."""
    try:
        said = yaml.safe_load(text)
        columns, states, unknown = said["columns"], said.get("states", {}), said["unknown"]
        simple = (
            set(said) <= SIMPLE and set(columns) <= set(FIELDS) and len({*unknown.values()}) == 1
        )
        simple = simple and all(isinstance(name, str) for name in columns.values())
        if not simple or set(said.get("dates", {})) - {"formats"}:
            return None
        return {
            "system": said["system"],
            "number_prefix": said.get("number_prefix", ""),
            "as_of": said.get("as_of"),
            "formats": "; ".join(said.get("dates", {}).get("formats", ())),
            "unknown": unknown["unit"],
            **{f"c-{name}": header for name, header in columns.items()},
            **{f"s-{name}": ", ".join(words) for name, words in states.items()},
        }
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        return None


SIMPLE = frozenset(
    ["format", "system", "columns", "unknown", "table", "number_prefix", "as_of", "dates", "states"]
)
"""What the form itself writes into a mapping file."""
STATE_LABELS = {
    "closed": _("Words for: closed"),
    "open": _("Words for: still open"),
    "voided": _("Words for: voided"),
    "duplicate": _("Words for: repeats another record"),
}


def _words(text: str, comma: str = r"[,，、;；]") -> list[str]:
    return [word.strip() for word in re.split(comma, text) if word.strip()]
