"""Finds what is wrong with asks, windows, ladders and ends, before a deadline depends on it."""

from collections.abc import Callable, Collection, Iterator

from townkeeper.procedures.limits import comes_before, is_limit, is_window, is_within, rung_at
from townkeeper.procedures.model import (
    PERFORMER,
    REPORTER,
    Action,
    Ask,
    Finding,
    Procedure,
    Rung,
    Step,
)
from townkeeper.procedures.values import near

EFFECTS = frozenset({"dispute", "extension", "stop", "reopening", "unsolvable"})
"""Sorts of asks that ledgers and metrics read."""
SHELVED = "shelved"
LimitHours = Callable[[str], float | None]


def check_action(
    procedure: Procedure,
    step: Step,
    action: Action,
    limit_hours: LimitHours | None,
) -> Iterator[Finding]:
    """Yield what is wrong with an ask, its window and its effect."""
    path = f"steps.{step.name}.actions.{action.name}"
    if action.effect is not None and action.effect not in EFFECTS:
        params = {"effect": action.effect, "near": near(action.effect, EFFECTS)}
        yield Finding("effect-unknown", f"{path}.effect", params)
    if REPORTER in action.performers and not step.final:
        yield Finding("reporter-misplaced", f"{path}.performers", {"action": action.name})
    if action.ask is not None:
        yield from _ask(step, action, action.ask, path)
    yield from _window(step, action, path, limit_hours)
    if action.effect == "dispute":
        yield from _dispute(procedure, action, path)
    if action.effect == "reopening" and not step.final:
        yield Finding("reopening-not-final", f"{path}.effect", {"action": action.name})


def _ask(step: Step, action: Action, ask: Ask, path: str) -> Iterator[Finding]:
    own = {branch.performer or step.performer for branch in step.branches} or {step.performer}
    askers = set(action.performers) or own
    if askers == {ask.decider}:
        yield Finding("ask-own", f"{path}.ask", {"action": action.name, "role": ask.decider})
    if ask.limit is not None and not is_limit(ask.limit):
        yield Finding("limit-invalid", f"{path}.ask.limit", {"limit": ask.limit})


def _window(
    step: Step, action: Action, path: str, limit_hours: LimitHours | None
) -> Iterator[Finding]:
    """Hold a window against the clock: a dispute after the due time would only excuse delay."""
    if action.within is None:
        return
    if not is_window(action.within):
        yield Finding("within-invalid", f"{path}.within", {"limit": action.within})
        return
    whole = step.limit if action.effect == "dispute" else None
    if whole and is_limit(whole) and not is_within(action.within, whole, limit_hours):
        params = {"action": action.name, "within": action.within, "limit": whole}
        yield Finding("within-too-long", f"{path}.within", params)


def _dispute(procedure: Procedure, action: Action, path: str) -> Iterator[Finding]:
    """Ask that a dispute only proposes: until the ruling the first receiver keeps the case."""
    target = procedure.steps.get(action.to or "")
    if action.ask is None or target is None or target.unit != "duty":
        yield Finding("dispute-not-asked", path, {"action": action.name})
    elif not action.reason:
        yield Finding("dispute-without-reason", path, {"action": action.name}, error=False)


def check_final(procedure: Procedure, step: Step) -> Iterator[Finding]:
    """Yield what is wrong with an end, or with a step in which matters wait for a review date."""
    path = f"steps.{step.name}"
    if step.judge is not None:
        if not step.final or not step.answer_required:
            yield Finding("judge-without-answer", f"{path}.judge", {"step": step.name})
        if not is_window(step.judge):
            yield Finding("within-invalid", f"{path}.judge", {"limit": step.judge})
    if _is_ladder_unused(step):
        yield Finding("ladder-without-limit", f"{path}.ladder", {"step": step.name}, error=False)
    if step.stage == SHELVED and (step.final or step.limit is None or step.limit == "none"):
        yield Finding("shelved-without-date", f"{path}.limit", {"step": step.name})
    if not step.final:
        return
    if step.branches:
        yield Finding("final-with-branches", path, {"step": step.name})
    for action in step.actions.values():
        yield from _after_the_end(procedure, step, action, f"{path}.actions.{action.name}")


def _after_the_end(
    procedure: Procedure, step: Step, action: Action, path: str
) -> Iterator[Finding]:
    target = procedure.steps.get(action.to or "")
    if action.ask is None or action.to is None or (target is not None and target.final):
        yield Finding("final-with-actions", path, {"step": step.name, "action": action.name})
    if not action.performers and not step.performer:
        yield Finding("performer-missing", f"{path}.performers", {"step": step.name})
    if action.within is None:
        yield Finding("end-never-sure", path, {"action": action.name}, error=False)


def check_ladder(ladder: Collection[Rung], path: str, roles: Collection[str]) -> Iterator[Finding]:
    """Yield rungs that cannot be read, that tell nobody known, or that are out of order."""
    before = ""
    for number, rung in enumerate(ladder):
        where = f"{path}.ladder[{number}]" if path else f"ladder[{number}]"
        for role in rung.tell:
            if role not in roles and role != PERFORMER:
                params = {"role": role, "near": near(role, roles)}
                yield Finding("role-unknown", f"{where}.tell", params)
        if rung_at(rung.at) is None:
            yield Finding("rung-invalid", f"{where}.at", {"at": rung.at})
            continue
        if before and not comes_before(before, rung.at):
            yield Finding("ladder-order", f"{where}.at", {"at": rung.at, "before": before})
        if not rung.tell and not rung.counts:
            yield Finding("rung-silent", where, {"at": rung.at}, error=False)
        before = rung.at


def _is_ladder_unused(step: Step) -> bool:
    """Tell whether a step has a ladder and no clock that could climb it."""
    limits = [step.limit, *(branch.limit for branch in step.branches)]
    asks = [action.ask.limit for action in step.actions.values() if action.ask]
    return bool(step.ladder) and not any([*limits, *asks])
