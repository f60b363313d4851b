"""Writes down what a person must decide: to be read, and as a file to be filled in."""

from collections.abc import Iterable
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from townkeeper.kit.schema import plain
from townkeeper.programs.draft_files import dumped
from townkeeper.programs.draft_model import Decision, Draft

PARTS: Final[dict[str, Any]] = {
    "place": gettext_lazy("The place"),
    "office": gettext_lazy("The office"),
    "hours": gettext_lazy("Opening hours"),
    "days_off": gettext_lazy("Days off"),
    "scheme": gettext_lazy("Scheme and bulletin"),
    "leads": gettext_lazy("Who leads"),
    "limits": gettext_lazy("Limits"),
    "names.unit": gettext_lazy("Names of units"),
    "drop.unit": gettext_lazy("Units with little work"),
    "same.unit": gettext_lazy("Units whose names look alike"),
    "same.area": gettext_lazy("Areas whose names look alike"),
    "blank": gettext_lazy("Empty values"),
}
"""The parts of the answers file, as headings."""


def decisions_text(draft: Draft) -> str:
    """Return `DECISIONS.md`: the open questions with their evidence, then what was learnt."""
    intro = _(
        "This program was drafted from %(rows)s records of %(file)s. What follows is for a person "
        "to decide. Write the answers into a copy of decisions.yaml and draft again with "
        "--decisions, or change the files of the program by hand."
    ) % {"rows": f"{draft.learned.rows:,}", "file": draft.file}
    lines = [f"# {_('Decisions')}", "", intro, ""]
    for part, title in PARTS.items():
        found = [decision for decision in draft.decisions if decision.kind == part]
        if found:
            lines += [f"## {title} ({len(found)})", "", *_table(found), ""]
    lines += [f"## {_('What was learnt')}", "", *_learnt(draft)]
    return "\n".join(lines) + "\n"


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _table(decisions: Iterable[Decision]) -> list[str]:
    lines = [
        _row(_("what"), _("question"), _("rows"), _("evidence"), _("suggestion")),
        "| --- | --- | ---: | --- | --- |",
    ]
    lines += [
        _row(
            one.subject,
            one.question,
            f"{one.rows:,}" if one.rows else "",
            one.evidence,
            one.suggestion,
        )
        for one in decisions
    ]
    return lines


def _learnt(draft: Draft) -> list[str]:
    """List every kind with who handled it and which limit explains its due times."""
    led = draft.led()
    lines = [
        _row(_("kind"), _("rows"), _("handled by"), _("has a lead"), _("limit"), _("explains")),
        "| --- | ---: | --- | --- | --- | ---: |",
    ]
    for kind, rows in draft.learned.kinds.most_common():
        guess = draft.limits.get(kind)
        limit = draft.limit_of(kind)
        share = f"{guess.share:.0%}" if guess and guess.limit == limit else ""
        handled = draft.shares(draft.learned.units_of(kind))
        lead = "✓" if kind in led else ""
        lines.append(_row(draft.label(kind), f"{rows:,}", handled, lead, limit, share))
    return lines


def answers_text(draft: Draft) -> str:
    """Return `decisions.yaml`: the answers so far and a suggestion for every open question."""
    answers = draft.answers.model_dump(mode="json", exclude_unset=True, exclude={"format"})
    data: dict[str, Any] = {"format": 1, **answers}
    if "place" not in data:
        data["place"] = {"code": draft.root, "name": plain(draft.place_name), "kind": "county"}
    data.setdefault("hours", f"mon-fri: {draft.week.hours}")
    data.setdefault("days_off", {day.isoformat(): "" for day in draft.week.days_off})
    for part in ("leads", "limits"):
        suggested = {
            one.subject: one.suggestion
            for one in draft.decisions
            if one.kind == part and one.suggestion
        }
        data[part] = {**suggested, **data.get(part, {})}
    return dumped(
        data,
        _("Decisions about the draft, filled in with what the records suggest."),
        _("Correct a copy of this file and draft again with --decisions; see docs/import.md."),
    )
