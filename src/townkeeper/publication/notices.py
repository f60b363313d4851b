"""Turns an order into its letter: 督辦函, 整改通知書 and their like, in the form of GB/T 9704-2012.

The letter says what was ordered and until when, nothing of what came after, so that it can be made
again in any language; the first one made is kept (`papers`).
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings

from townkeeper.cases.models import Case, Origin
from townkeeper.journal.models import Entry
from townkeeper.kit.names import say
from townkeeper.publication.notice_words import WORDS, NoticeWords
from townkeeper.publication.titles import paper_title
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
from townkeeper.publication.typeset.words import written_date
from townkeeper.supervision.models import Addressee, Order
from townkeeper.units.models import Unit

ZONE: Final = ZoneInfo(settings.TIME_ZONE)
NAMED: Final = 6
"""So many units are named in the line of recipients; more stand in the attachment only."""
CODE: Final = 16
CASE_WIDTHS: Final = (4.4, 5.0, 2.6, 4.0, 2.6, 3.0)


def order_document(order: Order, language: Language) -> Document:
    """Return the letter of an order; a circular of criticism has the form of a document."""
    told = WORDS[language]
    rows = order.addressees.select_related("unit").defer("unit__outline").order_by("pk")
    addressees = list(rows)
    issuer = office_name(order.issuer, language)
    return Document(
        language=language,
        form="document" if order.kind == Order.Kind.CRITICISM else "letter",
        masthead=issuer,
        number=order.number,
        title=paper_title(order.title, told.kinds[order.kind], language),
        issuer=issuer,
        date=local_day(order.issued_at),
        recipients=_recipients(addressees, told, language),
        sections=(Section(tuple(_paragraphs(order, addressees, told, issuer))),),
        attachments=tuple(_attachments(order, addressees, told, language)),
        label=told.simulated if order.origin == Origin.SIMULATED else "",
        remarks=(told.code.format(chain=order.subject, code=code_of(order)),),
    )


def office_name(unit: Unit, language: Language) -> str:
    """Return the name under which a unit signs: its full name if it says one."""
    full = unit.attributes.get("full_name")
    if isinstance(full, dict) and say(full, language):
        return say(full, language)
    if isinstance(full, str) and full:
        return full
    return say(unit.names, language) or unit.name


def code_of(order: Order) -> str:
    """Return the first characters of the hash of the order's first entry in the journal."""
    entry = Entry.objects.filter(subject=order.subject, seq=1).values_list("hash", flat=True).get()
    digest = bytes(entry).hex()[:CODE].upper()
    return "-".join(digest[at : at + 4] for at in range(0, CODE, 4))


def local_day(moment: datetime) -> date:
    """Return the day of the place."""
    return moment.astimezone(ZONE).date()


def moment_words(moment: datetime, told: NoticeWords) -> str:
    """Return a deadline in the words of the paper."""
    return moment.astimezone(ZONE).strftime(told.date)


def _name(each: Addressee, language: Language) -> str:
    return say(each.unit.names, language) or each.unit.name


def _recipients(addressees: list[Addressee], told: NoticeWords, language: Language) -> str:
    if len(addressees) > NAMED:
        return told.many
    return told.between.join(_name(each, language) for each in addressees) + told.ending


def _paragraphs(
    order: Order, addressees: list[Addressee], told: NoticeWords, issuer: str
) -> Iterator[Paragraph]:
    if order.signer:
        yield _filled(told.by_leader, "signer", order.signer)
    for line in order.text.splitlines():
        if line.strip():
            yield words(line.strip())
    if order.basis:
        yield _filled(told.basis, "text", order.basis.rstrip("。. "))
    dues = {each.due_at for each in addressees}
    values = {"office": Figure(issuer, "order.issuer")}
    if len(dues) == 1:
        due = moment_words(dues.pop(), told)
        yield fill(told.one_deadline, {**values, "deadline": Figure(due, "order.deadline")})
    else:
        yield fill(told.own_deadlines, values)
    if order.contact:
        yield _filled(told.contact, "contact", order.contact.rstrip("。. "))


def _filled(template: str, name: str, value: str) -> Paragraph:
    return fill(template, {name: Figure(value, f"order.{name}")})


def _attachments(
    order: Order, addressees: list[Addressee], told: NoticeWords, language: Language
) -> Iterator[Attachment]:
    if len({each.due_at for each in addressees}) > 1 or len(addressees) > NAMED:
        number, unit, until = told.units_columns
        columns = (
            Column(number, "integer", width=1.0),
            Column(unit, width=4.0),
            Column(until, width=4.0),
        )
        units: tuple[tuple[Cell, ...], ...] = tuple(
            (place, _name(each, language), moment_words(each.due_at, told))
            for place, each in enumerate(addressees, 1)
        )
        yield _attached(told.units_table, columns, units, "order.units")
    cases = list(
        Case.objects.filter(order_links__order=order)
        .select_related("category", "unit")
        .defer("text", "unit__outline")
        .order_by("pk")
    )
    if cases:
        heads = tuple(
            Column(title, width=width)
            for title, width in zip(told.cases_columns, CASE_WIDTHS, strict=True)
        )
        rows = tuple(_case_row(case, language) for case in cases)
        yield _attached(told.cases_table, heads, rows, "order.cases")


def _attached(
    title: str, columns: tuple[Column, ...], rows: tuple[tuple[Cell, ...], ...], key: str
) -> Attachment:
    return Attachment(title, tables=(Table(title, columns, rows, key=key),))


def _case_row(case: Case, language: Language) -> tuple[Cell, ...]:
    category, unit = case.category, case.unit
    due = case.due_at.astimezone(ZONE) if case.due_at else None
    return (
        case.number,
        case.title,
        (say(category.names, language) or category.name) if category else "",
        case.address,
        (say(unit.names, language) or unit.name) if unit else "",
        f"{written_date(due.date(), language)} {due:%H:%M}" if due else "",
    )
