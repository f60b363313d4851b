"""Walks the steps of a procedure as a graph: what is reached, what ends, who acts."""

from townkeeper.procedures.model import Procedure, Step


def targets(step: Step) -> set[str]:
    """Return the names of the steps to which the step's actions lead."""
    return {action.to for action in step.actions.values() if action.to is not None}


def reachable(procedure: Procedure) -> set[str]:
    """Return the steps that a case can come to."""
    found: set[str] = set()
    waiting = [procedure.start]
    while waiting:
        name = waiting.pop()
        if name in procedure.steps and name not in found:
            found.add(name)
            waiting += targets(procedure.steps[name])
    return found


def ending(procedure: Procedure) -> set[str]:
    """Return the steps from which a final step can be reached."""
    found = {name for name, step in procedure.steps.items() if step.final}
    grown = True
    while grown:
        more = {name for name, step in procedure.steps.items() if targets(step) & found} - found
        found |= more
        grown = bool(more)
    return found


def performers(step: Step) -> set[str]:
    """Return the roles that may do something in the step."""
    own = {branch.performer or step.performer for branch in step.branches} or {step.performer}
    named = {role for action in step.actions.values() for role in action.performers}
    needs_own = not step.actions or any(not action.performers for action in step.actions.values())
    return (named | (own if needs_own else set())) - {""}


def order(procedure: Procedure) -> list[str]:
    """Return the step names in reading order: the main way first, side ways next, ends last.

    The main way follows each step's first action that leads on. Steps that nothing reaches come
    after the reached ones of their sort.
    """
    found: list[str] = []
    waiting = [procedure.start]
    while waiting:
        name = waiting.pop()
        if name not in procedure.steps or name in found:
            continue
        found.append(name)
        actions = procedure.steps[name].actions.values()
        waiting += [action.to for action in reversed(list(actions)) if action.to is not None]
    found += [name for name in procedure.steps if name not in found]
    return sorted(found, key=lambda name: procedure.steps[name].final)
