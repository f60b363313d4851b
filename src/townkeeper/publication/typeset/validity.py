"""Says what is wrong with a document before any writer touches it."""

import math
from collections.abc import Iterator
from datetime import date
from typing import get_args

from django.utils.translation import gettext_lazy as _

from townkeeper.kit.errors import Problem
from townkeeper.publication.typeset.document import (
    Cell,
    Chart,
    Column,
    Document,
    Figure,
    Language,
    Paragraph,
    Table,
)

NUMERIC = {"integer", "number", "score", "percent"}
LEVELS = (1, 2, 3)


def problems(document: Document) -> tuple[Problem, ...]:
    """Return everything wrong with the document; empty when it can be printed."""
    return (*_front(document), *_sections(document), *_attachments(document))


def check(document: Document) -> None:
    """Raise the first problem of the document, saying how many more there are."""
    found = problems(document)
    if not found:
        return
    first = found[0]
    hint = first.hint
    if len(found) > 1:
        hint = _("%(count)s more problems were found.") % {"count": len(found) - 1}
    raise Problem(first.code, first.message, where=first.where, hint=hint)


def _front(document: Document) -> Iterator[Problem]:
    if document.language not in get_args(Language):
        yield Problem(
            "document-language",
            _("The language %(tag)s is not known.") % {"tag": document.language},
            where="language",
            hint=_("Use zh-Hant, zh-Hans or en."),
        )
    for name in ("masthead", "number", "issuer"):
        if not getattr(document, name).strip():
            yield _empty(name)
    if not any(line.strip() for line in document.title):
        yield _empty("title")
    if not document.sections and not document.attachments:
        yield _empty("sections")


def _sections(document: Document) -> Iterator[Problem]:
    for number, section in enumerate(document.sections, 1):
        where = f"sections[{number}]"
        if section.level not in LEVELS:
            yield Problem(
                "document-level",
                _("A heading has level %(level)s; 1, 2 and 3 exist.") % {"level": section.level},
                where=where,
            )
        yield from _paragraphs(section.paragraphs, where)
        yield from _charts(section.charts, where)


def _attachments(document: Document) -> Iterator[Problem]:
    for number, attachment in enumerate(document.attachments, 1):
        where = f"attachments[{number}]"
        if not attachment.title.strip():
            yield _empty(f"{where}.title")
        yield from _paragraphs(attachment.paragraphs, where)
        yield from _charts(attachment.charts, where)
        for order, table in enumerate(attachment.tables, 1):
            yield from _table(table, f"{where}.tables[{order}]")


def _paragraphs(paragraphs: tuple[Paragraph, ...], where: str) -> Iterator[Problem]:
    for number, paragraph in enumerate(paragraphs, 1):
        for run in paragraph.runs:
            if isinstance(run, Figure) and not run.key.strip():
                yield Problem(
                    "document-figure-key",
                    _("The figure “%(text)s” does not say which frozen value it came from.")
                    % {"text": run.text},
                    where=f"{where}.paragraphs[{number}]",
                )


def _charts(charts: tuple[Chart, ...], where: str) -> Iterator[Problem]:
    for number, chart in enumerate(charts, 1):
        place = f"{where}.charts[{number}]"
        if not chart.description.strip():
            yield _empty(f"{place}.description")
        if not chart.svg.lstrip().startswith("<svg") or "var(--" in chart.svg:
            yield Problem(
                "document-chart",
                _("The chart is not an SVG drawing with plain colours."),
                where=place,
                hint=_("Draw it with the palette “plain”."),
            )


def _table(table: Table, where: str) -> Iterator[Problem]:
    if not table.title.strip():
        yield _empty(f"{where}.title")
    if not table.columns:
        yield _empty(f"{where}.columns")
    for order, column in enumerate(table.columns, 1):
        if not column.title.strip():
            yield _empty(f"{where}.columns[{order}].title")
        if column.width is not None and not 0 < column.width < math.inf:
            yield Problem(
                "document-width",
                _("A column's width must be greater than zero."),
                where=f"{where}.columns[{order}]",
            )
    for order, row in enumerate(table.rows, 1):
        if len(row) != len(table.columns):
            yield Problem(
                "document-row",
                _("The row has %(cells)s cells under %(columns)s columns.")
                % {"cells": len(row), "columns": len(table.columns)},
                where=f"{where}.rows[{order}]",
            )
            continue
        for cell, column in zip(row, table.columns, strict=True):
            if not _fits(cell, column):
                yield Problem(
                    "document-cell",
                    _("“%(value)s” is not of the kind %(kind)s.")
                    % {"value": str(cell)[:40], "kind": column.kind},
                    where=f"{where}.rows[{order}] {column.title}",
                )


def _fits(cell: Cell, column: Column) -> bool:
    if cell is None:
        return True
    if column.kind in NUMERIC:
        return isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell)
    if not isinstance(cell, str):
        return column.kind == "text"
    if column.kind == "date":
        try:
            date.fromisoformat(cell)
        except ValueError:
            return False
    return True


def _empty(where: str) -> Problem:
    return Problem("document-empty", _("This part of the document is empty."), where=where)
