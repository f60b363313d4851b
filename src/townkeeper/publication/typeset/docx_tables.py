"""Builds the Word tables: figures under repeated heads, and the imprint at the last page's foot."""

from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

from townkeeper.publication.typeset.document import Document, Table, clean
from townkeeper.publication.typeset.docx_styles import element
from townkeeper.publication.typeset.layout import (
    MM_PER_PT,
    SIDEWAYS_MM,
    UPRIGHT_MM,
    column_widths,
    ems,
    table_size,
)
from townkeeper.publication.typeset.words import WORDS, clipped, shown, written_date

TWIPS_PER_MM = 1440 / 25.4
UPRIGHT_FOOT_MM = 225.0


def add_table(word: WordDocument, document: Document, table: Table, *, wide: bool) -> None:
    """Add a table whose head (with the document's label over it) repeats on every page."""
    weights = column_widths(table)
    space = (SIDEWAYS_MM if wide else UPRIGHT_MM) * TWIPS_PER_MM
    widths = [int(space * weight / sum(weights)) for weight in weights]
    size = table_size(table, wide=wide)
    made = _frame(widths)
    head = _style_id(word, "Bulletin table head")
    text = _style_id(word, "Bulletin table text")
    if document.label:
        notice = clean(document.label)
        style = _style_id(word, "Bulletin label")
        made.append(_row([_cell(notice, sum(widths), style, span=len(widths))], head=True))
    titles = [
        _cell(clean(column.title), width, head, side="center", size=size, shade=True)
        for column, width in zip(table.columns, widths, strict=True)
    ]
    made.append(_row(titles, head=True))
    for row in table.rows:
        made.append(
            _row(
                [
                    _cell(
                        clipped(shown(cell, column), document.language),
                        width,
                        text,
                        side=column.side,
                        size=size,
                    )
                    for cell, column, width in zip(row, table.columns, widths, strict=True)
                ]
            )
        )
    if not table.rows:
        nothing = WORDS[document.language].no_rows
        made.append(_row([_cell(nothing, sum(widths), text, side="center", span=len(widths))]))
    _place(word, made)


def add_imprint(word: WordDocument, document: Document) -> None:
    """Add the 版记, floating at the foot of the last page (7.4): thick, thin and thick rules."""
    words = WORDS[document.language]
    style = _style_id(word, "Bulletin imprint")
    total = int(UPRIGHT_MM * TWIPS_PER_MM)
    right = total * 2 // 5
    made = _frame([total - right, right], rules=True)
    lines = 1
    if document.cc:
        lines += 1 + int(ems(clean(document.cc)) * 14 * MM_PER_PT / (UPRIGHT_MM - 12))
        copies = f"{words.cc}{words.colon}{clean(document.cc)}"
        made.append(_row([_cell(copies, total, style, span=2)]))
    day = written_date(document.printed or document.date, document.language)
    printed = f"{words.printed} {day}" if document.language == "en" else f"{day} {words.printed}"
    made.append(
        _row(
            [
                _cell(clean(document.printer or document.issuer), total - right, style),
                _cell(printed, right, style, side="right"),
            ]
        )
    )
    properties = made.find(qn("w:tblPr"))
    if properties is not None:
        properties.insert(
            0,
            element(
                "w:tblpPr",
                {
                    "w:vertAnchor": "margin",
                    "w:horzAnchor": "margin",
                    "w:tblpXSpec": "center",
                    "w:tblpYSpec": "bottom",
                    # for programs that do not know "bottom": the height reckoned by lines
                    "w:tblpY": str(int(UPRIGHT_FOOT_MM * TWIPS_PER_MM) - 20 * 25 * lines),
                },
            ),
        )
    _place(word, made)
    word.add_paragraph(style="Bulletin source")


def _frame(widths: list[int], *, rules: bool = False) -> BaseOxmlElement:
    table = element("w:tbl")
    properties = element("w:tblPr")
    properties.append(element("w:tblW", {"w:w": str(sum(widths)), "w:type": "dxa"}))
    borders = element("w:tblBorders")
    for name in ("top", "left", "bottom", "right", "insideH", "insideV"):
        # 0.35 mm outside and 0.25 mm inside for the imprint, 0.5 pt all round for a table
        eighths = {"top": 8, "bottom": 8, "insideH": 6}.get(name, 0) if rules else 4
        kind = "single" if eighths else "nil"
        borders.append(
            element(f"w:{name}", {"w:val": kind, "w:sz": str(eighths), "w:color": "000000"})
        )
    properties.append(borders)
    properties.append(element("w:tblLayout", {"w:type": "fixed"}))
    margins = element("w:tblCellMar")
    side = "280" if rules else "60"
    for name in ("left", "right"):
        margins.append(element(f"w:{name}", {"w:w": side, "w:type": "dxa"}))
    properties.append(margins)
    table.append(properties)
    grid = element("w:tblGrid")
    for width in widths:
        grid.append(element("w:gridCol", {"w:w": str(width)}))
    table.append(grid)
    return table


def _row(cells: list[BaseOxmlElement], *, head: bool = False) -> BaseOxmlElement:
    row = element("w:tr")
    properties = element("w:trPr")
    properties.append(element("w:cantSplit"))
    if head:
        properties.append(element("w:tblHeader"))
    row.append(properties)
    for cell in cells:
        row.append(cell)
    return row


def _cell(
    text: str,
    width: int,
    style: str,
    *,
    side: str = "left",
    size: float | None = None,
    span: int = 1,
    shade: bool = False,
) -> BaseOxmlElement:
    cell = element("w:tc")
    properties = element("w:tcPr")
    properties.append(element("w:tcW", {"w:w": str(width), "w:type": "dxa"}))
    if span > 1:
        properties.append(element("w:gridSpan", {"w:val": str(span)}))
    if shade:
        properties.append(element("w:shd", {"w:val": "clear", "w:fill": "F0F0F0"}))
    properties.append(element("w:vAlign", {"w:val": "center"}))
    cell.append(properties)
    paragraph = element("w:p")
    look = element("w:pPr")
    look.append(element("w:pStyle", {"w:val": style}))
    look.append(element("w:jc", {"w:val": side}))
    paragraph.append(look)
    for order, line in enumerate(text.split("\n")):
        run = element("w:r")
        if size is not None:
            sizes = element("w:rPr")
            sizes.append(element("w:sz", {"w:val": str(int(size * 2))}))
            run.append(sizes)
        if order:
            run.append(element("w:br"))
        words = element("w:t", {"xml:space": "preserve"})
        words.text = line
        run.append(words)
        paragraph.append(run)
    cell.append(paragraph)
    return cell


def _style_id(word: WordDocument, name: str) -> str:
    return str(word.styles[name].style_id)


def _place(word: WordDocument, made: BaseOxmlElement) -> None:
    body = word.element.body
    body.insert(len(body) - 1, made)
