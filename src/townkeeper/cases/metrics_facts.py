"""The facts under the metrics, as Ibis expressions: which case counts for whom, and as what.

Every fact table has one row per case and subject (a unit, an area, or everybody) with flags of 0
and 1; a figure is the sum of a flag, and the cases behind it are the rows where the flag is set.
The rules and worked examples are in docs/metrics.md; the slow, obvious twin is in the tests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from townkeeper.analytics.engine import table as _table

SELF_FOUND = ("self-check", "patrol", "staff")
"""Channels of reports that the office or the unit made itself, without a citizen."""
FIXED = ("", "fixed", "answered")
"""Outcomes of a closed case that say the matter was put right, or was a question and answered."""
EVERYBODY = "*"
"""The subject of figures over all units together."""

By = Literal["unit", "area", "everybody"]


@dataclass(frozen=True, slots=True)
class Window:
    """A month and the instant after which records do not count; all in UTC."""

    month: str
    start: datetime
    end: datetime
    until: datetime

    @property
    def bounds(self) -> dict[str, datetime]:
        """The instants by the names under which expressions know them."""
        return {
            "start": self.start,
            "end": self.end,
            "until": self.until,
            "snapshot": self.snapshot,
        }

    @property
    def snapshot(self) -> datetime:
        """The instant at which standing figures are taken: the month's end, or `until`."""
        return min(self.end, self.until)


def month_window(month: str, *, until: datetime, zone: ZoneInfo) -> Window:
    """Return the window of `2011-09` in a zone; raise ValueError for what is not a month."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=zone)
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return Window(month, first.astimezone(UTC), following.astimezone(UTC), until.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Subjects:
    """Whose figures are wanted: ids of units (or areas) and the code under which they count."""

    by: By = "everybody"
    codes: Mapping[int, str] | None = None
    """Id → code; None counts every unit under its own code."""


@dataclass(frozen=True)
class Source:
    """Whose facts are wanted: by what, and whether every unit counts under its own code."""

    by: By
    is_own: bool

    @property
    def key(self) -> tuple[str, bool]:
        """What an expression over this source depends on."""
        return self.by, self.is_own

    def placed(self, table: ir.Table, unit: str = "unit_id") -> ir.Table:
        """Add `subject` and `number` to rows that carry a case's id; rows of nobody are left out.

        `unit` is the column with the unit of the row; by area, the area of the case counts.
        """
        if "number" not in table.columns:
            known = _table("cases").select("case_id", "number", "area_id")
            table = table.inner_join(known, "case_id")
        if self.by == "everybody":
            return table.mutate(subject=ibis.literal(EVERYBODY))
        column = unit if self.by == "unit" else "area_id"
        codes = _table("subject_codes")
        if self.is_own:
            units = _table("units")
            codes = units.select(subject_id=units.unit_id, subject=units.code)
        return table.inner_join(codes, table[column] == codes.subject_id)


def bound(name: Literal["start", "end", "until", "snapshot"]) -> ir.Scalar:
    """Return an instant of the window."""
    return _table("bounds")[name].as_scalar()


def flag(condition: ir.Value) -> ir.Value:
    """Return 1 where the condition holds, else 0 (also where it is unknown)."""
    return ibis.ifelse(condition.fill_null(False), 1, 0).cast("int64")  # noqa: FBT003


def voided(cases: ir.Table, moment: ir.Scalar) -> ir.Value:
    """Return whether cases count for nothing any more: voided by then, or merged into another.

    A duplicate is counted with its main case, as soon as it is put there and not by itself.
    """
    return ((cases.stage == "voided") & (cases.closed_at <= moment)) | (cases.stage == "merged")


def _stopped(moment: ir.Scalar) -> ir.Table:
    """Return the tasks whose clock stands still at an instant, with the time it was stopped."""
    stops = _table("stops")
    running = stops.resumed_at.isnull() | (stops.resumed_at > moment)
    return (
        stops.filter(stops.stopped_at <= moment, running)
        .group_by("task_id")
        .agg(stopped_at=stops.stopped_at.min())
    )


def _extended(moment: ir.Scalar) -> ir.Table:
    """Return the tasks whose limit was extended by an instant."""
    asks = _table("asks")
    granted = asks.filter(
        asks.effect == "extension", asks.result == "accepted", asks.decided_at <= moment
    )
    found = granted.filter(granted.task_id.notnull()).select("task_id").distinct()
    return found.mutate(is_extended=ibis.literal(1, type="int64"))


def had(rows: ir.Table, what: Literal["case", "task"], moment: ir.Scalar | str) -> ir.Table:
    """Give each row the unit that had it at a moment: an instant, or the name of a column.

    Work that a change of units carried over counts for whoever had it then; where it did not
    change hands after the moment, the present unit is the one.
    """
    key = f"{what}_id"
    carried = _table("handovers")
    carried = carried.filter(carried.what == what).select(key, "former_id", "at")
    if isinstance(moment, str):
        then = rows.select(key, moment=rows[moment]).inner_join(carried, key)
        later = then.filter(then.at > then.moment)
    else:
        later = carried.filter(carried.at > moment)
    first = later.group_by(key).agg(former=later.former_id.argmin(later.at))
    joined = rows.left_join(first, key).drop(f"{key}_right")
    return joined.mutate(unit_id=ibis.coalesce(joined.former, joined.unit_id)).drop("former")


def _cohort(part: Literal["lead", "assist"]) -> ir.Table:
    """Return the handling tasks that fell due in the month, with what became of them.

    Out: voided cases; work that was passed on or called off before it was due; work whose clock
    lawfully stands still. Passing on or stopping after the due time heals nothing.
    """
    tasks, cases = _table("tasks"), _table("cases")
    until = bound("until")
    stopped = _stopped(until)
    state = cases.select(
        "case_id",
        "number",
        "area_id",
        is_voided=flag(voided(cases, until)),
        is_closed=flag((cases.stage == "closed") & (cases.closed_at <= until)),
    )
    due = tasks.filter(
        tasks.stage == "handling",
        (tasks.part == "lead") if part == "lead" else (tasks.part != "lead"),
        tasks.opened_at <= until,
        tasks.due_at >= bound("start"),
        tasks.due_at < bound("end"),
        tasks.due_at < until,
    )
    due = had(due, "task", "due_at")
    due = due.inner_join(state, "case_id").left_join(stopped, "task_id").drop("task_id_right")
    due = due.left_join(_extended(until), "task_id").drop("task_id_right")
    done = flag(due.done_at <= until)
    met = flag(due.done_at <= due.due_at)
    due = due.mutate(is_done=done, is_met=met)
    left = (due.is_done == 1) & due.result.isin(["passed-on", "cancelled"]) & (due.is_met == 1)
    void = (due.is_voided == 1) | ((due.is_done == 1) & (due.result == "voided"))
    still = (due.is_done == 0) & due.stopped_at.notnull() & (due.stopped_at <= due.due_at)
    kept = due.filter((flag(left) + flag(void) + flag(still)) == 0)
    handled = flag((kept.is_done == 1) & (kept.result == "handled"))
    kept = kept.mutate(is_handled=handled)
    return kept.mutate(
        is_on_time=kept.is_handled * kept.is_met,
        is_sent_back=flag(kept.sent_back_at <= until),
        is_extended=flag(kept.is_extended == 1),
        last_handled=ibis.ifelse(kept.is_handled == 1, kept.task_id, 0),
    )


def _last_handling() -> ir.Table:
    """Return the last task of leading that each case had by the end of the window."""
    tasks = _table("tasks")
    opened = tasks.opened_at <= bound("until")
    return (
        tasks.filter(tasks.stage == "handling", tasks.part == "lead", opened)
        .group_by("case_id")
        .agg(last_task=tasks.task_id.max())
    )


def duty_facts(source: Source) -> ir.Table:
    """Lead handling that fell due in the month, one row per case and subject."""
    rows = source.placed(_cohort("lead"))
    each = rows.group_by(["case_id", "number", "subject"]).agg(
        task=rows.task_id.max(),
        handled_task=rows.last_handled.max(),
        all_on_time=rows.is_on_time.min(),
        reported=rows.is_handled.max(),
        reworked=rows.is_sent_back.max(),
        extended=rows.is_extended.max(),
        is_closed=rows.is_closed.max(),
        due_at=rows.due_at.min(),
    )
    each = each.inner_join(_last_handling(), "case_id")
    handled = flag(each.task == each.handled_task)
    each = each.mutate(
        due=ibis.literal(1, type="int64"),
        handled=handled,
        on_time=handled * each.all_on_time,
        closing_due=flag(each.task == each.last_task),
    )
    each = each.mutate(closed=each.closing_due * each.is_closed)
    return each.select(
        "subject",
        "number",
        "due_at",
        "due",
        "handled",
        "on_time",
        "reported",
        "reworked",
        "extended",
        "closing_due",
        "closed",
        late=each.handled - each.on_time,
        overdue=1 - each.handled,
        closed_on_time=each.closed * each.on_time,
    )


def assist_facts(source: Source) -> ir.Table:
    """Assisting work that fell due in the month."""
    rows = source.placed(_cohort("assist"))
    each = rows.group_by(["number", "subject"]).agg(assist_on_time=rows.is_on_time.min())
    return each.mutate(assist_due=ibis.literal(1, type="int64"))


def standing_facts(source: Source) -> ir.Table:
    """Lead handling that is open at the end of the month."""
    tasks, cases = _table("tasks"), _table("cases")
    moment = bound("snapshot")
    stopped = _stopped(moment)
    ended = cases.closed_at <= moment
    alive = cases.filter(flag(ended) == 0).select("case_id", "number", "area_id")
    standing = tasks.filter(
        tasks.stage == "handling",
        tasks.part == "lead",
        tasks.opened_at <= moment,
        flag(tasks.done_at <= moment) == 0,
    )
    standing = had(standing, "task", moment)
    rows = standing.inner_join(alive, "case_id").left_join(stopped, "task_id")
    rows = source.placed(rows.drop("task_id_right"))
    halted = flag(rows.stopped_at.notnull())
    each = rows.mutate(
        suspended=halted,
        backlog=1 - halted,
        overdue_backlog=(1 - halted) * flag(rows.due_at < moment),
    )
    return each.group_by(["subject", "number"]).agg(
        suspended=each.suspended.max(),
        backlog=each.backlog.max(),
        overdue_backlog=each.overdue_backlog.max(),
    )


def filing_facts(source: Source) -> ir.Table:
    """Cases filed in the month, under the unit that answers for them."""
    cases, tasks, stops = (_table(name) for name in ("cases", "tasks", "stops"))
    start, end, until = _bounds()
    filed = cases.filter(cases.filed_at >= start, cases.filed_at < end, cases.filed_at <= until)
    filed = had(filed.filter(filed.stage != "merged"), "case", bound("snapshot"))
    handling = tasks.filter(
        tasks.stage == "handling", tasks.part == "lead", tasks.opened_at <= until
    )
    ever_stopped = stops.select("task_id").distinct()
    unlimited = (
        handling.filter(handling.due_at.isnull())
        .anti_join(ever_stopped, "task_id")
        .select("case_id")
        .distinct()
        .mutate(open_ended=ibis.literal(1, type="int64"))
    )
    rows = source.placed(filed.left_join(unlimited, "case_id").drop("case_id_right"))
    gone = flag(voided(rows, until))
    return rows.select(
        "subject",
        "number",
        filed=ibis.literal(1, type="int64"),
        kept=1 - gone,
        self_found=flag(rows.channel.isin(list(SELF_FOUND))),
        no_limit=rows.open_ended.fill_null(0) * (1 - gone),
    )


def ending_facts(source: Source) -> ir.Table:
    """Cases that ended in the month without the matter being put right."""
    cases = _table("cases")
    start, end, until = _bounds()
    rows = source.placed(
        cases.filter(
            cases.closed_at >= start,
            cases.closed_at < end,
            cases.closed_at <= until,
            cases.filed_at.notnull(),
        )
    )
    return rows.select(
        "subject",
        "number",
        voided=flag(rows.stage == "voided"),
        unsolved=flag((rows.stage == "closed") & rows.outcome.notin(list(FIXED))),
    )


def ownerless_facts(source: Source) -> ir.Table:
    """Filed cases that nobody answers for at the end of the month."""
    cases = _table("cases")
    moment = bound("snapshot")
    rows = cases.filter(
        cases.unit_id.isnull(),
        cases.stage != "merged",
        cases.filed_at <= moment,
        flag(cases.closed_at <= moment) == 0,
    )
    rows = source.placed(rows)
    return rows.select("subject", "number", ownerless=ibis.literal(1, type="int64"))


def event_facts(source: Source) -> ir.Table:
    """Count what procedures count in the month; a case may be counted more than once."""
    start, end, until = _bounds()
    events, extensions = _table("events"), _table("extensions")
    happened = events.select("case_id", "unit_id", "kind", moment=events.happened_at).union(
        extensions.select(
            "case_id",
            "unit_id",
            kind=ibis.literal("extension"),
            moment=extensions.granted_at,
        )
    )
    rows = source.placed(
        happened.filter(happened.moment >= start, happened.moment < end, happened.moment <= until)
    )
    return rows.group_by(["subject", "number"]).agg(
        evasions=flag(rows.kind == "evasion").sum(),
        reworks=flag(rows.kind == "rework").sum(),
        extensions=flag(rows.kind == "extension").sum(),
    )


def duration_facts(source: Source) -> ir.Table:
    """Hours from dispatch to report of the month's handled work, by the clock on the wall."""
    rows = source.placed(_cohort("lead"))
    rows = rows.filter(rows.is_handled == 1)
    spent = (rows.done_at.epoch_seconds() - rows.opened_at.epoch_seconds()).cast("float64")
    return rows.select("subject", "number", hours=spent / 3600)


def _bounds() -> tuple[ir.Scalar, ir.Scalar, ir.Scalar]:
    return bound("start"), bound("end"), bound("until")


FACTS: dict[str, Callable[[Source], ir.Table]] = {
    "duty": duty_facts,
    "assist": assist_facts,
    "standing": standing_facts,
    "filing": filing_facts,
    "ending": ending_facts,
    "ownerless": ownerless_facts,
    "event": event_facts,
}
