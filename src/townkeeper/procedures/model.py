"""The shapes of the procedure language: a procedure, the state of one case in it, and a change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["lead", "assist"]
Join = Literal["all", "any", "lead"]
Ends = Literal["task", "step"]
REPORTER = "reporter"
"""The role of whoever reported a case. Nobody holds it by a post: only judging the answer acts in
it, and only in a final step."""
PERFORMER = "performer"
"""In a rung: whoever has the task, or decides what is asked for."""
Text = Mapping[str, str]
"""A text in several languages, keyed by tag (`zh-Hant`, `zh-Hans`, `en`)."""


@dataclass(frozen=True, slots=True)
class Ask:
    """An action that only proposes: `decider` accepts or refuses it, at most `times` per case."""

    decider: str
    times: int | None = None
    limit: str | None = None
    """By when it must be decided; the procedure's ladder applies to it too."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the escalation ladder: when it is reached, who is told, what it counts."""

    at: str
    """`80%` of the limit, `due`, or a limit before or after it: `due-1wh`, `due+4wh`, `due+1wd`."""
    tell: tuple[str, ...] = ()
    """Roles: of the task's unit first, else of the units above it, else of the office;
    `performer` is whoever has the task."""
    card: str = ""
    """`yellow` or `red`."""
    counts: str | None = None
    """The counter of the case that it raises."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A lawful ground for what is asked or done, and the proof that it needs."""

    name: str
    title: Text = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    """Kinds of evidence that must be at hand with this ground."""


@dataclass(frozen=True, slots=True)
class Action:
    """What a performer may do in a step."""

    name: str
    to: str | None = None
    """The next step; None keeps the case where it is (an ask, a pause, a note)."""
    title: Text = field(default_factory=dict)
    performers: tuple[str, ...] = ()
    """Roles that may do it; empty means the step's performer."""
    reason: bool = False
    evidence: tuple[str, ...] = ()
    """Kinds of evidence that must be at hand, such as `after-photo`."""
    counts: str | None = None
    """The counter of the case that this raises, such as `rework` or `evasion`."""
    ask: Ask | None = None
    pauses: bool = False
    """Stops the step's clock until `resume`; lawful stops name their ground in `grounds`."""
    resumes: bool = False
    grounds: Mapping[str, Ground] = field(default_factory=dict)
    """The closed list of lawful grounds, of which one must be named; empty asks for none."""
    outcome: str | None = None
    """The honest result when `to` is final: fixed, partly, not-ours, cannot-be-done, voided …"""
    times: int | None = None
    """How often it may be used in one case (an ask has its own `times`); None for any number."""
    ends: Ends = "task"
    """Where a step has several tasks: `task` ends one's own and waits for the step's join; `step`
    leaves at once and cancels the others' tasks (a dispute, a withdrawal)."""
    extends: str | None = None
    """What a (granted) extension adds to the task's clock: a limit such as `10wd`, or `same` for
    the task's own limit once more."""
    kinds: tuple[str, ...] = ()
    """Kinds of case for which it exists; empty for all."""
    becomes: str | None = None
    """The kind that the case has from then on (an acceptor finds that it is a joint case)."""
    within: str | None = None
    """A limit counted from the opening of the task (in a final step: from the closing); after it
    the action is refused. How long a unit may dispute, how long a reporter may ask to reopen."""
    effect: str | None = None
    """What sort of act it is: `dispute`, `extension`, `stop`, `reopening`, `unsolvable`; metrics
    and ledgers read this, never action names."""
    clause: bool = False
    """The rule relied on must be named (a dispute)."""
    names: bool = False
    """A unit must be named: the one that should answer instead of one's own."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One of several pieces of work that a step opens at the same time."""

    name: str
    title: Text = field(default_factory=dict)
    performer: str = ""
    unit: str = ""
    """A unit's code, or a rule as in `Step.unit`."""
    role: Role = "assist"
    limit: str | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revisit:
    """Which share of closed cases is looked at again, and when (days after closing)."""

    share: float
    after_min_days: int
    after_max_days: int
    performer: str = ""
    """The role that visits; empty for `verifier`."""
    relapsed: float = 1.0
    """How many times likelier a place is drawn at which the matter has come back before."""
    kinds: Mapping[str, float] = field(default_factory=dict)
    """The same by category; what is said of a class holds for its kinds."""
    areas: Mapping[str, float] = field(default_factory=dict)
    """The same by area; what is said of a town holds for its villages."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a procedure."""

    name: str
    title: Text = field(default_factory=dict)
    performer: str = ""
    unit: str = "office"
    """Whose task it is: `duty` (lead and assisting units of the duty register, one task each),
    `office` (the unit that runs the procedure), `opener`, `same` (as the step before), or a
    code."""
    limit: str | None = None
    """`4wh`, `2wd`, `24h`, `7d`, `same-day`, `20:30`, `by-category`; None for no limit."""
    warn: float | None = None
    """The used share of the limit at which the clock turns yellow, between 0 and 1."""
    actions: Mapping[str, Action] = field(default_factory=dict)
    branches: tuple[Branch, ...] = ()
    join: Join = "all"
    not_performers_of: tuple[str, ...] = ()
    """Steps whose performers may not act here: the fixer does not verify."""
    final: bool = False
    outcome: str | None = None
    answer_required: bool = False
    revisit: Revisit | None = None
    judge: str | None = None
    """How long after this end the reporter may judge the answer: a limit; None for not at all."""
    stage: str = ""
    """The stage of the national practice it belongs to: intake, filing, dispatch, handling,
    verifying, closed … Metrics read stages, never step names."""
    source: str = ""
    """Where the rule is written, such as `speech 4, L167`."""
    ladder: tuple[Rung, ...] = ()
    """Escalation of this step's clocks; empty takes the procedure's."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """A way of handling things, checked before it is used."""

    key: str
    title: Text
    start: str
    steps: Mapping[str, Step]
    limit: str | None = None
    """The clock of the whole case; None for none."""
    kinds: Mapping[str, Text] = field(default_factory=dict)
    """Kinds of case under one procedure (即辦, 承諾, 聯辦 …), if it has any."""
    source: str = ""
    """Where the procedure is written, such as `speech 4, L167`."""
    ladder: tuple[Rung, ...] = ()
    """Escalation of every clock whose step has no ladder of its own."""

    def action_named(self, name: str) -> "Action | None":
        """Return an action by its name, whichever step has it; one with a title before others."""
        found = [step.actions[name] for step in self.steps.values() if name in step.actions]
        return next((action for action in found if action.title), next(iter(found), None))


@dataclass(frozen=True, slots=True)
class TaskState:
    """A task of the case as the transition function sees it."""

    key: str
    step: str
    unit: str
    role: Role = "lead"
    branch: str = ""
    performer: str = ""
    done: bool = False
    paused: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Where one case stands."""

    step: str
    tasks: tuple[TaskState, ...] = ()
    """The open and done tasks of the present visit to the present step."""
    performed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Step name → actors who completed something in it, ever."""
    used: Mapping[str, int] = field(default_factory=dict)
    """Action name → how often it has been used in this case."""
    asked: frozenset[str] = frozenset()
    """Asks that wait for a decision."""
    askers: Mapping[str, str] = field(default_factory=dict)
    """Ask → who asked; nobody decides what they asked for themselves."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who acts, with what."""

    actor: str
    roles: frozenset[str]
    """Roles that the actor holds and that count for this case."""
    units: frozenset[str] = frozenset()
    """Codes of the units for which the actor may act."""
    reason: str = ""
    ground: str = ""
    evidence: frozenset[str] = frozenset()
    """Kinds of evidence at hand (attached to the task now or before)."""
    task: str | None = None
    """The task acted on; may stay None where only one fits."""
    duty: tuple[tuple[str, Role], ...] = ()
    """Units (code, role) that the duty register, or the dispatcher, names for a `duty` step."""
    answer: str = ""
    office: str = ""
    """Code of the unit that runs the procedure; empty leaves `office` for the caller to resolve."""
    opener: str = ""
    """Code of the unit that opened the case; empty leaves `opener` for the caller to resolve."""
    kind: str = ""
    """The case's kind, if it has one."""
    clause: str = ""
    """The rule that the actor relies on."""
    named: str = ""
    """Code of the unit that the actor names."""
    late: frozenset[str] = frozenset()
    """Actions of the present step whose `within` has passed; only the caller knows the calendar."""


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to open."""

    step: str
    unit: str
    role: Role
    branch: str
    performer: str
    limit: str | None
    warn: float | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What an action does; the `cases` app applies it in one transaction."""

    action: str
    step: str
    """The step after the action; equal to the one before when the case stays."""
    closes: tuple[tuple[str, str], ...] = ()
    """(task key, outcome) of tasks that end, `cancelled` for those another branch made needless."""
    opens: tuple[NewTask, ...] = ()
    counts: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    asks: Ask | None = None
    final: bool = False
    outcome: str | None = None
    extends: tuple[tuple[str, str], ...] = ()
    """(task key, limit or `same`) of clocks that run longer."""
    clears: tuple[str, ...] = ()
    """Asks that no longer wait: decided, or made needless because the case moved on."""
    kind: str | None = None
    """The case's new kind; None when it stays."""
    task: str | None = None
    """The task acted on; None where someone acted on the step as a whole. The task of an ask is
    what `Context.task` names when the ask is decided."""
    effect: str | None = None
    """The effect of the action, for whoever keeps ledgers of asks."""
    reopens: bool = False
    """The case had ended and runs again."""


class RefusedError(Exception):
    """An action that the procedure does not allow; `code` names why, `params` the particulars.

    Codes: `unknown-action`, `not-performer`, `not-unit`, `same-person`, `reason-missing`,
    `ground-missing`, `evidence-missing`, `used-up`, `closed`, `task-missing`, `no-owner`,
    `answer-missing`, `already-paused`, `not-paused`, `already-asked`, `not-asked`,
    `wrong-kind`, `too-late`, `clause-missing`, `unit-missing`.
    """

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code}: {params}")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that `check()` holds against a procedure."""

    code: str
    path: str
    """Where: `steps.handling.actions.report.to`."""
    params: Mapping[str, object] = field(default_factory=dict)
    error: bool = True
    """False for advice that does not stop loading."""
