"""What hangs on a case besides its steps: rulings, twins, relapses, revisits, judgements."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from townkeeper.accounts.models import User
from townkeeper.cases.disputes import Precedent, precedents_of
from townkeeper.cases.evidence import FINDINGS, Pair, pairs_of
from townkeeper.cases.merging import merged_into
from townkeeper.cases.models import Ask, Case, Evidence, Merge, Stage
from townkeeper.kit.names import say
from townkeeper.procedures.model import Procedure
from townkeeper.relapse.chains import Chain, chain_of, why_words
from townkeeper.relapse.models import Revisit
from townkeeper.web.casepanels import panels_of
from townkeeper.web.office.rows import procedure_of
from townkeeper.web.registers import Registers

DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class AskRow:
    """One thing asked for, in words."""

    ask: Ask
    title: str
    state: str
    """`waiting`, `granted`, `refused`, or `left` where the case moved on first."""
    word: str


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo with what was found about it."""

    item: Evidence
    against: list[str]
    """What speaks against it, in words."""


def what_hangs_on(case: Case, user: User, asks: list[Ask]) -> dict[str, Any]:
    """Gather everything beside the steps; parts that are empty are not shown."""
    chain = chain_of(case)
    procedure = procedure_of(case)
    was_closed = case.closed_at is not None or bool(case.counts.get("closings"))
    return {
        "asks": [_ask_row(ask, procedure) for ask in asks],
        "precedents": _precedents(case, asks),
        "main": case.main,
        "merged": _merged(case, user),
        "chain": _chain_rows(chain) if len(chain.links) > 1 else [],
        "chain_words": chain.words,
        "revisits": _revisits(case) if was_closed else [],
        "judgements": list(case.judgements.order_by("-closing")) if was_closed else [],
        "pairs": [_shots(pair) for pair in pairs_of(case, case.evidence.all())],
        "panels": panels_of(case, user),
    }


def asks_of(case: Case, known: Registers) -> list[Ask]:
    """Return all that was ever asked for on a case, newest first, with the units it names."""
    asks = list(case.asks.order_by("-asked_at", "-pk"))
    for ask in asks:
        for name, pk in (("unit", ask.unit_id), ("other", ask.other_id), ("ruled", ask.ruled_id)):
            if pk is not None and pk in known.units:
                setattr(ask, name, known.units[pk])
    return asks


def _ask_row(ask: Ask, procedure: Procedure) -> AskRow:
    action = procedure.action_named(ask.action)
    title = say(action.title if action else {}) or ask.action.replace("_", " ")
    if ask.decided_at is None:
        return AskRow(ask, title, "waiting", _("waits for a decision"))
    if ask.is_accepted is None:
        return AskRow(ask, title, "left", _("the case moved on first"))
    if ask.is_accepted:
        return AskRow(ask, title, "granted", _("granted"))
    return AskRow(ask, title, "refused", _("refused"))


def _precedents(case: Case, asks: list[Ask]) -> list[Precedent]:
    """Return earlier rulings where somebody decides or dispatches: they help nobody else."""
    waiting = any(ask.effect == DISPUTE and ask.decided_at is None for ask in asks)
    return precedents_of(case, limit=3) if waiting or case.stage == Stage.DISPATCH else []


def _merged(case: Case, user: User) -> list[Merge]:
    """Return the cases that follow this one, as far as the person may see them."""
    if not case.counts.get("merged"):
        return []
    seen = set(Case.objects.visible_to(user).filter(main=case).values_list("pk", flat=True))
    return [merge for merge in merged_into(case) if merge.case_id in seen]


def _chain_rows(chain: Chain) -> list[dict[str, Any]]:
    return [
        {
            "link": link,
            "is_here": link.number == chain.here,
            "why": why_words(link.recurrence) if link.recurrence else "",
        }
        for link in chain.links
    ]


def _revisits(case: Case) -> list[Revisit]:
    rows = case.revisits.filter(dropped_at=None).select_related("unit", "new_case")
    return list(rows.defer("unit__outline").order_by("-due_at"))


def _shots(pair: Pair) -> dict[str, Any]:
    return {"before": _shot(pair.before), "after": _shot(pair.after)}


def _shot(item: Evidence | None) -> Shot | None:
    if item is None:
        return None
    return Shot(item, [str(FINDINGS.get(code, code)) for code in item.findings])
