"""Reads a procedure as people write it (YAML data) and writes it back, so that rules stay text."""

import hashlib
import json
from collections.abc import Mapping

from townkeeper.procedures.model import (
    Action,
    Ask,
    Branch,
    Ground,
    Procedure,
    Revisit,
    Rung,
    Step,
)
from townkeeper.procedures.reader import Reader, default_ends, default_join, main_target
from townkeeper.procedures.values import SyntaxProblem


class ProcedureSyntaxError(Exception):
    """The data is not a procedure; `problems` holds all that is wrong, not only the first."""

    def __init__(self, problems: list[SyntaxProblem], *, source: str = "") -> None:
        self.problems = problems
        self.source = source
        said = "; ".join(f"{found.path}: {found.code} {found.params}" for found in problems)
        super().__init__(f"{source}: {said}" if source else said)


def parse(data: Mapping[str, object], *, source: str = "") -> Procedure:
    """Read the data of one procedure (as a YAML or JSON reader gives it).

    `source` names the file in the error. Raises ProcedureSyntaxError with every problem found.
    What the text means (unknown roles, unreachable steps) is the business of `check`.
    """
    reader = Reader()
    procedure = reader.procedure(data)
    if reader.problems:
        raise ProcedureSyntaxError(reader.problems, source=source)
    return procedure


def to_data(procedure: Procedure, *, brief: bool = False) -> dict[str, object]:
    """Return the procedure as plain data, such that `parse(to_data(p)) == p`.

    Parts are lists with a `name`, because JSON columns do not keep the order of keys; `brief`
    writes mappings with short forms instead, for files that people read.
    """
    shaped = _brief if brief else _listed
    return _without_defaults(
        {
            "procedure": procedure.key,
            "title": dict(procedure.title),
            "start": procedure.start,
            "limit": procedure.limit,
            "kinds": {kind: dict(said) for kind, said in procedure.kinds.items()},
            "source": procedure.source,
            "ladder": _ladder_data(procedure.ladder),
        }
    ) | {
        "steps": shaped(
            {name: _step_data(step, brief=brief) for name, step in procedure.steps.items()}
        )
    }


def digest(procedure: Procedure) -> str:
    """Return the SHA-256 of the procedure's canonical JSON: the same rules, the same digest."""
    text = json.dumps(to_data(procedure), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _without_defaults(data: Mapping[str, object]) -> dict[str, object]:
    return {
        key: value
        for key, value in data.items()
        if value is not None and value is not False and value not in ("", [], {})
    }


def _listed(parts: Mapping[str, dict[str, object]]) -> object:
    return [{"name": name, **body} for name, body in parts.items()]


def _brief(parts: Mapping[str, dict[str, object]]) -> object:
    return {name: body["to"] if set(body) == {"to"} else body for name, body in parts.items()}


def _step_data(step: Step, *, brief: bool) -> dict[str, object]:
    shaped = _brief if brief else _listed
    main = main_target(
        [action.to for action in step.actions.values()], branches=step.branches, unit=step.unit
    )
    actions = {
        name: _action_data(action, main, brief=brief) for name, action in step.actions.items()
    }
    branches = {branch.name: _branch_data(branch) for branch in step.branches}
    return _without_defaults(
        {
            "title": dict(step.title),
            "performer": step.performer,
            "unit": None if step.unit == "office" else step.unit,
            "limit": step.limit,
            "warn": step.warn,
            "actions": shaped(actions) if actions else None,
            "branches": _listed(branches) if branches else None,
            "join": None if step.join == default_join(step.unit) else step.join,
            "not": list(step.not_performers_of),
            "final": step.final,
            "outcome": step.outcome,
            "answer": step.answer_required,
            "revisit": _revisit_data(step.revisit),
            "judge": step.judge,
            "stage": step.stage,
            "source": step.source,
            "ladder": _ladder_data(step.ladder),
        }
    )


def _revisit_data(revisit: Revisit | None) -> object:
    if revisit is None:
        return None
    said = {
        "share": revisit.share,
        "after": f"{revisit.after_min_days}d..{revisit.after_max_days}d",
    }
    return said | _without_defaults(
        {
            "performer": revisit.performer,
            "relapsed": None if revisit.relapsed == 1 else revisit.relapsed,
            "kinds": dict(revisit.kinds),
            "areas": dict(revisit.areas),
        }
    )


def _ladder_data(ladder: tuple[Rung, ...]) -> object:
    return [
        _without_defaults(
            {"at": rung.at, "tell": list(rung.tell), "card": rung.card, "counts": rung.counts}
        )
        for rung in ladder
    ]


def _ask_data(ask: Ask | None) -> object:
    """Return the decider alone, or a mapping where there is a limit for deciding."""
    if ask is None or ask.limit is None:
        return ask.decider if ask else None
    return _without_defaults({"by": ask.decider, "limit": ask.limit, "times": ask.times})


def _times_of(action: Action) -> int | None:
    if action.ask is None:
        return action.times
    return action.ask.times if action.ask.limit is None else None


def _grounds_data(grounds: Mapping[str, Ground], *, brief: bool) -> object:
    said = {
        name: _without_defaults({"title": dict(ground.title), "evidence": list(ground.evidence)})
        for name, ground in grounds.items()
    }
    if not any(said.values()):
        return list(said)
    return said if brief else _listed(said)


def _branch_data(branch: Branch) -> dict[str, object]:
    return _without_defaults(
        {
            "title": dict(branch.title),
            "performer": branch.performer,
            "unit": branch.unit,
            "role": None if branch.role == "assist" else branch.role,
            "limit": branch.limit,
            "evidence": list(branch.evidence),
        }
    )


def _action_data(action: Action, main: str | None, *, brief: bool) -> dict[str, object]:
    ends = None if action.ends == default_ends(action.to, main) else action.ends
    return _without_defaults(
        {
            "to": action.to,
            "title": dict(action.title),
            "performers": list(action.performers),
            "reason": action.reason,
            "evidence": list(action.evidence),
            "counts": action.counts,
            "ask": _ask_data(action.ask),
            "times": _times_of(action),
            "pauses": action.pauses,
            "resumes": action.resumes,
            "grounds": _grounds_data(action.grounds, brief=brief),
            "outcome": action.outcome,
            "ends": ends,
            "extends": action.extends,
            "kinds": list(action.kinds),
            "becomes": action.becomes,
            "within": action.within,
            "effect": action.effect,
            "clause": "required" if action.clause else None,
            "unit": "named" if action.names else None,
        }
    )
