"""Campaigns and exposure lists: all of them, one with its progress, and what is done with it."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Literal

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from townkeeper.accounts.models import User
from townkeeper.campaigns.actions import close_campaign, remind, resume_campaign
from townkeeper.campaigns.finding import (
    find_campaign,
    handed_over,
    narrowed,
    newest_campaigns,
)
from townkeeper.campaigns.models import Campaign
from townkeeper.campaigns.progress import Progress, RowState, UnitProgress, progress_of
from townkeeper.cases.models import Case
from townkeeper.kit.errors import Problem
from townkeeper.publication.breakdown import print_campaign, state_words
from townkeeper.publication.breakdown_words import WORDS
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.board.lists import (
    PAGE,
    Cell,
    Empty,
    Listed,
    Pick,
    Row,
    Typed,
    chosen,
    number_in,
    send_list,
    words_in,
)
from townkeeper.web.board.people import names_of
from townkeeper.web.wording import full_time

AT_ONCE = 100
"""Rows handed over within one request; the page goes on by itself."""
BATCH = 500
FORMS = ("pdf", "docx", "xlsx")
TONGUES: dict[str, Literal["zh-Hant", "zh-Hans", "en"]] = {
    "zh-hant": "zh-Hant",
    "zh-hans": "zh-Hans",
    "en": "en",
}
KINDS: dict[str, Literal["breakdown", "closing"]] = {"breakdown": "breakdown", "closing": "closing"}
STATE_TAGS = {
    "preparing": "grey", "not-begun": "warn", "running": "info", "reported": "violet",
    "done": "ok", "voided": "grey",
}  # fmt: skip
runs = needs(Permission.CAMPAIGNS_CAMPAIGN_RUN)


@runs
@require_safe
def campaign_list(request: HttpRequest) -> HttpResponseBase:
    """List campaigns, newest first."""
    statuses, kinds = Campaign.Status.choices, Campaign.Kind.choices
    status, kind = chosen(request, "status", statuses), chosen(request, "kind", kinds)
    words = words_in(request, "q")
    fetch = partial(newest_campaigns, status=status, kind=kind, words=words)
    found = fetch(before=number_in(request.GET.get("after", "")), most=PAGE + 1)
    shown = found[:PAGE]

    def every() -> Iterator[Row]:
        before = None
        while batch := fetch(before=before, most=BATCH):
            yield from _campaign_rows(batch)
            before = batch[-1].pk

    return send_list(
        request,
        Listed(
            stem="campaigns",
            title=_("Campaigns and exposure lists"),
            heads=_heads(),
            rows=list(_campaign_rows(shown)),
            every=every,
            picks=[
                Pick("kind", _("Kind"), kind, kinds), Pick("status", _("State"), status, statuses)
            ],
            typed=[Typed("q", _("Title or key"), words)],
            following=str(shown[-1].pk) if len(found) > PAGE else "",
            empty=_nothing(),
        ),
        "board/campaigns.html",
    )  # fmt: skip


def _nothing() -> Empty:
    return Empty(
        _("No campaign yet"),
        _("Take in an exposure list from a spreadsheet, or give many units one order."),
        "megaphone",
        reverse("board:import"),
        _("Take in a list"),
    )


def _heads() -> Sequence[tuple[str, str]]:
    return [
        (_("Title"), ""),
        (_("Kind"), ""),
        (_("State"), ""),
        (_("Rows"), "r"),
        (_("Ended"), "r"),
        (_("Deadline"), ""),
        (_("Made"), "nw"),
    ]


STATUS_TAGS = {"preparing": "warn", "running": "info", "closed": "ok"}


def _campaign_rows(campaigns: Iterable[Campaign]) -> Iterator[Row]:
    for campaign in campaigns:
        rows, ended = campaign.rows, campaign.ended  # type: ignore[attr-defined]
        yield [
            Cell(campaign.title, reverse("board:campaign", args=[campaign.key]),
                 small=campaign.key, css="wide2"),
            Cell(campaign.get_kind_display(), small=campaign.source),
            Cell(campaign.get_status_display(), kind=STATUS_TAGS[campaign.status]),
            Cell(f"{rows:,}", css="r", value=rows),
            Cell(f"{ended:,}", css="r", value=ended),
            Cell(campaign.due_text or _("as each row says")),
            Cell(full_time(campaign.created_at), small=campaign.created_by, css="nw"),
        ]  # fmt: skip


@runs
@require_safe
def campaign_page(request: HttpRequest, key: str) -> HttpResponseBase:
    """Show how far one is: by unit, and every row with what is missing."""
    return show_campaign(request, _campaign(key))


def show_campaign(
    request: HttpRequest, campaign: Campaign, *, refused: Problem | None = None, note: str = ""
) -> HttpResponseBase:
    """Answer with the page of a campaign; what was refused and typed stands there again."""
    found = progress_of(campaign)
    states = [("missing", _("not reported yet")), ("late", _("late"))]
    states += WORDS[_tongue(request)].states.items()
    titles = dict(units := _titled(found))
    state, unit = chosen(request, "state", states), chosen(request, "unit", units)
    rows = narrowed(found.rows, state=state, unit=unit)
    begin = number_in(request.GET.get("after", "")) or 0
    shown = rows[begin : begin + PAGE]
    done, whole = handed_over(campaign)
    listed = Listed(
        stem=f"campaign-{campaign.key}",
        title=campaign.title,
        note=campaign.key,
        heads=_row_heads(),
        rows=list(_rows(shown, titles, request)),
        every=lambda: _rows(rows, titles, request),
        picks=[Pick("state", _("State"), state, states), Pick("unit", _("Unit"), unit, units)],
        following=str(begin + PAGE) if len(rows) > begin + PAGE else "",
        total=_("%(shown)s shown of %(total)s rows")
        % {"shown": f"{len(shown):,}", "total": f"{len(rows):,}"},
        empty=Empty(_("No row fits these conditions"), "", "filter"),
        kpis=_kpis(request, found),
        extra={
            "campaign": campaign,
            "units": [(each, titles[each.code]) for each in found.units],
            **_people(campaign),
            "done": done,
            "whole": whole,
            "refused": refused,
            "note": note,
            "tongue": _tongue(request),
            "open_rows": found.total.rows - found.total.done - found.total.voided,
        },
    )  # fmt: skip
    response = send_list(request, listed, "board/campaign.html")
    response.status_code = 422 if refused is not None else response.status_code
    return response


def _people(campaign: Campaign) -> dict[str, str]:
    names = names_of((campaign.created_by, campaign.closed_by))
    who = {"created_by": campaign.created_by, "closed_by": campaign.closed_by}
    return {key: names.get(name, "") for key, name in who.items()}


def _titled(found: Progress) -> list[tuple[str, str]]:
    """Return code and name of each unit in the language of the page."""
    rows = Unit.objects.filter(code__in=[each.code for each in found.units])
    titles = {unit.code: unit.title for unit in rows.only("code", "name", "names")}
    return [(each.code, titles.get(each.code, each.name)) for each in found.units]


def _row_heads() -> Sequence[tuple[str, str]]:
    return [
        (_("No."), "r"),
        (_("Problem"), ""),
        (_("Unit"), ""),
        (_("Deadline"), "nw"),
        (_("State"), ""),
        (_("What is missing"), ""),
        (_("Reminders"), "r"),
    ]


def _kpis(request: HttpRequest, found: Progress) -> list[dict[str, Any]]:
    total: UnitProgress = found.total
    base = reverse("board:campaign", args=[found.campaign.key])
    parts = (
        (_("All rows"), total.rows, "", "", "list-checks"),
        (_("Finished"), total.done, "done", "", "circle-check"),
        (_("To be verified"), total.reported, "reported", "", "clipboard-check"),
        (_("Under way"), total.running, "running", "", "construction"),
        (_("Not begun"), total.not_begun, "not-begun", "y", "hourglass"),
        (_("Late"), total.overdue, "late", "r", "alarm-clock"),
    )
    state = request.GET.get("state", "")
    return [
        {
            "label": label, "count": count, "kind": kind, "icon": icon,
            "href": f"{base}?state={key}" if key else base,
            "current": bool(key) and key == state,
        }
        for label, count, key, kind, icon in parts
    ]  # fmt: skip


def _rows(rows: Iterable[RowState], names: dict[str, str], request: HttpRequest) -> Iterator[Row]:
    rows, told = list(rows), WORDS[_tongue(request)]
    numbers = [row.case.number for row in rows if row.case is not None]
    seen = set(
        Case.objects.visible_to(request.user)
        .filter(number__in=numbers)
        .values_list("number", flat=True)
    )
    for row in rows:
        number = row.case.number if row.case is not None else ""
        href = reverse("office:case", args=[number]) if number in seen else ""
        kind = (
            "bad" if row.is_late and row.state not in {"done", "voided"} else STATE_TAGS[row.state]
        )
        yield [
            Cell(row.item.number, css="r", value=row.item.number),
            Cell(row.item.problem, href, small=row.item.place or number, css="wide2"),
            Cell(names.get(row.unit, row.unit), small=row.item.leader),
            Cell(full_time(row.due_at) if row.due_at else "–", css="nw"),
            Cell(state_words(row, told), kind=kind),
            Cell(_missing(row)),
            Cell(row.item.reminders or "–", css="r", value=row.item.reminders),
        ]


def _missing(row: RowState) -> str:
    """Say what somebody still has to do."""
    words = {
        "preparing": _("to be handed over"),
        "not-begun": _("nothing shown yet: photo or paper, and the report"),
        "running": _("the report that it is done"),
        "reported": _("the verification"),
    }
    return words.get(row.state, "–")


def _tongue(request: HttpRequest) -> Literal["zh-Hant", "zh-Hans", "en"]:
    asked = request.POST.get("language", "")
    if asked in TONGUES.values():
        return asked  # type: ignore[return-value]
    return TONGUES.get(get_language() or "", "zh-Hant")


def _campaign(key: str) -> Campaign:
    campaign = find_campaign(key)
    if campaign is None:
        raise Http404
    return campaign


def person(request: HttpRequest) -> User:
    """Return who asks."""
    assert isinstance(request.user, User)  # noqa: S101 - the decorator has looked
    return request.user


@runs
@require_POST
def remind_all(request: HttpRequest, key: str) -> HttpResponseBase:
    """Remind of what is not reported yet."""
    campaign, note = _campaign(key), request.POST.get("note", "")[:500]
    try:
        told = remind(campaign, actor=person(request).username, note=note)
    except Problem as problem:
        return show_campaign(request, campaign, refused=problem, note=note)
    if told:
        messages.success(request, _("Reminded of %(n)s rows.") % {"n": len(told)})
    else:
        messages.info(request, _("Nothing to remind of: all is reported, or was just reminded of."))
    return redirect("board:campaign", key)


@runs
@require_POST
def close(request: HttpRequest, key: str) -> HttpResponseBase:
    """Close it, with a note where rows are open."""
    campaign, note = _campaign(key), request.POST.get("note", "")
    try:
        close_campaign(campaign, actor=person(request).username, note=note)
    except Problem as problem:
        return show_campaign(request, campaign, refused=problem, note=note)
    messages.success(request, _("Closed. Print the closing report now."))
    return redirect("board:campaign", key)


@runs
@require_POST
def resume(request: HttpRequest, key: str) -> HttpResponseBase:
    """Hand over some more rows."""
    campaign = _campaign(key)
    try:
        resume_campaign(campaign, actor=person(request), most=AT_ONCE)
    except Problem as problem:
        return show_campaign(request, campaign, refused=problem)
    return redirect("board:campaign", key)


@runs
@require_POST
def printed(request: HttpRequest, key: str) -> HttpResponseBase:
    """Send the task breakdown table or the closing report as PDF, Word or Excel."""
    campaign = _campaign(key)
    form, kind = request.POST.get("form", ""), KINDS.get(request.POST.get("kind", ""))
    if form not in FORMS or kind is None:
        raise Http404
    files = print_campaign(
        campaign, actor=person(request).username, kind=kind, language=_tongue(request)
    )
    return FileResponse(files[form].open("rb"), as_attachment=True, filename=files[form].name)
