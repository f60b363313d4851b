"""The fixed words of an official document and how it writes dates and figures, per language."""

from datetime import date

from msgspec import Struct

from townkeeper.publication.typeset.document import Cell, Column, Language, Section, clean

UNKNOWN = "—"
FORMS = {"percent": ".2%", "score": ".2f", "integer": ",.0f"}
SHOWN = 500
"""Characters of one cell that a page shows; the spreadsheet holds all of them."""


class Words(Struct, frozen=True, kw_only=True):
    """What GB/T 9704-2012 prints around the office's own text."""

    signer: str
    attachment: str
    attachment_list: str
    cc: str
    printed: str
    no_rows: str
    cut: str
    round: str
    data_time: str
    digest: str
    selection: str
    licence: str
    notes: str
    label: str
    title: str
    number: str
    issuer: str
    colon: str
    brackets: tuple[str, str]


WORDS: dict[Language, Words] = {
    "zh-Hans": Words(
        signer="签发人", attachment="附件", attachment_list="附件", cc="抄送", printed="印发",
        no_rows="本期无数据", cut="……（全文见电子表格）", round="考核轮次", data_time="数据截至",
        digest="摘要值", selection="筛选条件", licence="数据许可", notes="说明", label="标注",
        title="标题", number="发文字号", issuer="发文机关", colon="：",
        brackets=("（", "）"),
    ),
    "zh-Hant": Words(
        signer="簽發人", attachment="附件", attachment_list="附件", cc="抄送", printed="印發",
        no_rows="本期無數據", cut="……（全文見電子表格）", round="考核輪次", data_time="數據截至",
        digest="摘要值", selection="篩選條件", licence="數據許可", notes="說明", label="標註",
        title="標題", number="發文字號", issuer="發文機關", colon="：",
        brackets=("（", "）"),
    ),
    "en": Words(
        signer="Signed by", attachment="Attachment", attachment_list="Attachments", cc="Copies to",
        printed="Printed", no_rows="No data in this period",
        cut="… (full text in the spreadsheet)", round="Round", data_time="Data as of",
        digest="Digest", selection="Selection", licence="Licence", notes="Notes", label="Label",
        title="Title", number="Number", issuer="Issued by", colon=": ",
        brackets=("(", ")"),
    ),
}  # fmt: skip

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DIGITS = "零一二三四五六七八九"


def written_date(day: date, language: Language) -> str:
    """Return the date in full: 2026年11月8日 (Arabic numerals, GB/T 9704 7.3.5)."""
    if language == "en":
        return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def chinese_number(number: int) -> str:
    """Return 1–99 in Chinese numerals, for headings."""
    tens, ones = divmod(number, 10)
    if not 0 < number < 100:  # noqa: PLR2004 - no document has a hundred chapters
        return str(number)
    head = "" if tens == 0 else "十" if tens == 1 else f"{DIGITS[tens]}十"
    return head + (DIGITS[ones] if ones else "")


def numbered(sections: tuple[Section, ...], language: Language) -> tuple[Section, ...]:
    """Return the sections with their headings numbered 一、（一） 1. (GB/T 9704 7.3.3)."""
    counts = [0, 0, 0]
    done = []
    for section in sections:
        if not section.heading:
            done.append(section)
            continue
        place = section.level - 1
        counts[place] += 1
        counts[place + 1 :] = [0] * (2 - place)
        done.append(
            Section(
                heading=_mark(counts, place, language) + section.heading,
                level=section.level,
                paragraphs=section.paragraphs,
                charts=section.charts,
            )
        )
    return tuple(done)


def _mark(counts: list[int], place: int, language: Language) -> str:
    if language == "en":
        return ".".join(str(count) for count in counts[: place + 1]) + (". " if not place else " ")
    if place == 0:
        return f"{chinese_number(counts[0])}、"
    if place == 1:
        opening, closing = WORDS[language].brackets
        return f"{opening}{chinese_number(counts[1])}{closing}"
    return f"{counts[2]}. "


def shown(cell: Cell, column: Column) -> str:
    """Return a cell as a page prints it: 1,234 · 95.02% · 87.50; “—” for what is not known."""
    if cell is None:
        return UNKNOWN
    if isinstance(cell, str):
        return clean(cell)
    form = FORMS.get(column.kind, "")
    if column.kind == "number":
        form = ",.6g" if isinstance(cell, float) else ","
    return format(cell, form)


def clipped(text: str, language: Language) -> str:
    """Return the text as far as a table cell of a page can sensibly hold it."""
    return text if len(text) <= SHOWN else text[:SHOWN] + WORDS[language].cut
