"""Prints a campaign: the task breakdown table (任務分解表) and, at its end, the closing report."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final, Literal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from townkeeper.campaigns.models import Campaign
from townkeeper.campaigns.progress import Progress, RowState, UnitProgress, progress_of
from townkeeper.cases.desk import desk
from townkeeper.journal.actions import record
from townkeeper.kit.names import say
from townkeeper.publication.breakdown_words import WORDS, BreakdownWords
from townkeeper.publication.notices import office_name
from townkeeper.publication.titles import balanced
from townkeeper.publication.typeset.document import (
    Attachment,
    Cell,
    Column,
    Document,
    Figure,
    Language,
    Paragraph,
    Section,
    Table,
    fill,
    words,
)
from townkeeper.publication.typeset.docx import write_docx
from townkeeper.publication.typeset.pdf import write_pdf
from townkeeper.publication.typeset.xlsx import write_xlsx
from townkeeper.units.models import Unit

Kind = Literal["breakdown", "closing"]
PRINTED: Final = 1_000
"""Rows that the printed document holds; the spreadsheet has all of them."""
WIDTHS: Final = (2.6, 12.5, 8.5, 6, 7.5, 7, 5, 6, 5, 10)
ZONE: Final = ZoneInfo(settings.TIME_ZONE)


def print_campaign(
    campaign: Campaign,
    *,
    actor: str,
    kind: Kind = "breakdown",
    language: Language = "zh-Hant",
    out_dir: Path | None = None,
) -> dict[str, Path]:
    """Write the table or the closing report as PDF, Word and Excel; return the files by form.

    Whoever prints it twice gets the state of that moment; the journal keeps the digests.
    """
    folder = out_dir or Path(settings.HOME) / "out" / "campaigns"
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{campaign.key}-{kind}-{language}"
    files = {form: folder / f"{stem}.{form}" for form in ("pdf", "docx", "xlsx")}
    found = progress_of(campaign)
    printed = campaign_document(found, language, kind=kind)
    write_pdf(printed, files["pdf"])
    write_docx(printed, files["docx"])
    write_xlsx(campaign_document(found, language, kind=kind, whole=True), files["xlsx"])
    digests = {form: hashlib.sha256(path.read_bytes()).hexdigest() for form, path in files.items()}
    with transaction.atomic():
        record(
            subject=campaign.subject,
            act="campaign.printed",
            actor=actor,
            data={"kind": kind, "language": language, "digests": digests},
        )
    return files


def campaign_document(
    found: Progress, language: Language, *, kind: Kind = "breakdown", whole: bool = False
) -> Document:
    """Return the document of a campaign as it stands; `whole` keeps every row and more columns."""
    told, campaign = WORDS[language], found.campaign
    naming = Naming(language)
    office = naming.office(campaign)
    title = told.breakdown if kind == "breakdown" else told.closing
    closing = kind == "closing"
    tables = [Attachment(told.table, tables=(_rows_table(found, naming, whole=whole),))]
    if closing:
        tables.insert(0, Attachment(told.units_table, tables=(_units_table(found, naming),)))
    sections = _closing(found, naming) if closing else _opening(found, naming, office)
    shown = campaign.title.removesuffix(told.breakdown % "") if not closing else campaign.title
    return Document(
        language=language,
        masthead=told.masthead % office,
        number=campaign.key,
        title=balanced(title % shown) if language != "en" else (title % shown,),
        issuer=office,
        date=found.at.astimezone(ZONE).date(),
        recipients=told.recipients,
        sections=tuple(sections),
        attachments=tuple(tables),
        remarks=(told.as_of % f"{found.at.astimezone(ZONE):%Y-%m-%d %H:%M}",),
    )


class Naming:
    """The names of units in the language of the document, looked up once."""

    def __init__(self, language: Language) -> None:
        self.language, self.words = language, WORDS[language]
        self.units = {
            code: say(names or {}, language) or name
            for code, name, names in Unit.objects.values_list("code", "name", "names")
        }

    def unit(self, code: object) -> str:
        """Return a unit's name, its code where there is none."""
        return self.units.get(str(code), str(code))

    def office(self, campaign: Campaign) -> str:
        """Return the full name of the unit that runs the campaign's procedure."""
        row = desk().office_for(campaign.procedure)
        unit = Unit.objects.filter(code=row.code).defer("outline").first() if row else None
        return office_name(unit, self.language) if unit else campaign.key

    def list(self, names: Sequence[str]) -> str:
        """Return names one after the other."""
        return self.words.between.join(names) or self.words.none

    def moment(self, at: datetime | None) -> str:
        """Return a time as the table shows it."""
        return at.astimezone(ZONE).strftime(self.words.date) if at else ""


def _figure(name: str, value: object) -> Figure:
    return Figure(str(value), f"campaign.{name}")


def _opening(found: Progress, naming: Naming, office: str) -> Iterator[Section]:
    told, campaign = naming.words, found.campaign
    values = {
        "rows": _figure("rows", found.total.rows),
        "units": _figure("units", len(found.units)),
        "source": _figure("source", campaign.source),
        "office": _figure("office", office),
    }
    first = told.ordered
    if campaign.kind == Campaign.Kind.EXPOSURE:
        first = told.exposed_by if campaign.source else told.exposed
    paragraphs = [fill(first, values)]
    paragraphs += [words(line) for line in campaign.text.splitlines() if line.strip()]
    yield Section((*paragraphs, fill(told.asked, values)))


def _closing(found: Progress, naming: Naming) -> Iterator[Section]:
    told, total = naming.words, found.total
    values = {
        "rows": total.rows, "done": total.done, "on_time": total.done_on_time,
        "late": total.done_late, "reported": total.reported, "running": total.running,
        "not_begun": total.not_begun, "voided": total.voided, "reminders": total.reminders,
        "median": f"{median(total.hours):.1f}" if total.hours else "—",
        "longest": f"{max(total.hours):.1f}" if total.hours else "—",
    }  # fmt: skip
    figures = {name: _figure(name, value) for name, value in values.items()}
    yield Section((fill(told.result_text, figures),), heading=told.result)
    good = [naming.unit(u.code) for u in found.units if _is_good(u)]
    behind = [
        told.times % (naming.unit(u.code), u.rows - u.voided - u.done_on_time)
        for u in found.units
        if not _is_good(u) and u.rows > u.voided
    ]
    yield Section((_names(told.in_time_text, good, naming),), heading=told.in_time)
    yield Section((_names(told.behind_text, behind, naming),), heading=told.behind)
    yield Section((fill(told.duration_text, figures),), heading=told.duration)
    if found.campaign.closing_note:
        yield Section((words(found.campaign.closing_note),), heading=told.note)


def _is_good(unit: UnitProgress) -> bool:
    return unit.done_on_time > 0 and unit.done_on_time + unit.voided == unit.rows


def _names(template: str, names: Sequence[str], naming: Naming) -> Paragraph:
    return fill(template, {"names": _figure("names", naming.list(names))})


def _rows_table(found: Progress, naming: Naming, *, whole: bool) -> Table:
    told = naming.words
    kinds = ("integer", *("text",) * 9)
    columns = [
        Column(title, kind, width=width)  # type: ignore[arg-type]
        for title, kind, width in zip(told.columns, kinds, WIDTHS, strict=True)
    ]
    shown = found.rows if whole else found.rows[:PRINTED]
    if whole:
        columns += [
            Column(title, "number" if number > 1 else "text")
            for number, title in enumerate(told.more)
        ]
    clipped = len(shown) < len(found.rows)
    return Table(
        told.table,
        tuple(columns),
        tuple(_table_row(row, naming, whole=whole) for row in shown),
        key="campaign.rows",
        note=told.clipped % (len(shown), len(found.rows)) if clipped else "",
    )


def _table_row(row: RowState, naming: Naming, *, whole: bool) -> tuple[Cell, ...]:
    item, told = row.item, naming.words
    category = item.category
    cells: tuple[Cell, ...] = (
        item.number,
        "\n".join(filter(None, [item.problem, item.text])),
        item.place,
        (say(category.names, naming.language) or category.name) if category else "",
        naming.unit(row.unit),
        naming.words.between.join(naming.unit(code) for code in item.assists),
        item.leader,
        naming.moment(row.due_at) or item.due_text,
        state_words(row, told),
        row.case.number if row.case else "",
    )
    if not whole:
        return cells
    basis = [told.basis.get(str(item.reason.get("by")), ""), str(item.reason.get("source") or "")]
    handled = naming.moment(row.handled_at)
    return (*cells, " ".join(filter(None, basis)), handled, row.hours, item.reminders)


def state_words(row: RowState, told: BreakdownWords) -> str:
    """Return the state of a row in words: `running, late`."""
    return told.states[row.state] + (told.late if row.is_late else "")


def _units_table(found: Progress, naming: Naming) -> Table:
    told = naming.words
    columns = (
        Column(told.unit_columns[0]),
        *(Column(title, "integer") for title in told.unit_columns[1:-2]),
        Column(told.unit_columns[-2], "number"),
        Column(told.unit_columns[-1], "integer"),
    )
    keys = ("rows", "done_on_time", "done_late", "reported", "running", "not_begun", "overdue",
            "voided", "hours", "reminders")  # fmt: skip
    rows = []
    for unit in found.units:
        said = unit.as_dict()
        rows.append((naming.unit(unit.code), *(said[key] for key in keys)))
    return Table(told.units_table, columns, tuple(rows), key="campaign.units")
