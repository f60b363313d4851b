"""Turns a published round into the document of its bulletin; no figure comes from anywhere else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from townkeeper.assessment.frozen import Content
from townkeeper.assessment.models import Round
from townkeeper.kit.names import say
from townkeeper.publication.frozen_figures import figures_of, group_title, unit_name
from townkeeper.publication.template import Template, default_template
from townkeeper.publication.titles import balanced
from townkeeper.publication.typeset.document import (
    Attachment,
    Cell,
    Column,
    Document,
    Figure,
    Kind,
    Language,
    Provenance,
    Section,
    Table,
    fill,
)
from townkeeper.publication.words import WORDS

FIGURE_COLUMNS = (
    "filed_count", "due_count", "handled_count", "on_time_count", "on_time_rate", "overdue_count",
    "rework_count", "rework_rate", "evasion_count", "closed_on_time_rate",
)  # fmt: skip
PRINTED = 200
"""Rows of a list that the printed document holds; the spreadsheet has all of them."""
SHORT_DIGEST = 16


@dataclass(frozen=True, slots=True)
class Issue:
    """What belongs to one issuing and not to the round."""

    serial: int
    place: str
    language: Language


def bulletin_document(
    round_: Round, template: Template | None, issue: Issue, *, whole: bool = False
) -> Document:
    """Return the document of a published round; `whole` keeps every row of long lists.

    A template in another language gives its names (masthead, recipients) to the package's text.
    Raises Problem for a name in braces that the round does not hold.
    """
    content: Content = json.loads(round_.content)
    language = issue.language
    base = default_template(language)
    own = template if template and template.language == language else base
    told = template or base
    figures = {**figures_of(content, language), **_words(issue, told)}
    plain = {name: figure.text for name, figure in figures.items()}
    title = say(told.title, language) or say(base.title, language)
    day = _day(round_)
    return Document(
        language=language,
        masthead=_said(told.masthead, plain),
        number=_said(told.number, plain),
        title=_lines(_said(title, plain), language),
        issuer=_said(told.issuer, plain),
        date=day,
        recipients=_addressed(told.recipients, language),
        sections=tuple(_sections(own, figures)),
        attachments=tuple(_attachments(content, own, language, whole=whole)),
        cc=_list(told.cc, language),
        printer=_said(told.printed_by, plain),
        printed=day,
        label=_label(round_, language),
        provenance=Provenance(
            round=f"{say(content['round']['title'], language)} {round_.period} #{round_.number}",
            digest=round_.digest[:SHORT_DIGEST],
            data_time=_local(round_.data_until, content).strftime("%Y-%m-%d %H:%M %z"),
        ),
    )


def _lines(title: str, language: Language) -> tuple[str, ...]:
    return (title,) if language == "en" else balanced(title)


def _words(issue: Issue, template: Template) -> dict[str, Figure]:
    """Return the names that are words of this issue; the serial is the office's own numbering."""
    place = say(template.place, issue.language) or issue.place
    return {
        "place": Figure(place, "issue.place"),
        "serial": Figure(str(issue.serial), "issue.serial"),
    }


def _said(text: str, plain: dict[str, str]) -> str:
    """Fill a heading's names; headings carry no runs."""
    return fill(text, {name: Figure(value, name) for name, value in plain.items()}).text


def _addressed(recipients: tuple[str, ...], language: Language) -> str:
    """Return the line of recipients, which ends with a colon (GB/T 9704-2012, 7.3.2)."""
    line = _list(recipients, language).rstrip(":：。.")
    return line and line + (":" if language == "en" else "：")


def _list(names: tuple[str, ...], language: Language) -> str:
    return ("，" if language != "en" else ", ").join(names)


def _sections(template: Template, figures: dict[str, Figure]) -> Iterator[Section]:
    if template.opening:
        yield Section((fill(template.opening, figures),))
    for section in template.sections:
        yield Section((fill(section.text, figures),), heading=section.title)
    if template.closing:
        yield Section((fill(template.closing, figures),))


def _label(round_: Round, language: Language) -> str:
    words = WORDS[language]
    parts = [{"simulated": words.simulated, "imported": words.imported}.get(round_.origin, "")]
    if round_.number > 1:
        parts.append(words.corrected % round_.number)
    return " · ".join(part for part in parts if part)


def _local(moment: datetime, content: Content) -> datetime:
    return moment.astimezone(ZoneInfo(content["round"]["time_zone"]))


def _day(round_: Round) -> date:
    content: Content = json.loads(round_.content)
    return _local(round_.published_at or round_.computed_at, content).date()


def _attachments(
    content: Content, template: Template, language: Language, *, whole: bool
) -> Iterator[Attachment]:
    """Yield the tables that the sections ask for, in their order, each once."""
    words = WORDS[language]
    asked = dict.fromkeys(section.table for section in template.sections if section.table)
    if "figures" not in asked:
        asked["figures"] = None
    for name in asked:
        if name == "ranking":
            yield Attachment(words.ranking, tables=tuple(_rankings(content, language)))
        elif name == "figures":
            yield Attachment(words.figures, tables=(_figures(content, language),))
        else:
            yield Attachment(words.overdue, tables=(_overdue(content, language, whole=whole),))


def _rankings(content: Content, language: Language) -> Iterator[Table]:
    """Yield one table for each group: groups are ranked apart."""
    words = WORDS[language]
    items = [
        (item["key"], say(item["title"], language)) for item in _leaves(content["scheme"]["items"])
    ]
    for group in content["scheme"]["groups"]:
        sheets = [sheet for sheet in content["sheets"] if sheet["group"] == group["key"]]
        if not sheets:
            continue
        asked = {item["key"] for sheet in sheets for item in sheet["items"]}
        shown = [(key, title) for key, title in items if key in asked]
        columns = [
            Column(words.rank, "integer"), Column(words.unit), Column(words.score, "score"),
            Column(words.place_range, align="center"), Column(words.before, "integer"),
            *(Column(title, "score") for _key, title in shown),
            Column(words.note),
        ]  # fmt: skip
        rows = [_rank_row(content, sheet, [key for key, _t in shown], language) for sheet in sheets]
        yield Table(
            group_title(content, group["key"], language),
            tuple(columns),
            tuple(rows),
            key=f"sheets.{group['key']}",
            note=words.ranking_note,
        )


def _rank_row(
    content: Content, sheet: Content, keys: list[str], language: Language
) -> tuple[Cell, ...]:
    words = WORDS[language]
    points = {item["key"]: item["points"] for item in sheet["items"]}
    before = content["before"].get(sheet["unit"], [])
    low, high = sheet["rank_low"], sheet["rank_high"]
    span = None if low is None else str(low) if low == high else f"{low}–{high}"
    return (
        sheet["rank"],
        unit_name(content, sheet["unit"], language),
        _number(sheet["score"]),
        span,
        before[0]["rank"] if before else None,
        *(_number(points.get(key)) for key in keys),
        words.notes.get(sheet["note"], ""),
    )


def _leaves(items: list[Content]) -> Iterator[Content]:
    for item in items:
        if item.get("items"):
            yield from _leaves(item["items"])
        else:
            yield item


def _number(text: str | None) -> float | None:
    return None if text is None else float(Decimal(text))


def _figures(content: Content, language: Language) -> Table:
    words = WORDS[language]
    metrics = content["metrics"]
    columns = [Column(words.unit)]
    for key in FIGURE_COLUMNS:
        kind: Kind = "percent" if metrics[key]["kind"] == "rate" else "integer"
        columns.append(Column(say(metrics[key]["names"], language), kind))
    rows = [
        (
            unit_name(content, code, language),
            *(_cell(content, figures[key], key) for key in FIGURE_COLUMNS),
        )
        for code, figures in content["figures"].items()
    ]
    return Table(words.figures, tuple(columns), tuple(rows), key="figures", note=words.figures_note)


def _cell(content: Content, figure: Content, key: str) -> float | int | None:
    if content["metrics"][key]["kind"] == "count":
        return int(figure["numerator"])
    value = figure["value"]
    return None if value is None else float(Decimal(value) / 100)


def _overdue(content: Content, language: Language, *, whole: bool) -> Table:
    words = WORDS[language]
    found = content["overdue"]
    shown = found if whole else found[:PRINTED]
    rows = [
        (
            row["number"],
            unit_name(content, row["unit"], language),
            say(row["categories"], language) or row["category"] or words.no_category,
            _local(datetime.fromisoformat(row["due"]), content).date().isoformat(),
        )
        for row in shown
    ]
    note = words.overdue_note
    if len(shown) < len(found):
        gap = " " if language == "en" else ""
        note = f"{note}{gap}{words.clipped % (len(shown), len(found))}"
    columns = (
        Column(words.case), Column(words.unit), Column(words.category), Column(words.due, "date"),
    )  # fmt: skip
    return Table(words.overdue, columns, tuple(rows), key="overdue", note=note)
