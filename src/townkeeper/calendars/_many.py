"""The counting rules for arrays: what `worktime` answers for one, for a million at once."""

import numpy as np

from townkeeper.calendars._table import Instants, Table
from townkeeper.calendars.limits import Kind, Limit

SECOND = 1_000_000


def after_many(table: Table, begins: Instants, limit: Limit) -> Instants:
    """Answer for an array what is answered for one. IndexError: the table is too short."""
    closings = table.np_closings
    result: Instants
    if limit.kind is Kind.WORKING_TIME:
        worked = table.worked_many(begins) + limit.amount * SECOND
        i = np.searchsorted(table.np_sums, worked, side="left")
        result = table.np_ends[i - 1] - (table.np_sums[i] - worked)
    elif limit.kind is Kind.CLOCK:
        times = np.array(table.clock(limit.amount))
        result = times[np.searchsorted(times, begins, side="right")]
    elif limit.kind is Kind.SAME_DAY:
        result = closings[np.searchsorted(closings, begins, side="right")]
    elif limit.kind is Kind.WORKING_DAYS:
        today = np.searchsorted(table.np_working_midnights, begins, side="right")
        result = closings[today + limit.amount - 1]
    else:
        today = np.searchsorted(table.np_midnights, begins, side="right") - 1
        last = table.np_midnights[today + limit.amount]
        result = closings[np.searchsorted(table.np_working_midnights, last, side="left")]
    return result


def share_many(table: Table, begins: Instants, amounts: Instants) -> Instants:
    """Find when so much working time has run since each start. IndexError: too short a table."""
    worked = table.worked_many(begins) + amounts
    i = np.searchsorted(table.np_sums, worked, side="left")
    result: Instants = table.np_ends[i - 1] - (table.np_sums[i] - worked)
    return result


def before_many(table: Table, ends: Instants, limit: Limit) -> Instants:
    """Find from when a limit runs up to each end: the latest instant, an opening where it fits."""
    if limit.kind is Kind.WORKING_TIME:
        worked = table.worked_many(ends) - limit.amount * SECOND
        i = np.searchsorted(table.np_sums, worked, side="right") - 1
        result: Instants = table.np_begins[i] + (worked - table.np_sums[i])
        return result
    today = np.searchsorted(table.np_midnights, ends, side="left") - 1
    if limit.kind is Kind.WORKING_DAYS:
        first = np.searchsorted(table.np_working_midnights, table.np_midnights[today], side="left")
        return table.np_closings[first - limit.amount]
    day = table.np_midnights[today - limit.amount]
    last = np.searchsorted(table.np_working_midnights, day, side="right") - 1
    return table.np_closings[last]
