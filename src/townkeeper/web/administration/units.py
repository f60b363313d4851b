"""The tree of units and the page of one: names, dates, outline, posts, duties, cases, changes."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from townkeeper.cases.models import Case
from townkeeper.duties.models import Duty
from townkeeper.journal.seen import history_length
from townkeeper.kit import clock
from townkeeper.kit.schema import LANGUAGES
from townkeeper.publication.typeset.document import Column
from townkeeper.units.actions import add_unit
from townkeeper.units.editing import correct_unit, read_outline, set_outline
from townkeeper.units.models import Place, Post, Unit, UnitChange
from townkeeper.units.permissions import Permission
from townkeeper.web.access import may, needs
from townkeeper.web.administration.drawing import outline_drawing
from townkeeper.web.administration.forms import REFUSED, names_from
from townkeeper.web.administration.pages import (
    crumbs,
    form_page,
    history,
    may_edit,
    person,
    tabs_of,
    unit_or_404,
    unit_to_edit,
    with_ends,
)
from townkeeper.web.administration.unit_forms import EditUnit, NewUnit, OutlineForm
from townkeeper.web.exports import Sheet, links, send_sheet

edits = needs(Permission.UNITS_UNIT_EDIT)
WHOLE_TREE = 800
"""More units than this, and the tree is opened level by level."""
FOUND = 100
COUNT_UP_TO = 1000
DUTIES_SHOWN = 30


@dataclass
class Node:
    """A unit in the tree."""

    unit: Unit
    below: list["Node"]

    @property
    def is_open(self) -> bool:
        """Whether its children are shown at once: the top, and whatever is not a street."""
        return self.unit.level == 0


@edits
@require_safe
def unit_tree(request: HttpRequest) -> HttpResponse:
    """Show the tree of units, or what a search finds in it."""
    typed = request.GET.get("q", "").strip()[:60]
    ended = request.GET.get("ended") == "1"
    rows = Unit.objects.visible_to(request.user).defer("outline").order_by("path")
    if not ended:
        rows = rows.existing(clock.today())
    found = _found(rows, typed) if typed else []
    under = _under(request)
    context = {
        "tabs": tabs_of(request, "administration:units"),
        "typed": typed,
        "ended": ended,
        "found": found[:FOUND],
        "more": max(0, len(found) - FOUND),
        "tree": [] if typed else _tree(rows, under),
        "under": under,
        "page_actions": [
            *links(_export("xlsx", ended=ended), _export("csv", ended=ended)),
            {"href": reverse("administration:unit-add"), "icon": "plus", "label": _("Add a unit"),
             "primary": True},
        ],
    }  # fmt: skip
    return render(request, "administration/units.html", context)


def _export(form: str, *, ended: bool) -> str:
    return reverse("administration:units-export", args=[form]) + ("?ended=1" if ended else "")


def _under(request: HttpRequest) -> Unit | None:
    code = request.GET.get("under", "")
    return unit_or_404(code, request) if code else None


def _found(rows: Any, typed: str) -> list[Unit]:  # noqa: ANN401 - a query set
    """Find by code, name in any language, former name, pinyin initials or full pinyin."""
    wanted = typed.casefold()
    hits = []
    for unit in rows.select_related("parent").defer("outline", "parent__outline"):
        names = [unit.name, *unit.names.values(), *unit.aliases]
        initials, _space, full = unit.sort_key.partition(" ")
        if unit.code.casefold().startswith(wanted):
            hits.append((0, unit))
        elif any(name.casefold().startswith(wanted) for name in names):
            hits.append((1, unit))
        elif initials.startswith(wanted) or full.startswith(wanted):
            hits.append((2, unit))
        elif any(wanted in name.casefold() for name in names):
            hits.append((3, unit))
    return [unit for _rank, unit in sorted(hits, key=lambda hit: (hit[0], hit[1].path))]


def _tree(rows: Any, under: Unit | None) -> list[Node]:  # noqa: ANN401 - a query set
    if under is not None:
        rows = rows.under(under)
    units = list(rows)
    if len(units) > WHOLE_TREE:
        top = under.level if under else 0
        units = [unit for unit in units if unit.level <= top + 1]
    nodes = {unit.pk: Node(unit, []) for unit in units}
    tops: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.unit.parent_id or 0)
        (parent.below if parent else tops).append(node)
    return tops


@edits
@require_safe
def units_export(request: HttpRequest, form: str) -> HttpResponse:
    """Send the units as a spreadsheet."""
    rows = Unit.objects.visible_to(request.user).defer("outline").order_by("path")
    if request.GET.get("ended") != "1":
        rows = rows.existing(clock.today())
    titles = (
        _("Code"), _("Name"), "zh-Hant", "zh-Hans", "en", _("Kind"), _("Parent"), _("From"),
        _("Until"), _("Source"),
    )  # fmt: skip
    codes = dict(Unit.objects.values_list("pk", "code"))
    lines = (
        [
            unit.code, unit.name, *(unit.names.get(tag, "") for tag in LANGUAGES),
            str(unit.get_kind_display()), codes.get(unit.parent_id or 0, ""),
            f"{unit.since:%F}" if unit.since else "", f"{unit.until:%F}" if unit.until else "",
            unit.source,
        ]
        for unit in rows
    )  # fmt: skip
    sheet = Sheet("units", _("Units"), [Column(title) for title in titles], lines)
    return send_sheet(request, sheet, form, back=reverse("administration:units"))  # type: ignore[return-value]


@edits
@require_safe
def unit_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show one unit with everything that hangs on it."""
    unit = unit_or_404(code, request)
    today = clock.today()
    above = _above(unit)
    below = Unit.objects.filter(parent=unit).existing(today).defer("outline").order_by("path")
    running = Case.objects.visible_to(request.user).running().filter(unit=unit).order_by()
    duties = Duty.objects.filter(Duty.valid_on(today), unit=unit).select_related("category", "area")
    changes = _changes_of(unit)
    context = {
        "unit": unit,
        "crumbs": crumbs(
            (_("Units"), reverse("administration:units")),
            *((each.title, reverse("administration:unit", args=[each.code])) for each in above),
        ),
        "may_edit": may_edit(request, unit),
        "below": list(below[: FOUND + 1]),
        "posts": with_ends(request, _posts(unit)),
        "may_accounts": may(request, Permission.ACCOUNTS_USER_EDIT),
        "duties": list(duties.defer("area__outline").order_by("category__key", "area__path")
                       [:DUTIES_SHOWN]),
        "duty_count": duties.count(),
        "cases": running.values("pk")[: COUNT_UP_TO + 1].count(),
        "count_up_to": COUNT_UP_TO,
        "places": Place.objects.filter(area=unit).count(),
        "changes": changes,
        "drawing": outline_drawing(unit),
        "entries": history([f"unit:{unit.code}"], units=[unit.code]),
        "today": today,
    }  # fmt: skip
    return render(request, "administration/unit.html", context)


def _above(unit: Unit) -> list[Unit]:
    segments = unit.path.split(".")[:-2]
    paths = [".".join(segments[: n + 1]) + "." for n in range(len(segments))]
    return list(Unit.objects.filter(path__in=paths).defer("outline").order_by("path"))


def _posts(unit: Unit) -> list[Post]:
    today = clock.today()
    posts = Post.objects.filter(Q(until=None) | Q(until__gt=today), unit=unit)
    rows = posts.select_related("user", "role", "unit", "scope").defer(
        "unit__outline", "scope__outline"
    )
    return list(rows.order_by("role__key", "user__name", "pk"))


def _changes_of(unit: Unit) -> list[UnitChange]:
    rows = UnitChange.objects.order_by("-on", "-pk")[:300]
    return [row for row in rows if unit.code in {*row.plan["units"], *row.plan["into"]}]


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def unit_add(request: HttpRequest) -> HttpResponse:
    """Add a unit."""
    parent = request.GET.get("under", "")
    form = NewUnit(request.POST or None, initial={"parent": parent, "since": clock.today()})

    def do() -> str | None:
        data = form.cleaned_data
        if not may_edit(request, data["parent"]):
            form.add_error("parent", _("You may add no unit there."))
            raise _refused()
        names = {tag: text for tag, text in names_from(form).items() if text}
        unit = add_unit(
            data["code"].strip(), name=next(iter(names.values()), ""), names=names,
            kind=data["kind"], parent=data["parent"], since=data["since"], source=data["source"],
            attributes={"contact": data["contact"]} if data["contact"] else {},
            actor=person(request).username,
        )  # fmt: skip
        return reverse("administration:unit", args=[unit.code])

    back = reverse("administration:units")
    return form_page(
        request, form, title=_("Add a unit"), back=back, do=do, done=_("The unit was added."),
        submit=_("Add"), crumbs=crumbs((_("Units"), back)),
    )  # fmt: skip


def _refused() -> Exception:
    from townkeeper.kit.errors import Problem  # noqa: PLC0415 - said at the field already

    return Problem("not-there", _("Nothing was saved."))


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def unit_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Correct what is known of a unit."""
    unit = unit_to_edit(code, request)
    form = EditUnit(request.POST or None, unit=unit)

    def do() -> None:
        data = form.cleaned_data
        correct_unit(
            unit, names=names_from(form), kind=data["kind"], since=data["since"],
            contact=data["contact"], source=data["source"], seen=form.seen_state,
            actor=person(request).username,
        )  # fmt: skip

    return form_page(
        request, form, title=_("Edit %(name)s") % {"name": unit.title}, do=do,
        back=reverse("administration:unit", args=[code]), crumbs=_way(unit),
        note=_("A new name from a day on is a renaming: then people still find the old one."),
    )  # fmt: skip


def _way(unit: Unit) -> list[dict[str, str]]:
    return crumbs(
        (_("Units"), reverse("administration:units")),
        (unit.title, reverse("administration:unit", args=[unit.code])),
    )


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def unit_outline(request: HttpRequest, code: str) -> HttpResponse:
    """Upload a unit's outline, see it beside the old one, then save it."""
    unit = unit_to_edit(code, request)
    back = reverse("administration:unit", args=[code])
    seen = history_length(f"unit:{unit.code}")
    form = OutlineForm(request.POST or None, request.FILES or None, initial={"seen": seen})
    page: dict[str, Any] = {
        "title": _("Outline of %(name)s") % {"name": unit.title}, "back": back,
        "crumbs": _way(unit), "unit": unit, "drawing": outline_drawing(unit),
        "template": "administration/outline.html", "submit": _("Save the outline"),
    }  # fmt: skip

    def do() -> None:
        actor = person(request).username
        if request.POST.get("do") == "remove":
            set_outline(unit, None, actor=actor, seen=form.seen_state)
        else:
            set_outline(unit, read_outline(form.text()), actor=actor, seen=form.seen_state)

    if request.method == "POST" and request.POST.get("do") == "preview":
        return _outline_preview(request, form, unit, page)
    return form_page(request, form, do=do, done=_("The outline was saved."), **page)


def _outline_preview(
    request: HttpRequest, form: OutlineForm, unit: Unit, page: dict[str, Any]
) -> HttpResponse:
    from townkeeper.kit.errors import Problem  # noqa: PLC0415 - only here

    context = {**page, "page_title": page["title"], "form": form}
    if form.is_valid():
        try:
            outline = read_outline(form.text())
        except Problem as problem:
            form.refuse(problem)
        else:
            context["preview"] = outline_drawing(unit, outline)
            context["form"] = OutlineForm(initial={**form.cleaned_data, "outline": form.text()})
            return render(request, str(page["template"]), context)
    return render(request, str(page["template"]), context, status=REFUSED)
