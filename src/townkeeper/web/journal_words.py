"""Turns entries of the journal into sentences: who did what, in the words of the page.

An act registers its sentence here by name; an act that nobody registered is a move of the case's
own procedure and is told with the procedure's words, so that a new procedure needs no code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from townkeeper.cases.evidence import FINDINGS
from townkeeper.cases.models import Judgement
from townkeeper.cases.refusals import EVIDENCE
from townkeeper.journal.models import Entry
from townkeeper.kit.names import say
from townkeeper.procedures.model import Procedure
from townkeeper.web.stages import channel_words, look_of
from townkeeper.web.wording import full_time

CIRCLES = {"info": "b", "ok": "o", "warn": "y", "bad": "r", "violet": "v", "grey": "g"}
OUTCOMES: Mapping[str, str | Promise] = {
    "fixed": gettext_lazy("fixed"),
    "partly": gettext_lazy("partly fixed"),
    "answered": gettext_lazy("answered at once"),
    "not-ours": gettext_lazy("not ours to fix"),
    "unsolvable": gettext_lazy("cannot be fixed"),
    "refused": gettext_lazy("not accepted"),
    "voided": gettext_lazy("voided"),
}
COUNTS: Mapping[str, str | Promise] = {
    "rework": gettext_lazy("sent back for rework"),
    "evasion": gettext_lazy("refused by the unit on duty"),
    "redispatch": gettext_lazy("dispatched again"),
    "overdue": gettext_lazy("overdue, told to those above"),
    "shelved": gettext_lazy("found that it cannot be solved now"),
    "reviews": gettext_lazy("reviewed"),
    "reopened": gettext_lazy("reopened"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What codes in the journal mean, looked up once for a whole timeline."""

    procedure: Procedure | None
    units: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)

    def unit(self, code: object) -> str:
        """Return a unit's name, or its code where it is gone."""
        return self.units.get(str(code), str(code))

    def action(self, name: str) -> str:
        """Return an action's title in the procedure, or its name."""
        found = self.procedure.action_named(name) if self.procedure else None
        if found and found.title:
            return say(found.title)
        return name.replace("_", " ").replace("-", " ")


@dataclass(frozen=True, slots=True)
class Told:
    """One entry as the timeline shows it."""

    title: str
    lines: list[str]
    icon: str
    css: str
    public: bool
    who: str = ""
    at: datetime | None = None
    origin: str = "live"


Teller = Callable[[Mapping[str, Any], Names], Told]
_TELLERS: dict[str, Teller] = {}


def telling(act: str) -> Callable[[Teller], Teller]:
    """Register the sentence of one act."""

    def keep(teller: Teller) -> Teller:
        _TELLERS[act] = teller
        return teller

    return keep


def tell(entry: Entry, names: Names) -> Told:
    """Return an entry in words, with who and when."""
    data: Mapping[str, Any] = msgspec.json.decode(entry.data)
    teller = _TELLERS.get(entry.act)
    told = teller(data, names) if teller else _tell_move(entry.act, data, names)
    return Told(
        title=told.title,
        lines=[line for line in told.lines if line],
        icon=told.icon,
        css=told.css,
        public=told.public,
        who=names.people.get(entry.actor, entry.actor),
        at=entry.time,
        origin=entry.origin,
    )


def codes_in(entries: list[Entry]) -> tuple[set[str], set[str]]:
    """Return the unit codes and category keys that a timeline mentions."""
    units: set[str | None] = set()
    categories: set[str | None] = set()
    for entry in entries:
        data = msgspec.json.decode(entry.data)
        owner = data.get("owner") or {}
        units |= {data.get("unit"), data.get("area"), data.get("other"), data.get("ruled")}
        units |= {owner.get("lead"), owner.get("by_area")}
        units |= set(owner.get("assistants") or ())
        units |= {task.get("unit") for task in data.get("tasks") or ()}
        units |= {code for code in (data.get("from"), data.get("to")) if isinstance(code, str)}
        units |= {each.get("name") for each in data.get("moved") or ()}
        categories |= {data.get("category"), owner.get("by_category")}
    return {c for c in units if c}, {c for c in categories if c}


def owner_line(owner: Mapping[str, Any] | None, names: Names) -> str:
    """Say why the register names a unit: category, area and where it is written."""
    if not owner:
        return ""
    if not owner.get("lead"):
        return _("The duty register names nobody for this kind of matter here.")
    if not owner.get("by_category") or not owner.get("by_area"):
        return ""  # the unit stayed as it was; the register was not asked
    parts = {
        "unit": names.unit(owner["lead"]),
        "category": names.categories.get(str(owner.get("by_category")), ""),
        "area": names.unit(owner.get("by_area")),
    }
    text = _("Duty register: %(unit)s answers for %(category)s in %(area)s.") % parts
    if owner.get("source"):
        text += " " + _("Source: %(source)s.") % {"source": owner["source"]}
    return text


@telling("case.opened")
def _opened(data: Mapping[str, Any], names: Names) -> Told:
    lines = [
        _("Channel: %(channel)s.") % {"channel": channel_words(data["channel"])}
        if data.get("channel")
        else "",
        owner_line(data.get("owner"), names),
        _due_line(data),
    ]
    return Told(_("Reported and recorded"), lines, "inbox", "b", public=True)


@telling("case.imported")
def _imported(data: Mapping[str, Any], _names: Names) -> Told:
    system = data.get("system") or data.get("external_system") or ""
    number = data.get("external") or data.get("external_number") or ""
    line = _("From %(system)s, number %(number)s.") % {"system": system, "number": number}
    return Told(_("Imported"), [line] if system or number else [], "file-input", "b", public=False)


def shown_note(note: str) -> str:
    """Return a note without the mark of the simulation, which is shown as a tag anyway."""
    return "" if note == "simulated" else note


@telling("case.evidence")
def _evidence(data: Mapping[str, Any], _names: Names) -> Told:
    kind = str(EVIDENCE.get(data.get("kind", ""), data.get("kind", "")))
    title = _("Evidence added: %(kind)s") % {"kind": kind}
    against = [str(FINDINGS.get(code, code)) for code in data.get("findings") or ()]
    lines = [shown_note(data.get("note") or ""), "; ".join(against)]
    return Told(title, lines, "camera", "y" if against else "", public=False)


@telling("case.granted")
def _granted(data: Mapping[str, Any], names: Names) -> Told:
    title = _("Granted: %(what)s") % {"what": names.action(data.get("action", ""))}
    lines = [_ruling_line(data, names), _reason_line(data), _tasks_line(data, names)]
    return Told(title, lines, "check", "o", public=False)


@telling("case.denied")
def _denied(data: Mapping[str, Any], names: Names) -> Told:
    title = _("Not granted: %(what)s") % {"what": names.action(data.get("action", ""))}
    return Told(title, [_ruling_line(data, names), _reason_line(data)], "x", "r", public=False)


def _ruling_line(data: Mapping[str, Any], names: Names) -> str:
    """Say whose the case is after a dispute."""
    if not data.get("ruled"):
        return ""
    return _("After the ruling %(unit)s answers for it.") % {"unit": names.unit(data["ruled"])}


@telling("case.statement")
def _statement(data: Mapping[str, Any], names: Names) -> Told:
    title = _("Statement of %(unit)s") % {"unit": names.unit(data.get("unit"))}
    return Told(title, [str(data.get("text", ""))], "message-square", "y", public=False)


@telling("case.judged")
def _judged(data: Mapping[str, Any], _names: Names) -> Told:
    verdicts = dict(Judgement.Verdict.choices)
    verdict = verdicts.get(str(data.get("verdict")), data.get("verdict"))
    lines = [str(data.get("comment") or "")]
    if data.get("of"):
        lines.append(_("For the merged case %(number)s.") % {"number": data["of"]})
    title = _("The reporter judged the answer: %(verdict)s") % {"verdict": verdict}
    is_bad = data.get("verdict") == Judgement.Verdict.DISSATISFIED
    return Told(title, lines, "message-square", "r" if is_bad else "o", public=False)


def _tell_move(act: str, data: Mapping[str, Any], names: Names) -> Told:
    """Tell a move of the procedure: its title, whose task it became, and why."""
    action = str(data.get("action") or act.partition(".")[2])
    step = names.procedure.steps.get(str(data.get("to"))) if names.procedure else None
    look = look_of(step.stage if step else "")
    icon, css = look.icon, CIRCLES[look.kind]
    if data.get("asks"):
        icon, css = "hourglass", "y"
    elif data.get("counts"):
        icon, css = "undo-2", "y"
    lines = [
        _tasks_line(data, names),
        owner_line(data.get("owner"), names),
        _("The dispatcher chose the unit instead of the register's.")
        if data.get("overruled")
        else "",
        _("Names %(unit)s instead.") % {"unit": names.unit(data["other"])}
        if data.get("other")
        else "",
        _("Relies on: %(clause)s") % {"clause": data["clause"]} if data.get("clause") else "",
        _reason_line(data),
        _("Answer: %(text)s") % {"text": data["answer"]} if data.get("answer") else "",
        _("Outcome: %(outcome)s") % {"outcome": _word(OUTCOMES, data["outcome"])}
        if data.get("outcome")
        else "",
        *(_("Counted: %(what)s.") % {"what": _word(COUNTS, c)} for c in data.get("counts") or ()),
    ]
    public = step is not None and not data.get("asks") and not data.get("counts")
    return Told(names.action(action), lines, icon, css, public=public)


def _word(words: Mapping[str, str | Promise], key: str) -> str:
    return str(words.get(key, key))


def _reason_line(data: Mapping[str, Any]) -> str:
    return _("Reason: %(text)s") % {"text": data["reason"]} if data.get("reason") else ""


def _due_line(data: Mapping[str, Any]) -> str:
    if not data.get("due"):
        return ""
    return _("Due %(when)s.") % {"when": full_time(datetime.fromisoformat(data["due"]))}


def _tasks_line(data: Mapping[str, Any], names: Names) -> str:
    """Say which units have a task now, and until when."""
    parts = []
    for task in data.get("tasks") or ():
        if not task.get("unit"):
            continue
        text = names.unit(task["unit"])
        if task.get("part") == "assist":
            text = _("%(unit)s (assists)") % {"unit": text}
        if task.get("due"):
            when = full_time(datetime.fromisoformat(task["due"]))
            text = _("%(unit)s, due %(when)s") % {"unit": text, "when": when}
        parts.append(text)
    said = parts[0] if parts else ""
    for part in parts[1:]:
        said = _("%(one)s; %(more)s") % {"one": said, "more": part}
    return _("Now with: %(units)s.") % {"units": said} if said else ""
