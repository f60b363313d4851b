"""The official document as a value: everything a writer needs, and where each figure came from."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Literal

from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from townkeeper.kit.errors import Problem

Language = Literal["zh-Hant", "zh-Hans", "en"]
Kind = Literal["text", "integer", "number", "score", "percent", "date"]
Align = Literal["left", "center", "right"]
Form = Literal["document", "letter"]
"""The two forms of an official paper: 文件式 (GB/T 9704-2012, 7) and 信函格式 (10.1)."""
Cell = str | int | float | None
"""A percent is a ratio (0.9502 is 95.02 %); a date is ISO 8601 text; None is "not known"."""

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff]"
)


class Text(Struct, frozen=True, tag="text", forbid_unknown_fields=True):
    """Words that carry no figure."""

    text: str


class Figure(Struct, frozen=True, tag="figure", forbid_unknown_fields=True):
    """A figure as printed, with the key of the frozen value that it came from."""

    text: str
    key: str


Run = Text | Figure


class Paragraph(Struct, frozen=True, forbid_unknown_fields=True):
    """One paragraph, as runs of words and figures."""

    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        """The paragraph as it is read."""
        return "".join(run.text for run in self.runs)


class Chart(Struct, frozen=True, forbid_unknown_fields=True):
    """A drawing (SVG without CSS variables) with the sentence that says the same in words."""

    svg: str
    description: str
    caption: str = ""


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """A heading (or none) with its paragraphs; the heading carries its own number."""

    paragraphs: tuple[Paragraph, ...] = ()
    heading: str = ""
    level: int = 1
    charts: tuple[Chart, ...] = ()


class Column(Struct, frozen=True, forbid_unknown_fields=True):
    """A table column; `width` is a relative weight, chosen from the contents where None."""

    title: str
    kind: Kind = "text"
    width: float | None = None
    align: Align | None = None

    @property
    def side(self) -> Align:
        """The alignment: as asked, else figures right, words left."""
        default: Align = "left" if self.kind in {"text", "date"} else "right"
        return self.align or default


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """Rows under typed columns; `key` names the frozen values that the rows came from."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    key: str = ""
    note: str = ""


class Attachment(Struct, frozen=True, forbid_unknown_fields=True):
    """One 附件: named in the text, begun on a page of its own."""

    title: str
    paragraphs: tuple[Paragraph, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()


class Provenance(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the figures came from: the frozen round, its digest and its data time."""

    round: str
    digest: str
    data_time: str
    """Date and time with its zone, as it is to be printed."""
    selection: str = ""
    """What the rows were filtered by, in words."""
    licence: str = ""


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An official document with the elements of GB/T 9704-2012, clauses 7.2 to 7.5."""

    language: Language
    masthead: str
    """发文机关标志, such as 某某办公室文件."""
    number: str
    title: tuple[str, ...]
    """The title broken by meaning, one entry a line."""
    issuer: str
    date: dt.date
    recipients: str = ""
    signer: str = ""
    sections: tuple[Section, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    cc: str = ""
    printer: str = ""
    """印发机关 if it is not the issuer."""
    printed: dt.date | None = None
    label: str = ""
    """A warning that must be seen, such as "simulated data": first page and every table's head."""
    remarks: tuple[str, ...] = ()
    """附注, printed in brackets under the date."""
    provenance: Provenance | None = None
    form: Form = "document"


def clean(text: str) -> str:
    """Drop what no printed page can hold (control characters, lone surrogates); keep newlines."""
    if text.isprintable():
        return text
    return UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\t", " ")


def fill(template: str, figures: Mapping[str, Figure]) -> Paragraph:
    """Replace each `{name}` of a sentence by its figure; raise Problem for a name without one."""
    runs: list[Run] = []
    end = 0
    for found in PLACEHOLDER.finditer(template):
        if found[1] not in figures:
            raise Problem(
                "document-figure",
                _("The sentence names the figure %(name)s, which the round does not hold.")
                % {"name": found[0]},
                where=template[:60],
                hint=_("Known figures: %(names)s.") % {"names": ", ".join(sorted(figures)) or "-"},
            )
        if found.start() > end:
            runs.append(Text(template[end : found.start()]))
        runs.append(figures[found[1]])
        end = found.end()
    if end < len(template):
        runs.append(Text(template[end:]))
    return Paragraph(tuple(runs))


def words(text: str) -> Paragraph:
    """Return a paragraph that holds no figure."""
    return Paragraph((Text(text),))


def figures(document: Document) -> Iterator[Figure]:
    """Yield every figure of the running text with its key, in reading order."""
    bodies: tuple[Section | Attachment, ...] = (*document.sections, *document.attachments)
    for body in bodies:
        for paragraph in body.paragraphs:
            for run in paragraph.runs:
                if isinstance(run, Figure):
                    yield run


def tables(document: Document) -> Iterator[Table]:
    """Yield every attached table in order."""
    for attachment in document.attachments:
        yield from attachment.tables
