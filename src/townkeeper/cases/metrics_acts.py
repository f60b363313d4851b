"""The facts under the metrics of what people ask, decide, promise and say, as Ibis expressions.

They stand beside those of the work (`metrics_facts.py`) and follow the same rules; the worked
examples are in docs/metrics.md.
"""

from collections.abc import Callable
from typing import Literal

import ibis
import ibis.expr.types as ir

from townkeeper.analytics.engine import table
from townkeeper.cases.metrics_facts import Source, bound, flag, had, voided

CONTENT = ("satisfied", "partly")
"""Verdicts of a satisfied reporter: 滿意 and 基本滿意, as offices count them."""


def ask_facts(source: Source) -> ir.Table:
    """Count what was asked for, granted and refused in the month; a case may count more than once.

    An ask that the case left behind was asked for, and neither granted nor refused.
    """
    asks = table("asks")
    asked, decided = _in_month(asks.asked_at), _in_month(asks.decided_at)
    accepted = decided * flag(asks.result == "accepted")
    rejected = decided * flag(asks.result == "rejected")
    dispute, extension, stop = (
        flag(asks.effect == kind) for kind in ("dispute", "extension", "stop")
    )
    over = (asks.due_at >= bound("start")) & (asks.due_at < bound("end"))
    in_time = asks.decided_at <= asks.due_at
    late = flag(over & (asks.due_at < bound("until"))) * (1 - flag(in_time))
    rows = asks.select(
        "case_id",
        "unit_id",
        disputes=dispute * asked,
        upheld=dispute * accepted,
        rejected=dispute * rejected,
        ruled=dispute * (accepted + rejected),
        ruled_late=dispute * late,
        extensions_asked=extension * asked,
        extensions_refused=extension * rejected,
        stops_asked=stop * asked,
        stops=stop * accepted,
    )
    return _summed(source.placed(rows))


def closing_facts(source: Source) -> ir.Table:
    """Return the cases closed in the month, under the unit that had handled them last."""
    rows = _closings()
    rows = source.placed(
        _handled_by(rows.filter(_in_month(rows["at"]) == 1), "at").drop("at", "number", "area_id")
    )
    each = rows.group_by(["subject", "number"]).agg(
        answered=rows.is_answered.max(), reopened=rows.is_reopened.max()
    )
    return each.mutate(ended=_number(1))


def reopening_facts(source: Source) -> ir.Table:
    """Count the reopenings granted in the month, under the unit that had handled the case last."""
    rows = _reopenings().rename(at="reopened_at")
    rows = source.placed(_handled_by(rows.filter(_in_month(rows["at"]) == 1), "at"))
    return rows.group_by(["subject", "number"]).agg(reopenings=rows.count())


def judgement_facts(source: Source) -> ir.Table:
    """Count what reporters said in the month, under the unit that had handled the case last."""
    said = table("judgements")
    said = said.filter(_in_month(said.judged_at) == 1)
    about = said.select(
        case_id=said.about_id,
        own_id=said.case_id,
        at=said.judged_at,
        content=flag(said.verdict.isin(list(CONTENT))),
    )
    rows = _handled_by(about, "at").drop("case_id", "at")
    known = table("cases").select("case_id", "number", "area_id")
    rows = source.placed(rows.inner_join(known, rows.own_id == known.case_id))
    return rows.group_by(["subject", "number"]).agg(
        judged=rows.count(), satisfied=rows.content.sum()
    )


def promise_facts(source: Source) -> ir.Table:
    """Return the cases whose promise to the public ran out in the month, and whether it was kept.

    Kept by a closing in time that was not taken back. What is open or shelved stays in: the
    reporter was promised a day. Out are voided and merged cases, and clocks that stand still.
    """
    cases, until = table("cases"), bound("until")
    due = cases.filter(
        cases.promise_due_at >= bound("start"),
        cases.promise_due_at < bound("end"),
        cases.promise_due_at < until,
    )
    due = had(due.filter(flag(voided(due, until)) == 0), "case", "promise_due_at")
    closings = _closings()
    standing = closings.filter(closings.is_reopened == 0).select("case_id", "at")
    ends = standing.group_by("case_id").agg(at=standing["at"].min())
    rows = source.placed(due.left_join(ends, "case_id").drop("case_id_right"))
    return rows.select(
        "subject",
        "number",
        due=_number(1),
        kept=flag(rows["at"] <= rows.promise_due_at),
    )


def merging_facts(source: Source) -> ir.Table:
    """Return the cases merged into another in the month and not taken back by the data time."""
    merges, cases = table("merges"), table("cases")
    back = flag(merges.undone_at <= bound("until"))
    rows = merges.filter(_in_month(merges.merged_at) == 1, back == 0)
    rows = source.placed(rows.inner_join(cases.select("case_id", "unit_id"), "case_id"))
    return rows.select("subject", "number").distinct().mutate(merged=_number(1))


def ledger_facts(source: Source) -> ir.Table:
    """Return the cases on the ledger of what cannot be solved now, at the end of the month."""
    tasks, cases, moment = table("tasks"), table("cases"), bound("snapshot")
    kept = tasks.filter(
        tasks.stage == "shelved", tasks.opened_at <= moment, flag(tasks.done_at <= moment) == 0
    )
    kept = kept.select("case_id").distinct()
    rows = cases.filter(flag(voided(cases, moment)) == 0).select("case_id", "unit_id")
    rows = source.placed(had(rows.inner_join(kept, "case_id"), "case", moment))
    return rows.select("subject", "number", shelved=_number(1))


def _in_month(moment: ir.Value) -> ir.Value:
    """Return 1 for what happened in the month and not after the data time."""
    inside = (moment >= bound("start")) & (moment < bound("end"))
    return flag(inside & (moment <= bound("until")))


def _summed(rows: ir.Table) -> ir.Table:
    """Return one row per subject and case with the sums of all flags."""
    flags = [name for name in rows.columns if str(rows[name].type()) == "int64"]
    flags = [name for name in flags if not name.endswith("_id")]
    return rows.group_by(["subject", "number"]).agg(**{name: rows[name].sum() for name in flags})


def _reopenings() -> ir.Table:
    """Return the reopenings that were ever granted: `case_id`, `reopened_at`."""
    asks = table("asks")
    granted = asks.filter(asks.effect == "reopening", asks.result == "accepted")
    return granted.select("case_id", reopened_at=granted.decided_at)


def _closings() -> ir.Table:
    """Return every closing up to the data time, also those that a reopening took back.

    A case closes with its last task: before a reopening, that is when it had been closed.
    """
    cases, tasks, reopened = table("cases"), table("tasks"), _reopenings()
    before = reopened.inner_join(tasks.select("case_id", "done_at"), "case_id")
    before = before.filter(before.done_at <= before.reopened_at)
    former = before.group_by(["case_id", "reopened_at"]).agg(at=before.done_at.max())
    former = former.mutate(is_reopened=flag(former.reopened_at <= bound("until")))
    closed = cases.filter(cases.stage == "closed", cases.closed_at.notnull())
    every = closed.select("case_id", at=closed.closed_at, is_reopened=_number(0)).union(
        former.select("case_id", "at", "is_reopened")
    )
    every = every.filter(every["at"] <= bound("until"))
    kept = cases.filter(cases.stage.notin(["voided", "merged"]))
    kept = kept.select("case_id", "number", "area_id", is_answered=flag(kept.is_answered))
    return every.inner_join(kept, "case_id")


def _number(value: Literal[0, 1]) -> ir.Value:
    return ibis.literal(value, type="int64")


def _handled_by(rows: ir.Table, moment: str) -> ir.Table:
    """Give rows of cases the unit whose handling, as the lead, had ended last by a moment.

    Where nobody had, the unit that answers for the case is the one.
    """
    cases, tasks = table("cases"), table("tasks")
    work = tasks.filter(
        tasks.stage == "handling", tasks.part == "lead", flag(tasks.result == "cancelled") == 0
    ).select("case_id", "task_id", "done_at", by=tasks.unit_id)
    each = rows.select("case_id", at=rows[moment]).distinct().inner_join(work, "case_id")
    each = each.filter(each.done_at <= each["at"])
    last = each.group_by(["case_id", "at"]).agg(by=each.by.argmax(each.task_id))
    joined = rows.left_join(last, ["case_id", "at"]).drop("case_id_right", "at_right")
    joined = joined.inner_join(cases.select("case_id", own_unit=cases.unit_id), "case_id")
    return joined.mutate(unit_id=ibis.coalesce(joined.by, joined.own_unit)).drop("by", "own_unit")


FACTS: dict[str, Callable[[Source], ir.Table]] = {
    "ask": ask_facts,
    "closing": closing_facts,
    "reopening": reopening_facts,
    "judgement": judgement_facts,
    "promise": promise_facts,
    "merging": merging_facts,
    "ledger": ledger_facts,
}
