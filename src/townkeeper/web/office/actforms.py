"""The forms by which people act on a case: what an action needs, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases.actions import Given, decide_ask, options_for
from townkeeper.cases.models import Ask, Case
from townkeeper.cases.refusals import EVIDENCE
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.procedures.model import Action, Procedure
from townkeeper.units.models import Post, posts_of
from townkeeper.units.permissions import Permission

Typed = Mapping[str, Any]
TEXT_MAX = 2000
UNITS = "units"
"""Id of the page's list of units to choose from."""


class ActForm(forms.Form):
    """One action: the fields that it asks for, each with why."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Typed | None = None,
        files: "MultiValueDict[str, UploadedFile[Any]] | None" = None,
        *,
        action: Action,
        procedure: Procedure,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, prefix=action.name, initial=initial)
        self.action = action
        self.needed: tuple[str, ...] = action.evidence
        target = procedure.steps.get(action.to or "")
        if action.grounds:
            choices = [(key, say(ground.title) or key) for key, ground in action.grounds.items()]
            self.fields["ground"] = forms.ChoiceField(label=_("Ground"), choices=choices)
        if target is not None and target.unit == "duty" and not action.names and not action.ask:
            self._add_unit("lead", _now("Lead unit, if not the one of the duty register"))
        if action.names:
            self._add_unit("other", _now("The unit that should answer instead"), required=True)
        if action.clause:
            self.fields["clause"] = forms.CharField(label=_("Rule relied on"), max_length=300)
        if action.reason:
            self._add_text("reason", _now("Reason"))
        if target is not None and target.answer_required and action.ask is None:
            self._add_text("answer", _now("Answer to the reporter"))
        for kind in action.evidence:
            label = str(EVIDENCE.get(kind, kind))
            self.fields[f"file-{kind}"] = forms.FileField(label=label, required=False)

    def _add_text(self, name: str, label: str) -> None:
        area = forms.Textarea(attrs={"rows": 3})
        self.fields[name] = forms.CharField(label=label, max_length=TEXT_MAX, widget=area)

    def _add_unit(self, name: str, label: str, *, required: bool = False) -> None:
        widget = forms.TextInput(attrs={"list": UNITS, "autocomplete": "off"})
        self.fields[name] = forms.CharField(
            label=label,
            max_length=40,
            required=required,
            widget=widget,
        )

    @property
    def is_plain(self) -> bool:
        """Whether one press of a button is all that is needed."""
        return set(self.fields) == {"version"}

    @property
    def has_units(self) -> bool:
        """Whether a unit is to be named."""
        return bool({"lead", "other"} & set(self.fields))

    def given(self) -> Given:
        """Return what the person added."""
        data = self.cleaned_data
        lead = data.get("lead", "").strip()
        return Given(
            reason=data.get("reason", ""),
            ground=data.get("ground", ""),
            answer=data.get("answer", ""),
            clause=data.get("clause", ""),
            other=data.get("other", "").strip(),
            units=((lead, "lead"),) if lead else (),
        )


class DecisionForm(forms.Form):
    """The decision of something asked for."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reasons of the decision"), max_length=TEXT_MAX, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    unit = forms.CharField(
        label=_("Another unit that answers"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"list": UNITS, "autocomplete": "off"}),
    )  # fmt: skip
    answer = forms.CharField(
        label=_("Answer to the reporter"), max_length=TEXT_MAX, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(
        self,
        data: Typed | None = None,
        *,
        ask: Ask,
        procedure: Procedure,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, prefix=f"ask-{ask.pk}", initial=initial)
        self.ask = ask
        action = procedure.action_named(ask.action)
        target = procedure.steps.get(action.to or "") if action else None
        if ask.effect != "dispute":
            del self.fields["unit"]
        if target is None or not target.answer_required:
            del self.fields["answer"]

    def decide(self, *, granted: bool, actor: User) -> None:
        """Decide as the form says. Errors: `Problem`, where it is not the person's to decide."""
        data = self.cleaned_data
        unit = data.get("unit", "").strip()
        decide_ask(
            self.ask,
            accepted=granted,
            actor=actor,
            reason=data["reason"],
            answer=data.get("answer", ""),
            units=((unit, "lead"),) if unit else (),
            seen_version=data["version"],
        )


class StatementForm(forms.Form):
    """What the unit named in a dispute says to it."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("Statement of your unit"), max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(
        self, data: Typed | None = None, *, ask: Ask, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, prefix=f"say-{ask.pk}", initial=initial)
        self.ask = ask


@dataclass(frozen=True, slots=True)
class Move:
    """One action with its form, or with the reason why somebody else does it."""

    action: Action
    title: str
    why: Problem | None
    form: ActForm | None = None


def moves_of(
    case: Case, user: User, procedure: Procedure, posted: ActForm | None = None
) -> list[Move]:
    """Return what can be done now; `posted` is the form that was just refused, as it was filled."""
    found = []
    for action, problem in options_for(case, actor=user):
        title = say(action.title) or action.name.replace("_", " ")
        form = posted
        if posted is None or posted.action.name != action.name:
            start = {"version": case.version}
            form = ActForm(initial=start, action=action, procedure=procedure)
        found.append(Move(action, title, problem, form))
    return found


def decisions_for(
    case: Case, asks: list[Ask], user: User, procedure: Procedure
) -> list[DecisionForm]:
    """Return the open asks that the person's role decides."""
    if not asks:
        return []
    roles = {post.role.key for post in _acting_posts(user)}
    start = {"version": case.version}
    return [
        DecisionForm(initial=start, ask=ask, procedure=procedure)
        for ask in asks
        if ask.decider in roles and ask.actor != user.username
    ]


def _acting_posts(user: User) -> list[Post]:
    """Return the posts in which the person may act on cases today."""
    posts = posts_of(user, clock.today())
    return [post for post in posts if Permission.CASES_CASE_ACT in post.role.permissions]


def statements_for(case: Case, asks: list[Ask], user: User) -> list[StatementForm]:
    """Return the open disputes that name a unit for whose part the person would do the work.

    The rule is that of `disputes.state_on`: nobody is asked for words that would be refused.
    """
    named = [ask for ask in asks if ask.other_id is not None]
    if not named:
        return []
    posts = _acting_posts(user)
    roles = {task.pk: task.performer for task in case.tasks.all()}
    start = {"version": case.version}
    return [
        StatementForm(initial=start, ask=ask)
        for ask in named
        if _acts_for(ask, roles.get(ask.task_id or 0, ""), posts)
    ]


def _acts_for(ask: Ask, role: str, posts: list[Post]) -> bool:
    return ask.other is not None and any(
        post.role.key == role and ask.other.is_under(post.area) for post in posts
    )
