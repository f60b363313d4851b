"""What can be done with the rows of a list: whose a case should be, and the keys' targets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from townkeeper.cases.desk import Desk, desk
from townkeeper.cases.dispatching import dispatch_action, suggested_for
from townkeeper.cases.models import Case, Stage
from townkeeper.duties.register import Answer
from townkeeper.procedures.model import Action, Procedure
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import posts_for
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
    picture, units = desk(), registers().units
    return [replace(row, acts=_acts(row.case, roles, picture, units, back)) for row in rows]


def _acts(
    case: Case, roles: set[str], picture: Desk, units: Mapping[int, Unit], back: str
) -> RowActs:
    procedure = procedure_of(case)
    step = procedure.steps.get(case.step)
    if step is None or case.is_ended or case.stage == Stage.MERGED:
        return RowActs()
    waits = case.stage == Stage.DISPATCH
    answer = suggested_for(case, picture) if waits else Answer(lead=None)
    lead = units.get(answer.lead.id) if answer.lead else None
    mine = [a for a in step.actions.values() if roles & set(a.performers or (step.performer,))]
    action = dispatch_action(procedure, case.step)
    address = reverse("dispatch:dispatch", args=[case.number]) + "?" + urlencode({"next": back})
    return RowActs(
        unit=lead.title if lead else "",
        why=source_words(answer) if waits else "",
        dispatch=address if action is not None and action in mine else "",
        back=_jump(case, (a for a in mine if _goes_back(procedure, case, a))),
        extend=_jump(case, (a for a in mine if a.effect == EXTENSION)),
    )


def _jump(case: Case, actions: Iterable[Action]) -> str:
    """Return the address of the first action's form on the case's page."""
    name = next((action.name for action in actions), "")
    return f"{reverse('office:case', args=[case.number])}#act-{name}" if name else ""


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
