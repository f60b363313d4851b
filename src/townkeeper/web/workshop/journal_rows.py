"""Entries of many subjects in words, for the search of the journal: read in a few questions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.journal.models import Entry
from townkeeper.procedures.model import Procedure
from townkeeper.web.journal_words import Names, Told, codes_in, tell
from townkeeper.web.office.rows import procedure_of
from townkeeper.web.register_words import codes_of
from townkeeper.web.registers import registers

CASE = "case:"
GROUPS: Mapping[str, str | Promise] = {
    "case.": _("Cases"),
    "case.reporter_shown": _("Who looked at a reporter's name or telephone"),
    "case.original_seen": _("Who looked at a photo as it was taken"),
    "order.": _("Orders"),
    "campaign.": _("Campaigns"),
    "revisit.": _("Revisit draws"),
    "unit.": _("Units"),
    "post.": _("Posts"),
    "role.": _("Roles"),
    "user.": _("Users"),
    "token.": _("Keys of programs"),
    "duty.": _("Duty register"),
    "category.": _("Categories"),
    "calendar.": _("Calendars"),
    "setting.": _("Settings"),
    "program.": _("Programs"),
    "import.": _("Imports"),
    "job.": _("Jobs"),
    "round.": _("Rankings"),
}
"""How acts begin, for whoever searches by them."""
MACHINE: Mapping[str, str | Promise] = {
    "system": _("the system"),
    "reporter": _("reporter"),
    "simulation": _("simulation"),
    "import": _("import"),
    "command-line": _("command line"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as the search shows it."""

    entry: Entry
    told: Told
    who: str
    number: str
    """Number of the case; empty where the subject is something else."""
    subject: str


def rows_of(entries: list[Entry], user: User | AnonymousUser) -> list[Row]:
    """Return entries in words, whatever they are about, for somebody who may read them."""
    known = registers()
    codes, keys = codes_in(entries)
    codes |= {code for entry in entries for code in codes_of(entry)} | set(_after(entries, "unit"))
    keys |= set(_after(entries, "category"))
    units = {unit.code: unit.title for unit in known.units.values() if unit.code in codes}
    categories = {each.key: each.title for each in known.categories.values() if each.key in keys}
    actors = {entry.actor for entry in entries} | set(_after(entries, "user"))
    people = {user.username: str(user) for user in User.objects.filter(username__in=actors)}
    procedures = _procedures(entries, user)
    rows = []
    for entry in entries:
        names = Names(procedures.get(entry.subject), units, categories, people, known.role_titles())
        who = people.get(entry.actor) or str(MACHINE.get(entry.actor, ""))
        number = entry.subject.removeprefix(CASE) if entry.subject.startswith(CASE) else ""
        rows.append(Row(entry, tell(entry, names), who, number, _subject(entry.subject, names)))
    return rows


def _after(entries: Iterable[Entry], kind: str) -> Iterable[str]:
    """Return what follows `kind:` in the subjects."""
    return (
        each.subject.partition(":")[2] for each in entries if each.subject.startswith(f"{kind}:")
    )


def _subject(subject: str, names: Names) -> str:
    kind, _colon, key = subject.partition(":")
    named = {"unit": names.units, "category": names.categories, "user": names.people}
    return named.get(kind, {}).get(key, "") or subject


def _procedures(entries: Iterable[Entry], user: User | AnonymousUser) -> dict[str, Procedure]:
    """Return the rules by which each case of the list runs: its moves are told in their words."""
    numbers = set(_after(entries, "case"))
    cases = Case.objects.visible_to(user).filter(number__in=numbers).select_related("procedure")
    return {f"{CASE}{case.number}": procedure_of(case) for case in cases}
