"""The warning rules in force: the ladder of every step in words, what it rang, and a dry run."""

import time
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from townkeeper.calendars.limits import Limit, LimitError
from townkeeper.cases.desk import desk
from townkeeper.cases.ladder import RungError, rungs_of, rungs_of_asks
from townkeeper.cases.rungtrial import rang_last_month, try_rung
from townkeeper.kit import clock
from townkeeper.kit.names import say
from townkeeper.procedures.model import Procedure, Rung, Step
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.board.alarms import role_names
from townkeeper.web.clockwords import language, rung_words
from townkeeper.web.journal_words import COUNTS

REFUSED = 422
KEPT_SECONDS = 600.0
Counted = dict[tuple[str, str, str, str], int]
_rang: list[tuple[float, Counted]] = []


class TrialForm(forms.Form):
    """A rung to try on the last month."""

    step = forms.ChoiceField(label=gettext_lazy("Step"))
    at = forms.CharField(
        label=gettext_lazy("Reached at"),
        max_length=20,
        help_text=gettext_lazy("A share of the limit or a time around the due time: "
                               "60%, due, due-1wh, due+4wh, due+1wd."),
    )  # fmt: skip

    def __init__(self, data: Any, steps: list[tuple[str, str]]) -> None:  # noqa: ANN401 - Django's
        super().__init__(data)
        field = self.fields["step"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = steps


@needs(Permission.SUPERVISION_BOARD_VIEW)
@require_safe
def rule_list(request: HttpRequest) -> HttpResponse:
    """Show the ladders in force; try a rung on the last month (nothing is written)."""
    known = [each.procedure for each in desk().procedures.values()]
    counted, roles = rang(), role_names()
    steps = [
        (f"{procedure.key}/{name}", f"{say(procedure.title)} · {say(step.title) or name}")
        for procedure in known
        for name, step in procedure.steps.items()
        if step.limit
    ]
    form = TrialForm(request.GET if "at" in request.GET else None, steps)
    trial = None
    if form.is_bound and form.is_valid():
        key, _cut, step = form.cleaned_data["step"].partition("/")
        try:
            trial = try_rung(key, step, form.cleaned_data["at"], now=clock.now())
        except RungError:
            form.add_error(
                "at", _("This is no time of a rung: 60%, due, due-1wh, due+4wh, due+1wd would be.")
            )
    context = {
        "procedures": [_shown(procedure, counted, roles) for procedure in known],
        "form": form,
        "trial": trial,
        "trial_words": rung_words(form.cleaned_data["at"]) if trial else "",
    }
    return render(request, "board/rules.html", context, status=REFUSED if form.errors else 200)


def rang() -> Counted:
    """Return what rang in the last month; remembered for ten minutes."""
    if _rang and time.monotonic() - _rang[0][0] < KEPT_SECONDS:
        return _rang[0][1]
    _rang[:] = [(time.monotonic(), rang_last_month(clock.now()))]
    return _rang[0][1]


def forget_rang() -> None:
    """Let it be counted anew."""
    _rang.clear()


def _shown(procedure: Procedure, counted: Counted, roles: dict[str, str]) -> dict[str, Any]:
    steps = [
        {
            "title": say(step.title) or name,
            "limit": _limit(step),
            "source": step.source,
            "rungs": [
                _rung(rung, step, roles)
                | {"rang": counted.get((procedure.key, name, rung.at, rung.card), 0)}
                for rung in rungs_of(procedure, name)
            ],
        }
        for name, step in procedure.steps.items()
        if step.limit
    ]
    asks = [_rung(rung, None, roles) for rung in rungs_of_asks(procedure, procedure.start)]
    return {"title": say(procedure.title) or procedure.key, "key": procedure.key, "steps": steps,
            "asks": asks, "source": procedure.source}  # fmt: skip


def _rung(rung: Rung, step: Step | None, roles: dict[str, str]) -> dict[str, Any]:
    told = []
    for role in rung.tell:
        if role == "performer":
            own = roles.get(step.performer, step.performer) if step else _("whoever decides")
            told.append(_("whoever has it (%(role)s)") % {"role": own} if step else own)
        else:
            told.append(roles.get(role, role))
    return {
        "rule": rung_words(rung.at),
        "card": rung.card,
        "told": ", ".join(told),
        "counts": COUNTS.get(rung.counts, rung.counts) if rung.counts else "",
    }


def _limit(step: Step) -> str:
    if step.limit == "by-category":
        return _("as the kind of matter says")
    try:
        return Limit.parse(step.limit or "").title(language())
    except LimitError:
        return step.limit or ""
