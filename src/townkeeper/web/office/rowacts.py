"""What can be done with the rows of a list: whose a case should be, and the keys' targets."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from townkeeper.cases.desk import Desk, desk
from townkeeper.cases.dispatching import dispatch_action, suggested_for
from townkeeper.cases.models import Case, Stage
from townkeeper.duties.register import Answer
from townkeeper.procedures.model import Action, Procedure
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import posts_for
from townkeeper.web.addresses import address_of_one
from townkeeper.web.office.rows import Row, procedure_of
from townkeeper.web.registers import registers

ORDER = (Stage.INTAKE, Stage.FILING, Stage.DISPATCH, Stage.HANDLING, Stage.VERIFYING)
EXTENSION = "extension"


@dataclass(frozen=True, slots=True)
class RowActs:
    """What stands beside a row besides the case itself."""

    unit: str = ""
    """Name of the unit that should have it, where it waits for dispatch."""
    why: str = ""
    dispatch: str = ""
    """Address of the act; empty where this person cannot."""
    back: str = ""
    extend: str = ""


def with_acts(request: HttpRequest, rows: list[Row], *, back: str) -> list[Row]:
    """Add to rows what can be done with them; `back` is the list to come back to."""
    if not rows:
        return rows
    posts = posts_for(request)
    roles = {p.role.key for p in posts if Permission.CASES_CASE_ACT in p.role.permissions}
    acting = Acting(frozenset(roles), desk(), registers().units, urlencode({"next": back}))
    return [replace(row, acts=acting.on(row.case)) for row in rows]


class Offered(NamedTuple):
    """The acts of a step that a person may do: whether one dispatches, names of the other two."""

    dispatch: bool = False
    back: str = ""
    extend: str = ""


class Acting:
    """What one person can do with the cases of a list; steps and suggestions come up often."""

    def __init__(
        self, roles: frozenset[str], picture: Desk, units: Mapping[int, Unit], query: str
    ) -> None:
        self.roles, self.picture, self.units, self.query = roles, picture, units, query
        self.offered: dict[tuple[int, str, str], Offered] = {}
        self.suggested: dict[tuple[int | None, int | None], tuple[str, str]] = {}

    def on(self, case: Case) -> RowActs:
        """Return what can be done with one case."""
        if case.is_ended or case.stage == Stage.MERGED:
            return RowActs()
        step = (case.procedure_id, case.step, case.stage)
        if step not in self.offered:
            self.offered[step] = self._offered(case)
        offered = self.offered[step]
        unit, why = self._suggestion(case) if case.stage == Stage.DISPATCH else ("", "")
        address = address_of_one("dispatch:dispatch", case.number)
        return RowActs(
            unit=unit,
            why=why,
            dispatch=f"{address}?{self.query}" if offered.dispatch else "",
            back=_jump(case, offered.back),
            extend=_jump(case, offered.extend),
        )

    def _offered(self, case: Case) -> Offered:
        procedure = procedure_of(case)
        step = procedure.steps.get(case.step)
        if step is None:
            return Offered()
        acts = step.actions.values()
        mine = [a for a in acts if self.roles & set(a.performers or (step.performer,))]
        action = dispatch_action(procedure, case.step)
        return Offered(
            dispatch=action is not None and action in mine,
            back=next((a.name for a in mine if _goes_back(procedure, case, a)), ""),
            extend=next((a.name for a in mine if a.effect == EXTENSION), ""),
        )

    def _suggestion(self, case: Case) -> tuple[str, str]:
        key = (case.category_id, case.area_id)
        if key not in self.suggested:
            answer = suggested_for(case, self.picture)
            lead = self.units.get(answer.lead.id) if answer.lead else None
            self.suggested[key] = (lead.title if lead else "", source_words(answer))
        return self.suggested[key]


def _jump(case: Case, action: str) -> str:
    """Return the address of an action's form on the case's page."""
    return f"{address_of_one('office:case', case.number)}#act-{action}" if action else ""


def _goes_back(procedure: Procedure, case: Case, action: Action) -> bool:
    target = procedure.steps.get(action.to or "")
    if target is None or target.stage not in ORDER or case.stage not in ORDER:
        return False
    return ORDER.index(Stage(target.stage)) < ORDER.index(Stage(case.stage))


def source_words(answer: Answer) -> str:
    """Say in a few words why the register names a unit."""
    if answer.lead is None:
        return _("The register names nobody")
    return (
        _("Duty register %(source)s") % {"source": answer.source}
        if answer.source
        else _("Duty register")
    )
