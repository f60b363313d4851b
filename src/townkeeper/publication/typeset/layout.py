"""Turns a document into the plain data that the page template prints, and measures its tables."""

import re
from collections.abc import Iterator

from msgspec import structs

from townkeeper.publication.typeset.document import (
    Attachment,
    Chart,
    Column,
    Document,
    Section,
    Table,
    clean,
)
from townkeeper.publication.typeset.words import WORDS, clipped, shown, written_date

WIDE = 9
"""Columns that an upright page holds; a table with more lies on its side."""
LATIN_LETTER = 0.52
CHINESE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\U0001f000-\U0003ffff]")
UPRIGHT_MM = 156.0
SIDEWAYS_MM = 225.0
MM_PER_PT = 25.4 / 72


def ems(text: str) -> float:
    """Return the width of the longest line in characters of Chinese."""
    return max(
        sum(1.0 if CHINESE.match(letter) else LATIN_LETTER for letter in line)
        for line in text.split("\n")
    )


def column_widths(table: Table) -> list[float]:
    """Return each column's weight: as asked, else by its title and the usual size of its cells."""
    widths = []
    for place, column in enumerate(table.columns):
        if column.width is not None:
            widths.append(column.width)
            continue
        cells = sorted(ems(shown(row[place], column)[:60]) for row in table.rows)
        usual = cells[int(len(cells) * 0.95)] if cells else 0
        title = ems(column.title)
        least = usual if column.kind != "text" else min(usual, 14)
        widths.append(max(least, min(title, 5 if column.kind == "text" else 4), 2) + 1)
    return widths


def is_wide(attachment: Attachment) -> bool:
    """Tell whether the attachment needs a page on its side."""
    return any(len(table.columns) > WIDE for table in attachment.tables)


def table_size(table: Table, *, wide: bool) -> float:
    """Return the type size in points (10, down to 7) at which the figures fit their columns."""
    if any(column.width is not None for column in table.columns):
        return 10.0
    space = (SIDEWAYS_MM if wide else UPRIGHT_MM) / MM_PER_PT - 6.0 * len(table.columns)
    needed = sum(column_widths(table))
    return max(7.0, min(10.0, round(space / max(needed, 1.0) * 2) / 2))


def payload(document: Document) -> dict[str, object]:
    """Return everything that `bulletin.typ` prints, as text."""
    language = document.language
    words = WORDS[language]
    printed = document.printed or document.date
    return {
        "lang": "en" if language == "en" else "zh",
        "region": {"zh-Hans": "cn", "zh-Hant": "hk", "en": "gb"}[language],
        "words": structs.asdict(words),
        "masthead": clean(document.masthead),
        "number": clean(document.number),
        "signer": clean(document.signer),
        "title": [clean(line) for line in document.title if line.strip()],
        "recipients": clean(document.recipients),
        "sections": [_section(section) for section in document.sections],
        "attachments": [_attachment(a, document) for a in document.attachments],
        "issuer": clean(document.issuer),
        "date": written_date(document.date, language),
        "day": {
            "year": document.date.year,
            "month": document.date.month,
            "day": document.date.day,
        },
        "cc": clean(document.cc),
        "printer": clean(document.printer or document.issuer),
        "printed": written_date(printed, language),
        "label": clean(document.label),
        "remarks": [bracketed(clean(remark), document) for remark in document.remarks],
        "source": source_lines(document),
        "form": document.form,
    }


def bracketed(remark: str, document: Document) -> str:
    """Return a 附注 in brackets (7.3.6)."""
    opening, closing = WORDS[document.language].brackets
    return f"{opening}{remark}{closing}"


def source_lines(document: Document) -> list[str]:
    """Return where the figures came from, as the small lines under the remarks."""
    source = document.provenance
    if source is None:
        return []
    words = WORDS[document.language]
    pairs = [
        (words.data_time, source.data_time),
        (words.round, source.round),
        (words.digest, source.digest),
        (words.selection, source.selection),
        (words.licence, source.licence),
    ]
    return [f"{name}{words.colon}{clean(value)}" for name, value in pairs if value]


def texts(value: object) -> Iterator[str]:
    """Yield every text inside a payload."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts(part)


def has_chinese(value: object) -> bool:
    """Tell whether any text inside needs a Chinese font."""
    return any(CHINESE.search(text) for text in texts(value))


def _section(section: Section) -> dict[str, object]:
    return {
        "heading": clean(section.heading),
        "level": section.level,
        "paragraphs": [clean(paragraph.text) for paragraph in section.paragraphs],
        "charts": [_chart(chart) for chart in section.charts],
    }


def _attachment(attachment: Attachment, document: Document) -> dict[str, object]:
    wide = is_wide(attachment)
    return {
        "title": clean(attachment.title),
        "wide": wide,
        "paragraphs": [clean(paragraph.text) for paragraph in attachment.paragraphs],
        "charts": [_chart(chart) for chart in attachment.charts],
        "tables": [
            {
                "title": clean(table.title),
                "note": clean(table.note),
                "size": table_size(table, wide=wide),
                "columns": [
                    _column(column, width)
                    for column, width in zip(table.columns, column_widths(table), strict=True)
                ],
                "rows": [
                    [
                        clipped(shown(cell, column), document.language)
                        for cell, column in zip(row, table.columns, strict=True)
                    ]
                    for row in table.rows
                ],
            }
            for table in attachment.tables
        ],
    }


def _column(column: Column, width: float) -> dict[str, object]:
    return {"title": clean(column.title), "side": column.side, "width": width}


def _chart(chart: Chart) -> dict[str, str]:
    return {
        "svg": chart.svg,
        "caption": clean(chart.caption),
        "description": clean(chart.description),
    }
