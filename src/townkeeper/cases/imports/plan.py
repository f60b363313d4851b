"""How imported records fit the procedure in force: which step is handling, which steps end it."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from townkeeper.cases.models import ProcedureVersion, Stage
from townkeeper.kit.errors import Problem
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Procedure, Step
from townkeeper.units.models import Unit


@dataclass(frozen=True, slots=True)
class Plan:
    """The places of a procedure that a record of the past can have."""

    procedure_id: int
    name: str
    """`problem@1`."""
    handling: Step
    waiting: Step
    """Where an open case without an owner waits for a person: the step of dispatch."""
    closed: Step
    voided: Step
    report: str
    """The action that ends handling."""
    office_id: int | None
    """The unit that dispatches."""


def plan_for(key: str, office: Unit | None) -> Plan:
    """Return the plan for the procedure in force; a procedure that cannot hold it is a Problem."""
    version = ProcedureVersion.objects.filter(key=key, is_current=True).first()
    if version is None:
        raise Problem(
            "procedure-unknown",
            _("There is no procedure “%(key)s” here.") % {"key": key},
            where="procedure",
            hint=_("Load a program first: ./townkeeper program load DIR."),
        )
    procedure = parse(version.definition)
    handling = _first(procedure, Stage.HANDLING)
    onward = [action.name for action in handling.actions.values() if action.to]
    return Plan(
        procedure_id=version.pk,
        name=str(version),
        handling=handling,
        waiting=_first(procedure, Stage.DISPATCH, handling),
        closed=_first(procedure, Stage.CLOSED),
        voided=_voided(procedure),
        report=onward[0] if onward else "closed",
        office_id=office.pk if office else None,
    )


def _first(procedure: Procedure, stage: Stage, otherwise: Step | None = None) -> Step:
    found = next((step for step in procedure.steps.values() if step.stage == stage), otherwise)
    if found is None:
        raise Problem(
            "procedure-unfit",
            _("The procedure “%(key)s” has no step of the stage “%(stage)s”.")
            % {"key": procedure.key, "stage": stage.label},
            where="procedure",
        )
    return found


def _voided(procedure: Procedure) -> Step:
    """Prefer the end whose outcome is `voided` to a refusal at the door."""
    ends = [step for step in procedure.steps.values() if step.stage == Stage.VOIDED]
    exact = [step for step in ends if step.outcome == "voided"]
    return (exact or ends or [_first(procedure, Stage.CLOSED)])[0]
