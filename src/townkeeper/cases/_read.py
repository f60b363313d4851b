"""Reads where one case stands in one statement: its row, tasks, evidence, asks, chain and stamp.

Acting asked the database eleven times before anything was decided. All of it hangs on one case and
one person, so the server gathers it: lists come as JSON, which one decoder turns into plain rows.
No row is locked; whoever writes compares the version (`_save`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, get_args

import msgspec
from django.db import connection
from msgspec.structs import fields

from townkeeper.accounts.models import User
from townkeeper.cases._wire import execute, numbered
from townkeeper.cases._write import JSON_COLUMNS
from townkeeper.cases.models import Case
from townkeeper.journal.chain import ZERO
from townkeeper.kit import clock
from townkeeper.units.permissions import Permission


class PauseRow(msgspec.Struct, array_like=True):
    """A stop of a task's clock."""

    id: int
    task_id: int
    since: datetime
    until: datetime | None


class TaskRow(msgspec.Struct, array_like=True, kw_only=True):
    """One row of tasks; `id` is 0 until it is stored."""

    id: int = 0
    step: str
    stage: str
    branch: str = ""
    part: str = "lead"
    performer: str
    unit_id: int | None
    assignee_id: int | None = None
    signed_at: datetime | None = None
    opened_at: datetime
    limit: str = ""
    extensions: list[str] = []
    calendar_id: int | None = None
    due_at: datetime | None = None
    is_provisional: bool = False
    is_given: bool = False
    warn_at: datetime | None = None
    done_at: datetime | None = None
    done_by: str = ""
    outcome: str = ""
    next_at: datetime | None = None
    rung: int = 0
    moves: int = 0
    pauses: list[PauseRow] = []
    """Filled from their own table, in the order in which they began."""

    @property
    def key(self) -> str:
        """Return the name under which the transition function knows it."""
        return str(self.id)

    @property
    def is_done(self) -> bool:
        """Whether the task has ended."""
        return self.done_at is not None

    @property
    def stands(self) -> bool:
        """Whether its clock stands still."""
        return any(pause.until is None for pause in self.pauses)


class AskRow(msgspec.Struct, array_like=True):
    """Something asked for that waits for a decision."""

    id: int
    task_id: int | None
    action: str
    effect: str
    actor: str
    unit_id: int | None
    other_id: int | None
    decider: str
    reason: str
    ground: str
    clause: str
    statement: str
    asked_at: datetime
    limit: str
    due_at: datetime | None


class EvidenceRow(msgspec.Struct, array_like=True):
    """A piece of evidence, as far as procedures ask for it."""

    id: int
    task_id: int | None
    kind: str
    actor: str
    added_at: datetime


class PostRow(msgspec.Struct, array_like=True):
    """A post in which the person may act on cases today."""

    role: str
    unit_id: int
    """The unit that the post belongs to."""
    path: str
    """The subtree that it looks over."""
    is_top: bool
    """Whether that is a whole tree."""


@dataclass(slots=True)
class Seen:
    """Where a case stood when it was read; nothing here is locked."""

    case: Case
    tasks: list[TaskRow]
    """Every task there ever was, oldest first."""
    evidence: list[EvidenceRow]
    asks: list[AskRow]
    """Those that wait for a decision."""
    posts: list[PostRow]
    """The posts of the person who acts."""
    stamp: int
    """The registers' stamp at that moment."""
    version: int
    """The case's version at that moment; `case` itself is changed while an act is worked out."""
    length: int | None = None
    """Entries in the case's chain; None where it has no chain yet."""
    head: bytes = field(default=ZERO)


_CASE = tuple(Case._meta.concrete_fields)
_NAMES = [each.attname for each in _CASE]
_PYTHON: dict[str, Any] = {
    "BigAutoField": int,
    "ForeignKey": int,
    "PositiveIntegerField": int,
    "FloatField": float,
    "DateTimeField": datetime,
    "JSONField": Any,
}
"""What JSON brings for a column; text for all others."""
_TYPES = [
    kind | None if each.null else kind
    for each in _CASE
    for kind in (_PYTHON.get(each.get_internal_type(), str),)
]
_ROW: "msgspec.json.Decoder[tuple[Any, ...]]" = msgspec.json.Decoder(
    tuple[tuple(_TYPES)],  # type: ignore[misc]
    strict=False,
)
_TASKS = msgspec.json.Decoder(list[TaskRow], strict=False)
_PAUSES = msgspec.json.Decoder(list[PauseRow], strict=False)
_EVIDENCE = msgspec.json.Decoder(list[EvidenceRow], strict=False)
_ASKS = msgspec.json.Decoder(list[AskRow], strict=False)
_POSTS = msgspec.json.Decoder(list[PostRow], strict=False)

_ACTS = f'%"{Permission.CASES_CASE_ACT}"%'
_POST_FIELDS = ("r.key", "p.unit_id", "u.path", "u.parent_id IS NULL")


def _case_columns(*, lite: bool) -> list[str]:
    """Return the columns of the case, written so that JSON carries them on either database."""
    found = []
    for each, kind in zip(_CASE, _TYPES, strict=True):
        column = f'c."{each.column}"'
        if lite and (kind is datetime or datetime in get_args(kind)):
            column = f"{column} || 'Z'"
        if lite and kind is Any:
            column = f"json({column})"
        if lite and float in get_args(kind):
            # its JSON would keep fifteen digits, and its printf calls nothing zero
            column = f"CASE WHEN {column} IS NOT NULL THEN printf('%%!.17g', {column}) END"
        found.append(column)
    return found


def _fields(row: type[msgspec.Struct], table: str, *, lite: bool) -> list[str]:
    """Return the columns of a row, written so that JSON carries them on either database."""
    found = []
    for each in fields(row):
        column = f'{table}."{each.name}"'
        if each.name == "pauses":
            continue
        if lite and (each.type is datetime or datetime in get_args(each.type)):
            column = f"{column} || 'Z'"  # SQLite keeps instants as text without their zone
        if lite and each.name in JSON_COLUMNS:
            column = f"json({column})"
        found.append(column)
    return found


def _list(inner: Sequence[str], source: str, order: str, *, lite: bool) -> str:
    """Return a subquery that gathers rows into one JSON text."""
    if not lite:
        row = f"json_build_array({', '.join(inner)})"
        return f"(SELECT json_agg({row} ORDER BY {order})::text FROM {source})"
    row = f"json_array({', '.join(inner)}) AS row"
    return (
        f"(SELECT json_group_array(json(row)) FROM (SELECT {row} FROM {source} ORDER BY {order}))"
    )


def _posts(person: str, day: str) -> str:
    """Return where the posts of a person are read, with the marks of the statement."""
    return (
        "units_post p JOIN units_role r ON r.id = p.role_id"
        " JOIN accounts_user a ON a.id = p.user_id AND a.is_active"
        " JOIN units_unit u ON u.id = COALESCE(p.scope_id, p.unit_id)"
        f" WHERE (p.since IS NULL OR p.since <= {day}) AND (p.until IS NULL OR p.until > {day})"
        f" AND CAST(r.permissions AS text) LIKE %s AND p.user_id = {person}"
    )


@lru_cache
def _statement(*, lite: bool) -> str:
    """Build the one statement; marks: the day twice, the permission, the person, the case."""
    person, day = ("%s", "%s") if lite else ("%s::bigint", "%s::date")
    pauses = "cases_pause p JOIN cases_task t ON t.id = p.task_id WHERE t.case_id = c.id"
    case = ", ".join(_case_columns(lite=lite))
    parts = [
        f"json_array({case})" if lite else f"json_build_array({case})",
        "COALESCE((SELECT value FROM journal_stamp WHERE key = 'registers'), 0)",
        "h.length",
        "hex(h.head)" if lite else "encode(h.head, 'hex')",
        _list(_POST_FIELDS, _posts(person, day), "p.id", lite=lite),
        _list(
            _fields(TaskRow, "t", lite=lite),
            "cases_task t WHERE t.case_id = c.id",
            "t.id",
            lite=lite,
        ),
        _list(_fields(PauseRow, "p", lite=lite), pauses, "p.since", lite=lite),
        _list(
            _fields(EvidenceRow, "e", lite=lite),
            "cases_evidence e WHERE e.case_id = c.id",
            "e.id",
            lite=lite,
        ),
        _list(
            _fields(AskRow, "q", lite=lite),
            "cases_ask q WHERE q.case_id = c.id AND q.decided_at IS NULL",
            "q.id",
            lite=lite,
        ),
    ]
    text = (
        f"SELECT {', '.join(parts)} FROM cases_case c"
        " LEFT JOIN journal_chain h ON h.subject = 'case:' || c.number"
        f" WHERE c.id = {person}"
    )
    return text if lite else numbered(text)


def read_case(pk: int, actor: User | None = None) -> Seen:
    """Return where a case stands, with the posts of the person who means to act on it.

    Raises Case.DoesNotExist. `actor` None is for acts of the system: it holds no posts.
    """
    user = actor.pk if actor is not None and actor.is_active else None
    row = _row(pk, user, clock.today())
    if row is None:
        raise Case.DoesNotExist
    columns, stamp, length, head, posts, tasks, pauses, evidence, asks = row
    case = Case.from_db(connection.alias, _NAMES, _ROW.decode(columns))
    return Seen(
        case=case,
        tasks=_with_pauses(_TASKS.decode(tasks or "[]"), _PAUSES.decode(pauses or "[]")),
        evidence=_EVIDENCE.decode(evidence or "[]"),
        asks=_ASKS.decode(asks or "[]"),
        posts=_POSTS.decode(posts or "[]"),
        stamp=int(stamp),
        version=case.version,
        length=int(length) if length is not None else None,
        head=bytes.fromhex(head) if head else ZERO,
    )


def _row(pk: int, user: int | None, day: date) -> Sequence[Any] | None:
    """Run the statement; most of its answer is JSON."""
    today = day.isoformat()
    given = [today, today, _ACTS, user, pk]
    if connection.vendor == "postgresql":
        return execute(_statement(lite=False), given, is_reading=True)
    with connection.cursor() as cursor:
        cursor.execute(_statement(lite=True), given)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _with_pauses(tasks: list[TaskRow], pauses: list[PauseRow]) -> list[TaskRow]:
    if pauses:
        by_id = {task.id: task for task in tasks}
        for pause in pauses:
            by_id[pause.task_id].pauses.append(pause)
    return tasks
