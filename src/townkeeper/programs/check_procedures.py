"""Checks the procedures of a program with the procedure language's own checker."""

import re
from collections.abc import Collection, Iterator

from townkeeper.assessment.program import SchemeFile
from townkeeper.calendars.program import CalendarFile
from townkeeper.duties.program import CategoriesFile
from townkeeper.kit.schema import LANGUAGES
from townkeeper.procedures.check import check
from townkeeper.procedures.language import ProcedureSyntaxError, parse
from townkeeper.procedures.model import Procedure
from townkeeper.procedures.wording import finding_text, syntax_text
from townkeeper.programs.check_limits import working_hours
from townkeeper.programs.findings import Finding
from townkeeper.programs.folder import Folder
from townkeeper.programs.reader import Document, Place
from townkeeper.units.program import RolesFile

_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
BUILT_IN = frozenset({"applicant", "citizen", "system"})
"""Performers that need no post in the office."""
BY_CATEGORY = "by-category"


def procedures_of(folder: Folder) -> list[tuple[Document, Procedure]]:
    """Return the procedures that can be read."""
    found = []
    for document in folder.raw("procedures/"):
        if isinstance(document.data, dict):
            try:
                found.append((document, parse(document.data, source=document.name)))
            except ProcedureSyntaxError:
                continue
    return found


def check_procedures(folder: Folder) -> Iterator[Finding]:
    """Yield what the procedure language says against each procedure."""
    part = folder.part("roles.yaml", RolesFile)
    roles = {*part.roles, *BUILT_IN} if part else None
    seen: dict[str, str] = {}
    for document in folder.raw("procedures/"):
        if not isinstance(document.data, dict):
            yield document.find("not-mapping", path=document.name, value="")
            continue
        try:
            procedure = parse(document.data, source=document.name)
        except ProcedureSyntaxError as error:
            for problem in error.problems:
                said = {tag: syntax_text(problem, tag) for tag in LANGUAGES}
                yield document.find("procedure", *place_of(problem.path), reason=said)
            continue
        if procedure.key in seen:
            params = {"code": procedure.key, "first": seen[procedure.key]}
            yield document.find("code-twice", "procedure", **params)
        seen[procedure.key] = document.name
        if roles is not None:
            yield from _meaning(folder, document, procedure, roles)
    if not seen and folder.documents and folder.is_whole("procedures/"):
        yield Finding("file-missing", "procedures/", None, {"name": "procedures/problem.yaml"})


def _meaning(
    folder: Folder, document: Document, procedure: Procedure, roles: Collection[str]
) -> Iterator[Finding]:
    calendar = folder.part("calendar.yaml", CalendarFile)

    def hours(text: str) -> float | None:
        return working_hours(text, calendar.hours) if calendar else None

    for found in check(procedure, roles=roles, limit_hours=hours if calendar else None):
        said = {tag: finding_text(found, tag) for tag in LANGUAGES}
        severity = "procedure" if found.error else "procedure-advice"
        yield document.find(severity, *place_of(found.path), reason=said)
    if calendar and procedure.limit:
        yield from _categories_within(folder, document, procedure, calendar)


def _categories_within(
    folder: Folder, document: Document, procedure: Procedure, calendar: CalendarFile
) -> Iterator[Finding]:
    """Yield categories whose limit is longer than the whole of a procedure that uses it."""
    steps = [step for step in procedure.steps.values() if step.limit == BY_CATEGORY]
    whole = working_hours(procedure.limit or "", calendar.hours)
    part = folder.part("categories.yaml", CategoriesFile)
    if not steps or whole is None or part is None:
        return
    for use in [*part.classes, *part.categories, *part.local]:
        hours = working_hours(use.limit or "", calendar.hours) if use.limit else None
        if hours is not None and hours > whole:
            params = {"category": use.key, "limit": use.limit, "whole": procedure.limit}
            yield document.find("limit-longer-than-whole", "limit", **params)


def place_of(path: str) -> Place:
    """Return `steps.handling.actions.report.evidence[0]` as a place in the file."""
    place: Place = ()
    for name, number in _PART.findall(path):
        place = (*place, int(number) if number else name)
    return place


def counters_read(folder: Folder) -> set[str]:
    """Return the counters that the schemes read, such as `evasion` for `evasion_count`."""
    metrics = {name for _document, scheme in folder.all(SchemeFile) for name in scheme.metrics()}
    return {name.removesuffix("_count") for name in metrics if name.endswith("_count")}
