"""Orders of the simulated supervision office: what a demonstration shows of letters and replies.

Deterministic: the cases are picked by number and each order has its own place in a short script.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case, Stage
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.relapse.models import Recurrence
from townkeeper.supervision.actions import (
    accept_reply,
    acknowledge_order,
    close_order,
    issue_order,
    remind,
    reply_to_order,
    return_reply,
)
from townkeeper.supervision.drafting import Draft
from townkeeper.supervision.models import Addressee, Order
from townkeeper.units.models import Post
from townkeeper.units.permissions import Permission

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Play:
    """One order and what happens with it, five hours from step to step."""

    kind: str
    days: int
    """So many days before the present it was issued."""
    deadline: str
    title: str
    text: str
    steps: tuple[str, ...] = ()
    leader: bool = False


PLAYS: Sequence[Play] = (
    Play("supervision", 12, "3wd", "關於{place}問題反覆反彈的督辦",
         "該處同類問題一再反彈，群眾反映強烈。請查明原因，落實長效管理措施，防止再次反彈。",
         ("received", "replied", "accepted", "closed")),
    Play("rectification", 8, "2wd", "關於{place}問題的整改",
         "巡查發現該處問題未按期處置。請立即整改，並附處置前後照片報送整改情況。",
         ("received", "replied", "returned", "replied")),
    Play("supervision", 6, "2wd", "關於{place}超期案件的督辦",
         "該案已超過處置期限。請於期限內辦結並說明超期原因。", ("received", "reminded")),
    Play("instruction", 2, "3wd", "關於{place}的批示",
         "此類問題一再發生，請主要負責人到現場解決，並報告結果。",
         ("received", "replied"), leader=True),
    Play("rectification", 1, "3wd", "關於{place}問題的整改",
         "請對照職責清單立即整改，並報送整改情況。"),
)  # fmt: skip
REPLIES = ("已到現場清理完畢，並安排專人每日巡查。", "已整改，附現場情況說明，請核查。")


def simulate_orders(end: datetime) -> int:
    """Issue the orders of the script before `end`; return how many, none where nobody may."""
    supervisor, leader = _issuer("supervisor"), _issuer("leader")
    cases = _cases()
    done = 0
    for play in PLAYS:
        issuer = leader if play.leader else supervisor
        at = end - play.days * DAY
        case = next((each for each in cases if each.opened_at < at - DAY), None)
        if issuer is None or case is None:
            continue
        cases.remove(case)
        try:
            _play(play, case, issuer, supervisor or issuer, end)
        except Problem:
            continue  # such as a deadline beyond the calendar: a demonstration goes on without
        done += 1
    return done


def _cases() -> list[Case]:
    """Return cases worth an order: the last relapses, then the oldest running ones."""
    back = Recurrence.objects.standing().filter(ordinal__gte=3).select_related("case__unit")
    found = [row.case for row in back.order_by("-ordinal", "case__number")[:10]]
    running = Case.objects.running().filter(stage=Stage.HANDLING, unit__isnull=False)
    found += list(running.select_related("unit").order_by("due_at", "number")[: len(PLAYS)])
    return list({case.pk: case for case in found if case.unit is not None}.values())


def _issuer(role: str) -> User | None:
    posts = Post.objects.filter(role__key=role).select_related("user", "role").order_by("pk")
    wanted = Permission.SUPERVISION_ORDER_ISSUE
    return next((post.user for post in posts if wanted in post.role.permissions), None)


def _handler(unit_id: int) -> User | None:
    posts = Post.objects.filter(unit=unit_id).select_related("user", "role").order_by("pk")
    wanted = Permission.SUPERVISION_ORDER_VIEW
    return next((post.user for post in posts if wanted in post.role.permissions), None)


def _play(play: Play, case: Case, issuer: User, supervisor: User, end: datetime) -> None:
    """Issue one order and let its steps happen, as far as the present has come."""
    if case.unit is None:
        return
    at = (end - play.days * DAY).replace(hour=2, minute=0, second=0, microsecond=0)
    with clock.at(at, "simulated"):
        draft = Draft(
            kind=play.kind, title=play.title.format(place=case.title), text=play.text,
            units=[(case.unit.code, play.deadline)], cases=[case.number],
        )  # fmt: skip
        order = issue_order(draft, actor=issuer)
    handler = _handler(case.unit.pk)
    words = _replies()
    for number, step in enumerate(play.steps, 1):
        moment = at + number * 5 * HOUR
        if handler is None or moment >= end:
            return
        with clock.at(moment, "simulated"):
            _step(step, order, handler, issuer if play.leader else supervisor, words)


def _replies() -> Iterator[str]:
    yield from REPLIES * 3


def _step(step: str, order: Order, handler: User, issuer: User, words: Iterator[str]) -> None:
    part: Addressee = order.addressees.select_related("order", "unit").get()
    waiting = part.replies.filter(verdict="waiting").first()
    if step == "received":
        acknowledge_order(part, actor=handler)
    elif step == "replied":
        reply_to_order(part, actor=handler, text=next(words))
    elif step == "returned" and waiting is not None:
        return_reply(waiting, actor=issuer, reason="缺少處置後照片，請補報。", deadline="1wd")
    elif step == "accepted" and waiting is not None:
        accept_reply(waiting, actor=issuer, note="情況屬實。")
    elif step == "closed":
        close_order(order, actor=issuer)
    elif step == "reminded":
        remind(order, actor=issuer, note="請抓緊辦理。")
