"""The brief of a morning, what stands behind its figures, its areas, and the big screen."""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from townkeeper.cases.models import Case
from townkeeper.kit import clock
from townkeeper.publication.brief_figures import SPANS
from townkeeper.publication.briefs import current_edition
from townkeeper.publication.models import BriefEdition
from townkeeper.supervision.models import Addressee, Order
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs, posts_for
from townkeeper.web.leader.mapping import area_rows, draw_map
from townkeeper.web.leader.words import (
    BEFORE,
    SPAN_TITLES,
    TITLES,
    figure_rows,
    kept_things,
    thing_rows,
)
from townkeeper.web.office.rows import task_rows, with_row_parts
from townkeeper.web.order_words import look_of_state
from townkeeper.web.templatetags.ui import num

PAGE = 100
OLDER = 14
SHOWN = 8
REFRESH = 60


def area_of(request: HttpRequest) -> Unit:
    """Return the area whose brief the person reads: that of the highest such post."""
    posts = posts_for(request)
    areas = [p.area for p in posts if Permission.SUPERVISION_BRIEF_VIEW in p.role.permissions]
    return min(areas, key=lambda unit: (unit.level, unit.path))


def find_edition(request: HttpRequest, day: date | None) -> BriefEdition:
    """Return the edition of a day, this morning's where none is said. Errors: Http404."""
    area = area_of(request)
    if day is None:
        return current_edition(area, actor=request.user.get_username())
    found = BriefEdition.objects.defer("behind").filter(area=area, day=day).first()
    if found is None:
        raise Http404
    return found


@needs(Permission.SUPERVISION_BRIEF_VIEW)
@require_safe
def brief(request: HttpRequest, day: date | None = None) -> HttpResponse:
    """Show the brief: five figures, three things to know, the map; one screen."""
    edition = find_edition(request, day)
    span = request.GET.get("span", "week")
    span = span if span in SPANS else "week"
    area = area_of(request)
    context = _common(edition, span, area) | {
        "is_current": day is None,
        "tabs": [
            {"label": title, "count": None, "current": key == span, "href": f"?span={key}"}
            for key, title in SPAN_TITLES.items()
        ],
        "older": _older(edition, area),
        "beside": _beside(edition, area),
        "is_waiting": edition.day < clock.today() and day is None,
        "answers": _answers(request),
        "may_order": _may_order(request),
        "about": f"brief:{edition.day.isoformat()}",
    }
    return render(request, "leader/brief.html", context)


def _common(edition: BriefEdition, span: str, area: Unit) -> dict[str, Any]:
    return {
        "edition": edition,
        "area": area,
        "span": span,
        "span_title": SPAN_TITLES[span],
        "before_words": BEFORE[span],
        "figures": figure_rows(edition, span),
        "things": thing_rows(edition),
        "map": draw_map(edition, area),
        "areas": area_rows(edition, area),
    }


def _older(edition: BriefEdition, area: Unit) -> list[BriefEdition]:
    rows = BriefEdition.objects.filter(area=area).exclude(pk=edition.pk)
    return list(rows.only("day").order_by("-day")[:OLDER])


def _beside(edition: BriefEdition, area: Unit) -> tuple[BriefEdition | None, BriefEdition | None]:
    """Return the editions of the mornings before and after."""
    rows = BriefEdition.objects.filter(area=area).only("day")
    before = rows.filter(day__lt=edition.day).order_by("-day").first()
    return before, rows.filter(day__gt=edition.day).order_by("day").first()


def _may_order(request: HttpRequest) -> bool:
    wanted = Permission.SUPERVISION_ORDER_ISSUE
    return any(wanted in post.role.permissions for post in posts_for(request))


def _answers(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the instructions that the person gave, the latest answers first."""
    mine = Order.objects.visible_to(request.user).filter(
        issued_by=request.user.get_username(), kind=Order.Kind.INSTRUCTION
    )
    found = []
    now = clock.now()
    for order in mine.prefetch_related("addressees__unit", "addressees__replies").order_by("-pk")[
        :SHOWN
    ]:
        units = []
        for each in order.addressees.all():
            each.order = order
            replies = list(each.replies.all())
            units.append(
                {
                    "unit": each.unit, "look": look_of_state(each), "is_late": each.is_overdue(now),
                    "reply": replies[-1].text if replies else "", "due_at": each.due_at,
                    "is_waiting": each.state in Addressee.WAITING,
                }
            )  # fmt: skip
        found.append({"order": order, "units": units})
    return found


@needs(Permission.SUPERVISION_BRIEF_VIEW)
@require_safe
def cases(request: HttpRequest, day: date, key: str) -> HttpResponse:
    """Show the cases behind a figure as they were counted, as far as the person sees them."""
    edition = find_edition(request, day)
    behind = BriefEdition.objects.values_list("behind", flat=True).get(pk=edition.pk)
    if key not in behind:
        raise Http404
    where = _below(request, edition)
    ids = _inside(request, behind[key], where)
    begin = int(given) if (given := request.GET.get("from", "")).isdecimal() else 0
    shown = ids[begin : begin + PAGE]
    seen = Case.objects.visible_to(request.user).filter(pk__in=shown)
    loaded = {parts.case.pk: parts for parts in with_row_parts(seen)}
    rows = task_rows([(loaded[pk], None) for pk in shown if pk in loaded])
    span, _dot, name = key.rpartition(".")
    whole = len(ids) if where else _whole(edition, key, span or "day", name)
    parts = {"shown": num(len(rows)), "total": num(whole)}
    place = f"&area={where.code}" if where else ""
    context = {
        "edition": edition,
        "title": _title(edition, span, name),
        "is_rate": name == "on_time",
        "where": where,
        "rows": rows,
        "has_photos": any(row.photo for row in rows),
        "total_text": _("%(shown)s shown of %(total)s cases") % parts,
        "is_cut": whole > len(ids),
        "kept": len(ids),
        "next_url": f"?from={begin + PAGE}{place}" if begin + PAGE < len(ids) else "",
        "first_url": f"?{place[1:]}" if begin else "",
    }
    return render(request, "leader/cases.html", context)


def _title(edition: BriefEdition, span: str, name: str) -> str:
    if span == "thing":
        things = zip(edition.content["things"], thing_rows(edition), strict=True)
        return next(row.text for thing, row in things if thing["key"] == name)
    if not span:
        return str(TITLES[name][0])
    return _("%(figure)s, %(span)s") % {"figure": TITLES[name][0], "span": SPAN_TITLES[span]}


def _inside(request: HttpRequest, ids: list[int], where: Unit | None) -> list[int]:
    """Return the cases that lie in an area, in their order."""
    if where is None:
        return ids
    inside = Case.objects.visible_to(request.user).filter(
        pk__in=ids, area__path__gte=where.path, area__path__lt=where.path_end
    )
    kept = set(inside.values_list("pk", flat=True))
    return [pk for pk in ids if pk in kept]


def _whole(edition: BriefEdition, key: str, span: str, name: str) -> int:
    if span == "thing":
        return kept_things(edition)[key]
    figure = edition.content["spans"][span]["figures"][name]
    return int(figure["late"] if name == "on_time" else figure["value"])


def _below(request: HttpRequest, edition: BriefEdition) -> Unit | None:
    """Return the area that the address asks for; none asked for: None. Errors: Http404."""
    code = request.GET.get("area", "")
    return _area(edition, code) if code else None


def _area(edition: BriefEdition, code: str) -> Unit:
    if code not in edition.content["areas"]:  # asked first: what is no code never reaches the base
        raise Http404
    found = Unit.objects.under(edition.area).filter(code=code).first()
    if found is None:
        raise Http404
    return found


@needs(Permission.SUPERVISION_BRIEF_VIEW)
@require_safe
def area(request: HttpRequest, day: date, code: str) -> HttpResponse:
    """Show an area of an edition: its figures, the areas below it, and the way to its cases."""
    edition = find_edition(request, day)
    unit = _area(edition, code)
    line = [unit.path[: end + 1] for end, letter in enumerate(unit.path) if letter == "."]
    above = Unit.objects.filter(path__in=line[:-1], path__gte=edition.area.path).defer("outline")
    context = {
        "edition": edition,
        "unit": unit,
        "above": [each for each in above.order_by("path") if each.pk != edition.area_id],
        "row": edition.content["areas"][code],
        "areas": area_rows(edition, unit),
        "map": draw_map(edition, unit),
        "overdue_url": reverse("leader:cases", args=[day.isoformat(), "overdue"]) + f"?area={code}",
        "reported_url": reverse("leader:cases", args=[day.isoformat(), "week.reported"])
        + f"?area={code}",
        "running_url": f"{reverse('office:cases')}?area={code}",
    }
    return render(request, "leader/area.html", context)


@needs(Permission.SUPERVISION_BRIEF_VIEW)
@require_safe
def screen(request: HttpRequest) -> HttpResponse:
    """Show the brief on a wall: dark, large, loaded anew each minute unless it is paused."""
    edition = find_edition(request, None)
    is_paused = request.GET.get("pause") == "1"
    trend = edition.content.get("trend") or []
    top = max((max(row[1], row[2]) for row in trend), default=0)
    context = _common(edition, "week", area_of(request)) | {
        "is_paused": is_paused,
        "refresh": REFRESH,
        "trend": trend,
        "top": top,
        "lines": [_line(trend, column, top) for column in (1, 2)],
    }
    context["areas"] = context["areas"][:5]
    return render(request, "leader/screen.html", context)


def _line(trend: list[list[Any]], column: int, top: int) -> str:
    """Return a line of the trend as points of an SVG of 560 by 200."""
    if len(trend) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    step = 560 / (len(trend) - 1)
    return " ".join(
        f"{n * step:.0f},{190 - 180 * row[column] / (top or 1):.0f}" for n, row in enumerate(trend)
    )
