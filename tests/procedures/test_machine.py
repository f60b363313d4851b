"""Whatever people do, in whatever order, a case stays sound: a fuzz of all four procedures."""

from itertools import pairwise

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.procedures.walk import FILES, ROLES, follow, load, tasks_of
from townkeeper.procedures.check import EVIDENCE_KINDS
from townkeeper.procedures.graph import performers
from townkeeper.procedures.model import Context, RefusedError, State
from townkeeper.procedures.transition import SUPPLIABLE, advance, begin, decide, options

PROCEDURES = {key: load(key) for key in FILES}
UNITS = ("", "A", "B", "C")
DUTIES = st.lists(
    st.tuples(st.sampled_from(UNITS), st.sampled_from(["lead", "assist"])), max_size=3
)
PEOPLE = [f"p{number}" for number in range(6)]


def attempt(function, *given):
    """Return (changes, None) or (None, the refusal)."""
    try:
        return function(*given), None
    except RefusedError as refused:
        return None, refused


class Case(RuleBasedStateMachine):
    """One case in the hands of six people who hold any roles and press any button."""

    key = ""

    def __init__(self):
        super().__init__()
        self.procedure = PROCEDURES[self.key]
        changes = begin(self.procedure, Context("p0", frozenset(), office="A", opener="B"))
        self.state = State(changes.step, tasks_of(changes))
        self.ended = False

    @property
    def step(self):
        return self.procedure.steps[self.state.step]

    def context(self, data, actor):
        roles = sorted(ROLES[self.key])
        tasks = [task.key for task in self.state.tasks]
        grounds = sorted({g for a in self.step.actions.values() for g in a.grounds} | {""})
        return Context(
            actor=actor,
            roles=frozenset(data.draw(st.lists(st.sampled_from(roles), max_size=4))),
            units=frozenset(task.unit for task in self.state.tasks)
            if data.draw(st.booleans())
            else frozenset(data.draw(st.lists(st.sampled_from(UNITS), max_size=2))),
            reason=data.draw(st.sampled_from(["", "because"])),
            ground=data.draw(st.sampled_from(grounds)),
            evidence=EVIDENCE_KINDS if data.draw(st.booleans()) else frozenset(),
            task=data.draw(st.none() | st.sampled_from([*tasks, "t0"])),
            duty=tuple(data.draw(DUTIES)),
            answer=data.draw(st.sampled_from(["", "done"])),
            office="A",
            opener="B",
            clause=data.draw(st.sampled_from(["", "art. 4"])),
            named=data.draw(st.sampled_from(UNITS)),
            late=frozenset(data.draw(st.lists(st.sampled_from([*self.step.actions, "x"])))),
        )

    def take(self, changes, actor):
        open_keys = {task.key for task in self.state.tasks if not task.done}
        closed = [key for key, _ in changes.closes]
        assert set(closed) <= open_keys
        assert len(closed) == len(set(closed))
        assert set(changes.pauses) | set(changes.resumes) <= open_keys
        is_final = self.procedure.steps[changes.step].final
        assert changes.final == (is_final and not self.ended)
        assert (changes.outcome is not None) == changes.final
        is_handed_over = changes.effect == "dispute" and len(closed) == 1 and changes.task
        if (changes.opens or changes.final) and not is_handed_over:
            assert set(closed) == open_keys
        assert changes.reopens == (self.ended and changes.step != self.state.step)
        self.ended = self.procedure.steps[changes.step].final
        self.state = follow(self.state, changes, actor)

    @rule(data=st.data(), actor=st.sampled_from(PEOPLE))
    def someone_acts(self, data, actor):
        context = self.context(data, actor)
        action = data.draw(st.sampled_from([*self.step.actions, "nothing"]))
        expected = {a.name: refused for a, refused in options(self.procedure, self.state, context)}
        changes, refused = attempt(advance, self.procedure, self.state, action, context)
        if action in expected:
            assert (expected[action] and expected[action].code) == (refused and refused.code)
        if refused is not None:
            assert f"`{refused.code}`" in RefusedError.__doc__
            assert refused.code != "closed" or self.ended
            return
        assert action not in context.late
        barred = {who for name in self.step.not_performers_of
                  for who in self.state.performed.get(name, ())}  # fmt: skip
        assert actor not in barred
        if changes.asks:
            assert (changes.closes, changes.opens, changes.step) == ((), (), self.state.step)
        self.take(changes, actor)

    @precondition(lambda self: self.state.asked)
    @rule(data=st.data(), actor=st.sampled_from(PEOPLE), accepted=st.booleans())
    def someone_decides(self, data, actor, accepted):
        context = self.context(data, actor)
        action = data.draw(st.sampled_from(sorted(self.state.asked)))
        changes, refused = attempt(decide, self.procedure, self.state, action, accepted, context)
        if refused is not None:
            assert f"`{refused.code}`" in RefusedError.__doc__
            return
        assert actor != self.state.askers.get(action)
        self.take(changes, actor)
        assert action not in self.state.asked

    @invariant()
    def an_open_case_has_an_open_task(self):
        assert self.ended or any(not task.done for task in self.state.tasks)
        assert not self.ended or not self.state.tasks

    @invariant()
    def somebody_can_do_something(self):
        """Somebody who has everything at hand is refused nothing but a choice of task."""
        if self.ended:
            return
        found = []
        for role in sorted(performers(self.step)):
            person = Context(
                actor="somebody else", roles=frozenset({role}), reason="because", answer="done",
                evidence=EVIDENCE_KINDS, units=frozenset(task.unit for task in self.state.tasks),
            )  # fmt: skip
            for action, refused in options(self.procedure, self.state, person):
                leaves = action.to is not None and action.ask is None
                found.append(leaves and (refused is None or refused.code in SUPPLIABLE))
        assert any(found)


@pytest.mark.slow
@pytest.mark.parametrize("key", FILES)
def test_fuzz(key):
    machine = type(f"Case of {key}", (Case,), {"key": key})
    machine.TestCase.settings = settings(
        max_examples=25,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
    )
    machine.TestCase("runTest").runTest()


def test_titles_are_there_in_three_languages():
    for procedure in PROCEDURES.values():
        parts = [procedure, *procedure.steps.values()]
        parts += [action for step in procedure.steps.values() for action in step.actions.values()]
        for part in parts:
            assert set(part.title) == {"zh-Hant", "zh-Hans", "en"}


def test_the_four_steps_of_an_approval_are_four():
    steps = ("accepting", "reviewing", "approving", "done")
    approval = PROCEDURES["approval"].steps
    for here, there in pairwise(steps):
        assert there in {action.to for action in approval[here].actions.values()}
    assert [approval[name].title["zh-Hant"] for name in steps] == ["受理", "審核", "審批", "辦結"]
