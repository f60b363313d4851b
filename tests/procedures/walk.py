"""Walks a case through a procedure in memory, as the cases app does in the database."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Changes, Context, Procedure, State, TaskState
from townkeeper.procedures.transition import advance, begin, decide

ROOT = Path(__file__).parents[2]
FILES = {
    "problem": ROOT / "programs" / "dongxing" / "procedures" / "problem.yaml",
    "approval": ROOT / "tests" / "procedures" / "data" / "approval.yaml",
    "works": ROOT / "tests" / "procedures" / "data" / "works.yaml",
    "support": ROOT / "tests" / "procedures" / "data" / "support.yaml",
}
ROLES = {
    "problem": frozenset(
        ["operator", "dispatcher", "handler", "verifier", "supervisor", "arbiter", "leader"]
    ),
    "approval": frozenset(
        ["acceptor", "reviewer", "department", "fire-officer", "chief", "head", "supervisor"]
    ),
    "works": frozenset(
        ["owner", "builder", "inspector", "commander", "protection-officer", "safety-officer"]
    ),
    "support": frozenset(["class-teacher", "subject-teacher", "head-of-teaching"]),
}


def load(key: str) -> Procedure:
    return parse(yaml.safe_load(FILES[key].read_text(encoding="utf-8")), source=FILES[key].name)


def tasks_of(changes: Changes, first: int = 1) -> tuple[TaskState, ...]:
    return tuple(
        TaskState(
            key=f"t{number}",
            step=new.step,
            unit=new.unit,
            role=new.role,
            branch=new.branch,
            performer=new.performer,
        )
        for number, new in enumerate(changes.opens, first)
    )


def follow(state: State, changes: Changes, actor: str) -> State:
    """Apply changes the way the cases app does."""
    closed = {key for key, _ in changes.closes}
    tasks = tuple(
        replace(
            task,
            done=task.done or task.key in closed,
            paused=(task.paused or task.key in changes.pauses) and task.key not in changes.resumes,
        )
        for task in state.tasks
    )
    performed = dict(state.performed)
    if changes.closes:
        performed[state.step] = performed.get(state.step, frozenset()) | {actor}
    used = dict(state.used)
    is_decision = bool(set(changes.clears) & state.asked) and changes.action in state.asked
    if not is_decision:
        used[changes.action] = used.get(changes.action, 0) + 1
    asked = (state.asked | ({changes.action} if changes.asks else set())) - set(changes.clears)
    askers = {name: who for name, who in state.askers.items() if name in asked}
    if changes.asks:
        askers[changes.action] = actor
    moved = changes.opens or changes.final
    first = int(state.tasks[-1].key[1:]) + 1 if state.tasks else 1
    passed = (
        bool(changes.opens) and not {task.key for task in state.tasks if not task.done} <= closed
    )
    return State(
        step=changes.step,
        tasks=(tasks if passed else ()) + tasks_of(changes, first) if moved else tasks,
        performed=performed,
        used=used,
        asked=frozenset(asked),
        askers=askers,
    )


@dataclass
class Walk:
    """One case on its way; every act is checked against the procedure."""

    procedure: Procedure
    context: Context = field(default_factory=lambda: Context("opener", frozenset()))
    state: State = field(default_factory=lambda: State(""))
    counted: list[str] = field(default_factory=list)
    changes: Changes | None = None
    kind: str = ""

    def __post_init__(self):
        self.take(begin(self.procedure, self.context), "opener")

    def take(self, changes: Changes, actor: str):
        self.state = follow(self.state, changes, actor)
        self.counted += changes.counts
        self.kind = changes.kind or self.kind
        self.changes = changes

    def act(self, action: str, role: str, **given) -> Changes:
        context = self.person(role, given)
        self.take(advance(self.procedure, self.state, action, context), context.actor)
        return self.changes

    def rule(self, action: str, role: str, *, accepted: bool = True, **given) -> Changes:
        context = self.person(role, given)
        self.take(decide(self.procedure, self.state, action, accepted, context), context.actor)
        return self.changes

    def person(self, role: str, given: dict) -> Context:
        units = frozenset(task.unit for task in self.state.tasks)
        person = replace(self.context, actor=role, roles=frozenset({role}), units=units)
        person = replace(person, kind=self.kind)
        if "evidence" in given:
            given["evidence"] = frozenset(given["evidence"].split())
        return replace(person, **given)

    def task(self, branch: str) -> str:
        return next(task.key for task in self.state.tasks if task.branch == branch)
