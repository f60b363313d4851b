"""The two inboxes of the field: what is to be handled, and what is to be verified."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.accounts.models import User
from townkeeper.cases.inbox import (
    GROUPS,
    Line,
    Page,
    cases_on,
    count_groups,
    group_condition,
    inbox_of,
    page_by_distance,
    page_by_due,
    tasks_on,
)
from townkeeper.cases.models import Case, Task
from townkeeper.cases.sight import sight_of
from townkeeper.kit import clock
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.field.spots import Fix, distance_words, fix_query, read_fix
from townkeeper.web.office.casepage import where_is
from townkeeper.web.office.listing import key_text, read_key
from townkeeper.web.office.rows import Parts, step_title, task_clock, with_row_parts
from townkeeper.web.wording import Clock

PAGE: Final = 30
NEAREST: Final = 100
"""Rows of a list by distance: nobody walks further in a day, and it has one page."""


@dataclass(frozen=True, slots=True)
class Row:
    """One task as the inbox shows it."""

    task: Task
    case: Case
    where: str
    state_title: str
    limit: Clock
    photo: int | None
    asks: Sequence[str]
    distance: str
    rework: int
    href: str


@needs(Permission.CASES_CASE_ACT)
@require_safe
def tasks(request: HttpRequest) -> HttpResponse:
    """Show what the person and their unit have to do, the most urgent first."""
    return _inbox(request, "handling", "field:tasks", "field:task")


@needs(Permission.CASES_CASE_ACT)
@require_safe
def verifications(request: HttpRequest) -> HttpResponse:
    """Show what the person is to verify, the most urgent or the nearest first."""
    return _inbox(request, "verifying", "field:verifications", "field:verification")


def _inbox(request: HttpRequest, box: str, name: str, one: str) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101 - needs() let nobody else in
    now, fix = clock.now(), read_fix(request.GET)
    group = request.GET.get("group", "all")
    group = group if group in GROUPS else "all"
    whole = inbox_of(sight_of(request.user, now), box)
    wanted = whole.filter(group_condition(group, request.user, now))
    after = request.GET.get("after", "")
    if fix is not None:
        page = page_by_distance(wanted, fix.spot, size=NEAREST)
    else:
        page = page_by_due(wanted, size=PAGE, after=read_key(after) if after else None)
    rows = make_rows(page, one, fix)
    counts = count_groups(whole, request.user, now)
    context = {
        "box": box,
        "group": group,
        "groups": _groups(box, counts, group, name, fix),
        "rows": rows,
        "fix": fix,
        "list_url": reverse(name),
        "no_fix_url": _address(name, group, None),
        "next_url": _following(name, group, page),
        "is_later": bool(after),
        "done": request.GET.get("done", "")[:40],
        "shown": len(rows),
        "total": counts[group],
    }
    return render(request, "field/list.html", context)


def _groups(
    box: str, counts: dict[str, int], group: str, name: str, fix: Fix | None
) -> list[dict[str, Any]]:
    """Return the groups as counters that are filters; verifying has fewer of them."""
    labels = {
        "all": (_("All"), "inbox", ""),
        "sign": (_("To sign for"), "signature", ""),
        "doing": (_("Signed, in handling"), "construction", ""),
        "soon": (_("Due soon or overdue"), "alarm-clock", "y"),
        "rework": (_("Sent back"), "undo-2", "y"),
        "assist": (_("Assisting"), "helping-hand", ""),
        "mine": (_("Mine"), "user-check", ""),
    }
    if box == "verifying":
        labels = {key: labels[key] for key in ("all", "soon", "rework", "mine")}
        labels["rework"] = (_("Checked before"), "undo-2", "")
    return [
        {
            "label": label, "icon": icon, "kind": kind, "count": counts[key],
            "href": _address(name, key, fix), "current": key == group,
        }
        for key, (label, icon, kind) in labels.items()
    ]  # fmt: skip


def _following(name: str, group: str, page: Page) -> str:
    """Return the address of the next page, or nothing on the last."""
    if page.following is None:
        return ""
    return _address(name, group, None, after=key_text(page.following))


def _address(name: str, group: str, fix: Fix | None, after: str = "") -> str:
    if fix is not None:
        more = f"&{urlencode({'group': group})}" if group != "all" else ""
        return reverse(name) + fix_query(fix) + more
    parts = {"group": group if group != "all" else "", "after": after}
    query = urlencode({key: value for key, value in parts.items() if value})
    return f"{reverse(name)}?{query}" if query else reverse(name)


def make_rows(page: Page, one: str, fix: Fix | None = None) -> list[Row]:
    """Load the rows of a page in its order, in a fixed number of queries."""
    loaded = {each.case.pk: each for each in with_row_parts(cases_on(page.lines))}
    tasks_by_id = tasks_on(page.lines)
    found = []
    for line in page.lines:
        parts, task = loaded.get(line.case_id), tasks_by_id.get(line.task_id)
        if parts is not None and task is not None:
            href = reverse(one, args=[parts.case.number]) + fix_query(fix)
            found.append(_row(line, parts, task, href))
    return found


def _row(line: Line, parts: Parts, task: Task, href: str) -> Row:
    case = parts.case
    shown = next((each for each in parts.tasks if each.pk == task.pk), None)
    return Row(
        task=task,
        case=case,
        where=where_is(case),
        state_title=step_title(case),
        limit=shown.clock if shown else task_clock(task),
        photo=parts.photo,
        asks=parts.asks,
        distance=distance_words(line.metres),
        rework=int(case.counts.get("rework", 0)) + int(case.counts.get("reopened", 0)),
        href=href,
    )
