"""The alarms that rang, with the rule of each, and the clocks that are about to ring."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.clockboard import Rang, about_to_ring, alarms_page, load_strips
from townkeeper.cases.ladder import rungs_of, told
from townkeeper.cases.models import Alarm
from townkeeper.cases.sight import sight_of
from townkeeper.kit import clock
from townkeeper.units.models import Role
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.board.choices import unit_choices
from townkeeper.web.board.lists import (
    PAGE,
    Cell,
    Empty,
    Listed,
    Pick,
    Row,
    chosen,
    days_in,
    moment_key,
    number_in,
    read_moment_key,
    send_list,
)
from townkeeper.web.clockwords import late_words, roles_line, rung_words
from townkeeper.web.office.rows import procedure_of, step_title
from townkeeper.web.stages import look_of
from townkeeper.web.wording import ago, full_time

BATCH = 1000


@needs(Permission.SUPERVISION_BOARD_VIEW)
@require_safe
def alarm_list(request: HttpRequest) -> HttpResponseBase:
    """List alarms, newest first, by day, card and unit."""
    cards = [("yellow", _("yellow card")), ("red", _("red card")), ("none", _("without a card"))]
    units = unit_choices()
    card, unit = chosen(request, "card", cards), chosen(request, "unit", units)
    days = days_in(request)
    wanted = Rang(card=card, since=days.since, until=days.until, unit=unit)
    sight = sight_of(request.user, clock.now())
    after = read_moment_key(request.GET.get("after", ""))
    found, following = alarms_page(sight, wanted, size=PAGE, after=after)

    def every() -> Iterator[Row]:
        rows, key = alarms_page(sight, wanted, size=BATCH)
        yield from alarm_rows(rows)
        while key is not None:
            rows, key = alarms_page(sight, wanted, size=BATCH, after=key)
            yield from alarm_rows(rows)

    return send_list(
        request,
        Listed(
            stem="alarms",
            title=_("Cards and alarms"),
            lead=_("Each rung of a ladder that a clock reached: which rule, when, who was told."),
            heads=_alarm_heads(),
            rows=list(alarm_rows(found)),
            every=every,
            picks=[Pick("card", _("Card"), card, cards), Pick("unit", _("Unit"), unit, units)],
            typed=days.typed,
            following=moment_key(following),
            empty=_no_alarm(),
        ),
    )


def _no_alarm() -> Empty:
    return Empty(
        _("No alarm rang"),
        _("Alarms appear as soon as a clock reaches a rung of its ladder."),
        "bell-off",
        reverse("board:clocks"),
        _("To the board"),
    )


def _alarm_heads() -> Sequence[tuple[str, str]]:
    return [
        (_("When"), "nw"),
        (_("Card"), "nw"),
        (_("Rule"), ""),
        (_("Case"), ""),
        (_("Unit"), ""),
        (_("Told"), ""),
    ]


def role_names() -> dict[str, str]:
    """Return the roles' names by key."""
    return {role.key: role.title for role in Role.objects.all()}


def alarm_rows(alarms: Iterable[Alarm]) -> Iterator[Row]:
    """Yield alarms as rows of a table."""
    roles = role_names()
    for alarm in alarms:
        rule = rung_words(alarm.rule)
        if alarm.ask_id is not None:
            rule = _("Nobody has decided: %(rule)s") % {"rule": rule}
        line = roles_line(alarm.tell, roles)
        yield [
            Cell(full_time(alarm.due_at), small=late_words(alarm.due_at, alarm.at)),
            Cell({"yellow": _("yellow card"), "red": _("red card")}.get(alarm.card, "–"),
                 card=alarm.card),
            Cell(rule),
            Cell(alarm.case.title, reverse("office:case", args=[alarm.case.number]),
                 small=alarm.case.number, css="wide2 two"),
            Cell(alarm.unit.title if alarm.unit else "–"),
            Cell(line or "–"),
        ]  # fmt: skip


WITHIN = (("1", 1), ("4", 4), ("24", 24))


@needs(Permission.SUPERVISION_BOARD_VIEW)
@require_safe
def upcoming(request: HttpRequest) -> HttpResponseBase:
    """List the clocks whose next rung is near, the next one first."""
    now = clock.now()
    spans = [(key, _("within %(hours)s h") % {"hours": hours}) for key, hours in WITHIN]
    within = chosen(request, "within", spans) or "1"
    rows = about_to_ring(
        sight_of(request.user, now), now, within=timedelta(hours=dict(WITHIN)[within])
    )
    after = number_in(request.GET.get("after", "")) or 0
    ids = list(rows.values_list("pk", flat=True)[after : after + PAGE + 1])

    def every() -> Iterator[Row]:
        whole = list(rows.values_list("pk", flat=True)[: BATCH * 100])
        for begin in range(0, len(whole), BATCH):
            yield from _upcoming_rows(whole[begin : begin + BATCH])

    return send_list(
        request,
        Listed(
            stem="upcoming",
            title=_("About to be triggered"),
            lead=_("Clocks whose next rung is near, the next one first."),
            heads=_upcoming_heads(),
            rows=list(_upcoming_rows(ids[:PAGE])),
            every=every,
            picks=[Pick("within", _("Time"), within, spans)],
            following=str(after + PAGE) if len(ids) > PAGE else "",
            empty=Empty(
                _("Nothing is about to ring"),
                _("Choose a longer time to look further ahead."),
                "bell-off",
            ),
        ),
    )


def _upcoming_heads() -> Sequence[tuple[str, str]]:
    return [
        (_("When"), "nw"),
        (_("Next rung"), ""),
        (_("Case"), ""),
        (_("State"), "nw"),
        (_("Unit"), ""),
        (_("Person"), ""),
    ]


def _upcoming_rows(ids: list[int]) -> Iterator[Row]:
    now, roles = clock.now(), role_names()
    for strip in load_strips(ids):
        task, case = strip.task, strip.task.case
        rungs = rungs_of(procedure_of(case), task.step)
        rung = rungs[task.rung] if task.rung < len(rungs) else None
        told_roles = told(rung, task.performer) if rung else []
        yield [
            Cell(full_time(task.next_at) if task.next_at else "–",
                 small=ago(task.next_at, now) if task.next_at else ""),
            Cell(rung_words(rung.at) if rung else "–", small=roles_line(told_roles, roles)),
            Cell(case.title, reverse("office:case", args=[case.number]), small=case.number,
                 css="wide2 two"),
            Cell(step_title(case) or look_of(task.stage).word),
            Cell(task.unit.title if task.unit else "–"),
            Cell(strip.person or "–"),
        ]  # fmt: skip
