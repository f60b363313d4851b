"""The facts under the metrics of relapse and revisit, as Ibis expressions; see docs/relapse.md.

They stand beside those of the cases (`cases/metrics_facts.py`) and follow the same rules: one row
per case and subject, flags of 0 and 1, nothing that is later than the data time.
"""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from townkeeper.analytics.engine import table
from townkeeper.cases.metrics_facts import Source, bound, flag

DAY = 86_400


def _standing_relapses() -> ir.Table:
    """Return the relapses that count at the data time: not overruled, the new case not gone."""
    relapses, cases = table("relapses"), table("cases")
    until = bound("until")
    state = cases.select(
        new_id=cases.case_id,
        gone=flag(cases.stage.isin(["voided", "merged"]) & (cases.closed_at <= until)),
    )
    rows = relapses.filter(
        relapses.case_opened <= until,
        flag(relapses.is_overruled & (relapses.overruled_at <= until)) == 0,
    )
    rows = rows.inner_join(state, rows.case_id == state.new_id)
    return rows.filter(rows.gone == 0)


def _came_back() -> ir.Table:
    """Return the closed cases that came back: by a new case, or found so at a revisit."""
    relapses, revisits = _standing_relapses(), table("revisits")
    found = revisits.filter(revisits.result == "relapsed", revisits.visited_at <= bound("until"))
    by_case = relapses.select(back_id=relapses.former_id)
    by_visit = found.select(back_id=found.case_id)
    return by_case.union(by_visit).distinct()


def _closings(source: Source) -> ir.Table:
    """Return the closings with the instant at which the window ends and whether they came back."""
    closings, back = table("closings"), _came_back()
    rows = closings.left_join(back, closings.case_id == back.back_id)
    seconds = rows.closed_at.epoch_seconds() + (rows.window_days * DAY).cast("int64")
    return source.placed(rows.mutate(window_ends=seconds, is_back=flag(rows.back_id.notnull())))


def lasting_facts(source: Source) -> ir.Table:
    """Return the closed cases whose window ran out in the month, and what came back, finally."""
    rows = _closings(source)
    start, end, until = (bound(name).epoch_seconds() for name in ("start", "end", "until"))
    over = rows.filter(rows.window_ends >= start, rows.window_ends < end, rows.window_ends < until)
    return over.select(
        "subject", "number", watched=ibis.literal(1, type="int64"), relapsed=over.is_back
    )


def closing_facts(source: Source) -> ir.Table:
    """Return the cases closed in the month, and what came back of them so far."""
    rows = _closings(source)
    rows = rows.filter(
        rows.closed_at >= bound("start"),
        rows.closed_at < bound("end"),
        rows.closed_at <= bound("until"),
    )
    return rows.select(
        "subject", "number", closed=ibis.literal(1, type="int64"), relapsed=rows.is_back
    )


def return_facts(source: Source) -> ir.Table:
    """Return the relapses reported in the month, under the unit that had closed the former case."""
    rows = _standing_relapses()
    rows = rows.filter(rows.case_opened >= bound("start"), rows.case_opened < bound("end"))
    rows = source.placed(rows.drop("new_id", "gone"))
    return rows.select(
        "subject",
        "number",
        came_back=ibis.literal(1, type="int64"),
        again=flag(rows.ordinal > 2),  # noqa: PLR2004 - the third time or more
    )


def revisit_facts(source: Source) -> ir.Table:
    """Return the visits that fell due in the month, under the unit whose work was looked at."""
    revisits = table("revisits")
    until = bound("until")
    due = revisits.filter(
        revisits.due_at >= bound("start"),
        revisits.due_at < bound("end"),
        revisits.due_at < until,
        flag(revisits.dropped_at <= until) == 0,
    )
    rows = source.placed(due)
    done = flag(rows.visited_at <= until)
    each = rows.mutate(
        done=done,
        judged=done * flag(rows.result.isin(["stands", "relapsed"])),
        stands=done * flag(rows.result == "stands"),
    )
    return each.group_by(["subject", "number"]).agg(
        due=each.count(),
        done=each.done.sum(),
        judged=each.judged.sum(),
        stands=each.stands.sum(),
    )


FACTS: dict[str, Callable[[Source], ir.Table]] = {
    "lasting": lasting_facts,
    "closings": closing_facts,
    "returns": return_facts,
    "revisits": revisit_facts,
}
