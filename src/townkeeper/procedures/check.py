"""Finds what is wrong with a procedure before anybody's case depends on it."""

from collections.abc import Callable, Collection, Iterator

from townkeeper.procedures import graph
from townkeeper.procedures.check_asks import check_action, check_final, check_ladder
from townkeeper.procedures.limits import is_limit, is_within
from townkeeper.procedures.model import (
    REPORTER,
    Action,
    Branch,
    Finding,
    Procedure,
    Revisit,
    Step,
    Text,
)
from townkeeper.procedures.values import near
from townkeeper.procedures.wording import finding_text as finding_text  # noqa: PLC0414 - public

STAGES = frozenset(
    {
        "intake", "filing", "dispatch", "handling", "dispute", "verifying", "answering", "shelved",
        "closed", "voided", "other",
    }
)  # fmt: skip
"""The stages of national practice that metrics read."""
LimitHours = Callable[[str], float | None]
EVIDENCE_KINDS = frozenset(
    {
        "before-photo", "after-photo", "site-photo", "video", "recording", "document", "form",
        "signature", "survey-record", "minutes", "expert-opinion", "measurement", "talk-record",
        "receipt", "certificate", "score-sheet",
    }
)  # fmt: skip
"""Kinds of evidence that the `files` and `cases` apps can take."""


def check(
    procedure: Procedure,
    *,
    roles: Collection[str],
    evidence_kinds: Collection[str] = EVIDENCE_KINDS,
    limit_hours: LimitHours | None = None,
    counters: Collection[str] = (),
) -> list[Finding]:
    """Return everything wrong with the procedure; errors stop loading, the rest is advice.

    `roles` are the roles that exist. `limit_hours` turns a limit into working hours, or None where
    it depends on something else (`by-category`); without it limits are compared within their own
    kind of time only. `counters` are those that schemes and metrics read: each must be raised by
    some action.
    """
    found = [*_whole(procedure, counters), *check_ladder(procedure.ladder, "", roles)]
    for step in procedure.steps.values():
        found += _step(procedure, step, roles)
        found += _limits(procedure, step, limit_hours)
        found += _not(procedure, step)
        found += _branches(step, roles)
        found += _pauses(step)
        found += check_final(procedure, step)
        found += check_ladder(step.ladder, _path(step), roles)
        for action in step.actions.values():
            found += _action(procedure, step, action, roles, evidence_kinds)
            found += check_action(procedure, step, action, limit_hours)
            for ground in action.grounds.values():
                path = f"{_path(step, action)}.grounds.{ground.name}"
                found += _evidence(ground.evidence, path, evidence_kinds)
                found += _title(procedure, ground.title, path)
        for branch in step.branches:
            found += _evidence(branch.evidence, _path(step, branch), evidence_kinds)
    return found


def errors(findings: Collection[Finding]) -> list[Finding]:
    """Return the findings that stop a procedure from being used."""
    return [finding for finding in findings if finding.error]


def _path(step: Step, part: Action | Branch | None = None) -> str:
    if part is None:
        return f"steps.{step.name}"
    group = "actions" if isinstance(part, Action) else "branches"
    return f"steps.{step.name}.{group}.{part.name}"


def _whole(procedure: Procedure, counters: Collection[str]) -> Iterator[Finding]:
    names = procedure.steps
    if procedure.limit is not None and not is_limit(procedure.limit):
        yield Finding("limit-invalid", "limit", {"limit": procedure.limit})
    raised = {a.counts for step in names.values() for a in step.actions.values() if a.counts}
    ladders = [procedure.ladder, *(step.ladder for step in names.values())]
    raised |= {rung.counts for ladder in ladders for rung in ladder if rung.counts}
    for counter in sorted(set(counters) - raised):
        yield Finding(
            "counter-never-raised", "steps", {"counter": counter, "near": near(counter, raised)}
        )
    if procedure.start not in names:
        params = {"step": procedure.start, "near": near(procedure.start, names)}
        yield Finding("start-unknown", "start", params)
        return
    if names[procedure.start].final:
        yield Finding("start-final", "start", {"step": procedure.start})
    if names[procedure.start].unit == "same":
        yield Finding("same-at-start", f"steps.{procedure.start}.unit", {"step": procedure.start})
    yield from _ways(procedure)


def _ways(procedure: Procedure) -> Iterator[Finding]:
    names = procedure.steps
    if not any(step.final for step in names.values()):
        yield Finding("no-final", "steps")
    reached = graph.reachable(procedure)
    ending = graph.ending(procedure)
    for name, step in names.items():
        if name not in reached:
            yield Finding("step-unreachable", _path(step), {"step": name})
        if not step.final and not graph.targets(step) - {name}:
            yield Finding("dead-end", _path(step), {"step": name})
        elif name not in ending:
            yield Finding("no-way-out", _path(step), {"step": name})


def _step(procedure: Procedure, step: Step, roles: Collection[str]) -> Iterator[Finding]:
    path = _path(step)
    if step.answer_required and not step.final:
        yield Finding("answer-not-final", f"{path}.answer", {"step": step.name})
    if step.revisit is not None:
        yield from _revisit(step, step.revisit)
        if step.revisit.performer:
            yield from _role(step.revisit.performer, f"{path}.revisit.performer", roles)
    if step.performer:
        yield from _role(step.performer, f"{path}.performer", roles)
    elif not step.final and not all(branch.performer for branch in step.branches or [Branch("")]):
        yield Finding("performer-missing", f"{path}.performer", {"step": step.name})
    if step.warn is not None and not 0 < step.warn < 1:
        yield Finding("warn-range", f"{path}.warn", {"warn": step.warn})
    elif step.warn is not None and not any([step.limit, *(b.limit for b in step.branches)]):
        yield Finding("warn-without-limit", f"{path}.warn", {"step": step.name}, error=False)
    yield from _rescue(step, path)
    if step.stage and step.stage not in STAGES:
        params = {"stage": step.stage, "near": near(step.stage, STAGES)}
        yield Finding("stage-unknown", f"{path}.stage", params)
    yield from _title(procedure, step.title, path)


def _title(procedure: Procedure, title: Text, path: str) -> Iterator[Finding]:
    missing = sorted(set(procedure.title) - set(title)) if title else []
    if missing:
        yield Finding("title-language", f"{path}.title", {"languages": missing}, error=False)


def _rescue(step: Step, path: str) -> Iterator[Finding]:
    """Ask for a way on when the duty register names nobody: owners cannot act then."""
    owners = {step.performer} | {branch.performer for branch in step.branches}
    others = (set(a.performers) - owners for a in step.actions.values() if a.to is not None)
    if step.unit == "duty" and not step.final and not any(others):
        yield Finding("no-rescue", path, {"step": step.name}, error=False)


def _revisit(step: Step, revisit: Revisit) -> Iterator[Finding]:
    path = f"{_path(step)}.revisit"
    if not step.final:
        yield Finding("revisit-not-final", path, {"step": step.name})
    if not 0 < revisit.share <= 1:
        yield Finding("share-range", f"{path}.share", {"share": revisit.share})
    if revisit.after_max_days < revisit.after_min_days:
        params = {"first": revisit.after_min_days, "last": revisit.after_max_days}
        yield Finding("revisit-order", f"{path}.after", params)


def _role(role: str, path: str, roles: Collection[str]) -> Iterator[Finding]:
    if role not in roles:
        yield Finding("role-unknown", path, {"role": role, "near": near(role, roles)})


def _evidence(
    kinds: Collection[str], path: str, evidence_kinds: Collection[str]
) -> Iterator[Finding]:
    for kind in kinds:
        if kind not in evidence_kinds:
            params = {"kind": kind, "near": near(kind, evidence_kinds)}
            yield Finding("evidence-unknown", f"{path}.evidence", params)


def _action(
    procedure: Procedure,
    step: Step,
    action: Action,
    roles: Collection[str],
    evidence_kinds: Collection[str],
) -> Iterator[Finding]:
    path = _path(step, action)
    for role in action.performers:
        if role != REPORTER:
            yield from _role(role, f"{path}.performers", roles)
    if action.ask is not None and action.ask.decider not in roles:
        params = {"role": action.ask.decider, "near": near(action.ask.decider, roles)}
        yield Finding("decider-unknown", f"{path}.ask", params)
    yield from _evidence(action.evidence, path, evidence_kinds)
    for kind in {*action.kinds, action.becomes or ""} - {""} - set(procedure.kinds):
        params = {"kind": kind, "near": near(kind, procedure.kinds)}
        yield Finding("kind-unknown", f"{path}.kinds", params)
    yield from _target(procedure, action, path)
    yield from _title(procedure, action.title, path)


def _target(procedure: Procedure, action: Action, path: str) -> Iterator[Finding]:
    if action.to is not None and action.to not in procedure.steps:
        params = {"step": action.to, "near": near(action.to, procedure.steps)}
        yield Finding("target-unknown", f"{path}.to", params)
        return
    if action.to is not None and (action.pauses or action.resumes or action.extends):
        yield Finding("clock-and-leave", f"{path}.to", {"action": action.name})
    if action.pauses and action.resumes:
        yield Finding("pauses-and-resumes", path, {"action": action.name})
    final = action.to is not None and procedure.steps[action.to].final
    if action.outcome and not final:
        yield Finding("outcome-not-final", f"{path}.outcome", {"action": action.name}, error=False)


def _limits(procedure: Procedure, step: Step, limit_hours: LimitHours | None) -> Iterator[Finding]:
    path = _path(step)
    places = [(f"{path}.limit", step.limit, procedure.limit)]
    places += [
        (f"{_path(step, branch)}.limit", branch.limit, step.limit or procedure.limit)
        for branch in step.branches
    ]
    for where, limit, whole in places:
        if limit is not None and not is_limit(limit):
            yield Finding("limit-invalid", where, {"limit": limit})
        elif limit and whole and is_limit(whole) and not is_within(limit, whole, limit_hours):
            yield Finding("limit-too-long", where, {"limit": limit, "whole": whole})
    for action in step.actions.values():
        if action.extends not in (None, "same") and not is_limit(str(action.extends)):
            params = {"limit": action.extends}
            yield Finding("limit-invalid", f"{_path(step, action)}.extends", params)


def _not(procedure: Procedure, step: Step) -> Iterator[Finding]:
    path = f"{_path(step)}.not"
    for name in step.not_performers_of:
        if name not in procedure.steps:
            params = {"step": name, "near": near(name, procedure.steps)}
            yield Finding("not-unknown", path, params)
        elif name == step.name:
            # After one rework nobody who has been here could act here again.
            yield Finding("not-self", path, {"step": name})
    barred = [procedure.steps[name] for name in step.not_performers_of if name in procedure.steps]
    mine = graph.performers(step)
    if barred and mine <= {role for other in barred for role in graph.performers(other)}:
        yield Finding("not-everyone", path, {"roles": sorted(mine)}, error=False)


def _branches(step: Step, roles: Collection[str]) -> Iterator[Finding]:
    names = [branch.name for branch in step.branches]
    for branch in step.branches:
        path = _path(step, branch)
        if names.count(branch.name) > 1:
            yield Finding("branch-twice", path, {"branch": branch.name})
        if branch.performer:
            yield from _role(branch.performer, f"{path}.performer", roles)
    joins = any(action.to and action.ends == "task" for action in step.actions.values())
    if step.branches and not joins:
        yield Finding("join-missing", f"{_path(step)}.join", {"step": step.name})
    leads = any(branch.role == "lead" for branch in step.branches)
    if step.branches and step.join == "lead" and not leads:
        yield Finding("lead-missing", f"{_path(step)}.join", {"step": step.name})


def _pauses(step: Step) -> Iterator[Finding]:
    actions = step.actions.values()
    pausing = [action for action in actions if action.pauses]
    resuming = [action for action in actions if action.resumes and not action.pauses]
    for action in pausing:
        if not action.grounds:
            params = {"action": action.name}
            yield Finding("stop-without-grounds", _path(step, action), params, error=False)
    if pausing and not resuming:
        for action in pausing:
            yield Finding("pause-for-ever", _path(step, action), {"action": action.name})
    if resuming and not pausing:
        for action in resuming:
            yield Finding(
                "resume-nothing", _path(step, action), {"action": action.name}, error=False
            )
