"""Says in words why a procedure refuses an action."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.kit.errors import Problem
from townkeeper.procedures.model import RefusedError

MESSAGES: Mapping[str, object] = {
    "unknown-action": _("“%(action)s” is not possible in this state."),
    "not-performer": _("Your role may not do this here; it is for: %(roles)s."),
    "not-unit": _("This task belongs to another unit (%(unit)s)."),
    "same-person": _("Whoever did the work may not decide on it: somebody else must."),
    "reason-missing": _("Please give a reason."),
    "ground-missing": _("Please choose one of the grounds: %(grounds)s."),
    "evidence-missing": _("Evidence is missing: %(kinds)s."),
    "used-up": _("This has been used as often as it may be."),
    "closed": _("The case has ended."),
    "task-missing": _("Please say which task you mean."),
    "no-owner": _("Nobody answers for this kind of matter here yet; it must be dispatched first."),
    "answer-missing": _("The person who reported it must get an answer: please write one."),
    "already-paused": _("The clock stands still already."),
    "not-paused": _("The clock is running already."),
    "already-asked": _("This has been asked for and waits for a decision."),
    "not-asked": _("Nobody has asked for this."),
    "wrong-kind": _("This is not possible for this kind of case."),
    "too-late": _("This was possible until %(until)s; that has passed."),
    "clause-missing": _("Please name the rule that you rely on."),
    "unit-missing": _("Please name the unit that should answer instead."),
}

EVIDENCE: Mapping[str, str | Promise] = {
    "before-photo": _("photo before"),
    "after-photo": _("photo after"),
    "document": _("document"),
    "site-photo": _("photo of the site"),
    "check-photo": _("photo at the check"),
    "revisit-photo": _("photo at the revisit"),
}
"""Kinds of evidence in words; a kind that a procedure brought itself is called as it wrote it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Several things in one line, each in the language of the reader."""

    things: tuple[object, ...]

    @override
    def __str__(self) -> str:
        return "、".join(str(EVIDENCE.get(str(thing), thing)) for thing in self.things)


def _listed(value: object) -> object:
    return Listed(tuple(value)) if isinstance(value, (tuple, list, set, frozenset)) else value


def until_words(moment: datetime) -> str:
    """Return an instant as the office's clock shows it, to the minute."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def refusal(
    error: RefusedError, where: str, *, until: Mapping[str, datetime] | None = None
) -> Problem:
    """Return a refusal of the transition function as a Problem for a person.

    `until` says, by action, when what comes too late was last possible.
    """
    params = {name: _listed(value) for name, value in error.params.items()}
    if error.code == "too-late":
        end = (until or {}).get(str(error.params.get("action")))
        params["until"] = until_words(end) if end else "?"
    message = MESSAGES.get(error.code, _("The procedure does not allow this."))
    return Problem(error.code, Filled(message, params), where=where)


class Filled:
    """A translatable message with its values, put together in the language of the reader."""

    def __init__(self, message: object, params: Mapping[str, object]) -> None:
        self.message = message
        self.params = params

    @override
    def __str__(self) -> str:
        text = str(self.message)
        return text % self.params if self.params and "%(" in text else text
