"""The public steps of a case and its public history: stages, units and times, and no other word.

Written from the journal, but only its facts are used (which stage, which unit, when): reasons,
notes and names that people typed are never shown, so nothing has to be removed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from townkeeper.calendars.limits import Limit, LimitError
from townkeeper.cases.desk import BY_CATEGORY, desk
from townkeeper.cases.models import Case
from townkeeper.cases.publicity import deadline_of
from townkeeper.cases.standing import procedure_of
from townkeeper.journal.models import Entry
from townkeeper.procedures.model import Procedure
from townkeeper.units.models import Unit
from townkeeper.web.clockwords import language
from townkeeper.web.journal_words import OUTCOMES
from townkeeper.web.stages import look_of

STEPS: Final[tuple[tuple[str | Promise, frozenset[str]], ...]] = (
    (gettext_lazy("Received"), frozenset({"intake"})),
    (gettext_lazy("Accepted"), frozenset({"filing", "dispatch"})),
    (gettext_lazy("Being put right"), frozenset({"handling", "dispute", "shelved", "other"})),
    (gettext_lazy("Being checked"), frozenset({"verifying"})),
    (gettext_lazy("Done and answered"), frozenset({"answering", "closed"})),
)
SENTENCES: Final[Mapping[str, str | Promise]] = {
    "intake": gettext_lazy("Report received"),
    "filing": gettext_lazy("Accepted"),
    "dispatch": gettext_lazy("Accepted; the unit in charge is being told"),
    "handling": gettext_lazy("With the unit in charge"),
    "dispute": gettext_lazy("Two units differ on who is in charge; a ruling is on its way"),
    "verifying": gettext_lazy("Reported as done; somebody else checks it"),
    "answering": gettext_lazy("Checked; the answer is being written"),
    "shelved": gettext_lazy("Cannot be solved now; it is looked at again on a set date"),
    "closed": gettext_lazy("The case is closed"),
    "voided": gettext_lazy("Not taken up"),
    "merged": gettext_lazy("Put together with an earlier report of the same matter"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the public history."""

    title: str
    line: str
    at: datetime
    icon: str


def progress(case: Case) -> dict[str, Any]:
    """Return the five public steps for the component `steps`; an odd end has no step of its own."""
    at = next((n for n, (_t, stages) in enumerate(STEPS) if case.stage in stages), None)
    is_over = case.stage == "closed"
    rows = [
        {
            "title": title,
            "css": "done"
            if at is not None and (number < at or is_over)
            else "now"
            if number == at
            else "",
            "note": "",
        }
        for number, (title, _stages) in enumerate(STEPS)
    ]
    following = STEPS[at + 1][0] if at is not None and at + 1 < len(STEPS) else ""
    return {
        "steps": rows,
        "now_no": (at or 0) + 1,
        "now_title": STEPS[at][0] if at is not None else look_of(case.stage).word,
        "next_title": following,
    }


def history(case: Case) -> list[Told]:
    """Return what happened, newest first: stages with the leading unit and the time."""
    procedure = procedure_of(case, desk()).procedure
    entries = Entry.objects.filter(subject=case.subject).order_by("seq")
    facts = [(entry, msgspec.json.decode(entry.data)) for entry in entries]
    codes = {_lead(data) for _entry, data in facts} - {""}
    names = {unit.code: unit.title for unit in Unit.objects.filter(code__in=codes).defer("outline")}
    told: list[Told] = []
    for entry, data in facts:
        stage = _stage_of(entry.act, data, procedure)
        if not stage:
            continue
        title = str(SENTENCES.get(stage, look_of(stage).word))
        line = _line(stage, data, names)
        if told and told[-1].title == title and line in {"", told[-1].line}:
            continue  # more time, or back from a wait: nothing new for the public
        told.append(Told(title, line, entry.time, look_of(stage).icon))
    return told[::-1]


def _stage_of(act: str, data: Mapping[str, Any], procedure: Procedure) -> str:
    """Return the stage that an entry led to; nothing where it led nowhere new."""
    if act == "case.opened":
        return "intake"
    if act == "case.merged":
        return "merged"
    moved = data.get("to") if not data.get("asks") else None
    name = str(moved or "") if act != "case.granted" else str(data.get("step") or "")
    step = procedure.steps.get(name)
    return step.stage or "other" if step else ""


def _lead(data: Mapping[str, Any]) -> str:
    tasks: Sequence[Mapping[str, Any]] = data.get("tasks") or ()
    return next((str(t["unit"]) for t in tasks if t.get("unit") and t.get("part") != "assist"), "")


def _line(stage: str, data: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if stage == "closed":
        outcome = str(data.get("outcome") or "")
        return str(OUTCOMES.get(outcome, "")) if outcome else ""
    if stage not in {"handling", "dispute"}:
        return ""
    return names.get(_lead(data), "")


def limit_words(text: str) -> str:
    """Return a limit in words: `4 working hours`; nothing for none."""
    try:
        return Limit.parse(text).title(language()) if text else ""
    except LimitError:
        return ""


def what_next(case: Case) -> list[dict[str, Any]]:
    """Return what happens after a report, each with its time limit, as the procedure has it."""
    picture = desk()
    procedure = procedure_of(case, picture).procedure
    category = picture.register.categories.get(case.category_id or 0)
    rows: list[dict[str, Any]] = []
    wanted = (
        ("intake", _("We look at it and accept it, or say why not.")),
        ("dispatch", _("The unit in charge is told.")),
        ("handling", _("It puts the matter right and shows it with photos.")),
        ("verifying", _("Somebody else checks it on the spot.")),
    )
    for stage, text in wanted:
        step = next((s for s in procedure.steps.values() if s.stage == stage), None)
        if step is None:
            continue
        limit = picture.limit_for(step.limit, category)
        if not limit and step.limit == BY_CATEGORY:
            within = _("the limit depends on the kind")
        else:
            within = _("within %(limit)s") % {"limit": limit_words(limit)} if limit else ""
        rows.append({"text": text, "within": within})
    closed = next((s for s in procedure.steps.values() if s.judge), None)
    if closed is not None:
        within = _("within %(limit)s") % {"limit": limit_words(closed.judge or "")}
        rows.append({"text": _("You read the answer and judge it."), "within": within})
    return rows


def expected(case: Case) -> datetime | None:
    """Return by when it may be expected to move on."""
    return deadline_of(case)
