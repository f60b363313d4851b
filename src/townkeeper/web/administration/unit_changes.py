"""Renaming, moving, merging, splitting and abolishing units: a preview first, then for good."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from townkeeper.cases.handover import Preview, apply_change, preview_change, withdraw_change
from townkeeper.duties.models import Category
from townkeeper.journal.seen import history_length
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.units.actions import move_unit, rename_unit
from townkeeper.units.changes import Plan, abolition, merger, split
from townkeeper.units.models import Unit, UnitChange
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.administration.forms import names_from
from townkeeper.web.administration.pages import (
    crumbs,
    form_page,
    may_edit,
    person,
    previewed_page,
    tabs_of,
    unit_to_edit,
)
from townkeeper.web.administration.unit_forms import EndForm, MoveForm, RenameForm

edits = needs(Permission.UNITS_UNIT_EDIT)
SHOWN = 200


def _way(unit: Unit) -> list[dict[str, str]]:
    return crumbs(
        (_("Units"), reverse("administration:units")),
        (unit.title, reverse("administration:unit", args=[unit.code])),
    )


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def unit_rename(request: HttpRequest, code: str) -> HttpResponse:
    """Give a unit another name from a day on."""
    unit = unit_to_edit(code, request)
    seen = history_length(f"unit:{code}")
    initial = {"on": clock.today(), "seen": seen}
    form = RenameForm(request.POST or None, unit=unit, initial=initial)

    def do() -> None:
        names = {tag: text for tag, text in names_from(form).items() if text}
        rename_unit(
            unit, name=next(iter(names.values()), ""), names=names, on=form.cleaned_data["on"],
            actor=person(request).username, seen=form.seen_state,
        )  # fmt: skip

    return form_page(
        request, form, title=_("Rename %(name)s") % {"name": unit.title}, do=do, crumbs=_way(unit),
        back=reverse("administration:unit", args=[code]), done=_("The unit was renamed."),
        note=_("The old name stays findable, and papers of the past keep it."),
        submit=_("Rename"),
    )  # fmt: skip


def _refuse_old(unit: Unit, seen: int | None) -> None:
    """Compare outside the action's own transaction: whoever is a moment later is told."""
    if seen != history_length(f"unit:{unit.code}"):
        raise Problem(
            "page-old",
            _("Somebody else has changed this since the page was opened. Nothing was saved."),
            hint=_("Open the page again, look at what changed, and enter your change once more."),
        )


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def unit_move(request: HttpRequest, code: str) -> HttpResponse:
    """Put a unit, with all below it, under another one."""
    unit = unit_to_edit(code, request)
    initial = {"parent": unit.parent, "seen": history_length(f"unit:{code}")}
    form = MoveForm(request.POST or None, initial=initial)

    def do() -> None:
        parent = form.cleaned_data["parent"]
        if not may_edit(request, parent):
            raise Problem("not-there", _("You may move nothing there."), where="parent")
        move_unit(
            unit, parent=parent, actor=person(request).username,
            reason=form.cleaned_data["reason"], seen=form.seen_state,
        )  # fmt: skip

    below = Unit.objects.under(unit).count() - 1
    note = ngettext(
        "%(count)s unit below goes with it, and what people see by their posts changes.",
        "%(count)s units below go with it, and what people see by their posts changes.",
        below,
    ) % {"count": below}
    return form_page(
        request, form, title=_("Move %(name)s") % {"name": unit.title}, do=do, crumbs=_way(unit),
        back=reverse("administration:unit", args=[code]), done=_("The unit was moved."),
        note=note, submit=_("Move"),
    )  # fmt: skip


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def unit_end(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """Merge, split or abolish a unit: what is carried over is shown before anything is done."""
    titles = {
        "merge": _("Merge %(name)s"),
        "split": _("Split %(name)s"),
        "close": _("Abolish %(name)s"),
    }
    if kind not in titles:
        raise Http404
    unit = unit_to_edit(code, request)
    initial = {"on": clock.today(), "seen": history_length(f"unit:{code}")}
    form = EndForm(request.POST or None, kind=kind, unit=unit, initial=initial)

    def look() -> dict[str, Any]:
        return _shown(preview_change(_allowed(request, _plan(form))))

    def do() -> str | None:
        plan = _allowed(request, _plan(form))
        _refuse_old(unit, form.seen_state)
        done = apply_change(plan, actor=person(request).username)
        if done.change is not None and done.change.state == UnitChange.State.WAITING:
            return reverse("administration:changes")
        return None

    return previewed_page(
        request, form, look=look, do=do, title=titles[kind] % {"name": unit.title},
        back=reverse("administration:unit", args=[code]), crumbs=_way(unit),
        done=_("Done."), submit=_("Carry out"), template="administration/unit_end.html",
        unit=unit, kind=kind,
    )  # fmt: skip


def _plan(form: EndForm) -> Plan:
    data, code = form.cleaned_data, form.unit.code
    on, reason = data["on"], data["reason"]
    if form.kind == "merge":
        units = [code, *form.chosen("with")]
        return merger(units, into=data["into"].code, on=on, rules=form.said(), reason=reason)
    if form.kind == "split":
        parts = form.chosen("part")
        return split(code, into=parts, on=on, rules=form.said(), reason=reason)
    return abolition(code, on=on, rules=form.said(), reason=reason)


def _allowed(request: HttpRequest, plan: Plan) -> Plan:
    """Refuse a plan with a unit that the person may not change."""
    for unit in Unit.objects.filter(code__in={*plan.units, *plan.into}).defer("outline"):
        if not may_edit(request, unit):
            raise Problem(
                "unit-not-yours", _("You may not change “%(name)s”.") % {"name": unit.title}
            )
    return plan


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the preview: how many of a sort go from whom to whom, and why."""

    what: str
    former: str
    heir: str
    rule: str
    count: int


def _shown(preview: Preview) -> dict[str, Any]:
    names = {u.code: u.title for u in Unit.objects.filter(code__in=_codes(preview))}
    kinds = {c.key: c.title for c in Category.objects.filter(key__in=_keys(preview))}
    rows = [
        Row(_what(what), names.get(former, former), names.get(heir, heir), _why(rule, kinds), count)
        for (what, former, heir, rule), count in sorted(preview.counts().items())
        if heir
    ]
    left = defaultdict(list)
    for piece in preview.uncovered:
        left[_what(piece.what)].append(piece.key)
    return {
        "rows": rows[:SHOWN],
        "uncovered": [(what, keys[:8], len(keys)) for what, keys in left.items()],
        "is_refused": bool(preview.uncovered),
        "doubles": preview.doubles,
        "left_over": preview.left_over,
        "on": preview.plan.on,
        "is_later": preview.plan.on > clock.today(),
    }


def _codes(preview: Preview) -> set[str]:
    return {code for piece in preview.pieces for code in (piece.former, piece.heir) if code}


def _keys(preview: Preview) -> set[str]:
    rules = {piece.rule.partition(":") for piece in preview.pieces}
    return {key.partition("@")[0] for _kind, _colon, key in rules if key}


def _what(what: str) -> str:
    return {
        "case": _("running cases"),
        "task": _("open tasks"),
        "ask": _("requests under way"),
        "area": _("cases in its area"),
        "duty": _("lines of the duty register"),
        "post": _("posts"),
        "place": _("key places"),
        "child": _("units below"),
        "office": _("work of the office"),
    }.get(what, what)


def _why(rule: str, kinds: dict[str, str]) -> str:
    kind, _colon, key = rule.partition(":")
    name = kinds.get(key.partition("@")[0], key)
    words = {
        "all": _("the only one who takes over"),
        "place": _("by the place on the map"),
        "area": _("by the area"),
        "own-area": _("its own area"),
        "category": _("by the category %(name)s") % {"name": name},
        "duty": _("by the duty register: %(name)s") % {"name": name},
        "register": _("by the duty register"),
        "default": _("takes everything else"),
        "child": _("by its area"),
        "office": _("takes the work of the office"),
        "post": _("by the rule for this person"),
    }
    return words.get(kind, rule)


@edits
@require_safe
def change_list(request: HttpRequest) -> HttpResponse:
    """List what is planned, what was carried out, and what could not be."""
    rows = list(UnitChange.objects.order_by("-on", "-pk")[:SHOWN])
    codes = {code for row in rows for code in (*row.plan["units"], *row.plan["into"])}
    units = Unit.objects.filter(code__in=codes).defer("outline")
    names = {unit.code: unit.title for unit in units}
    looks = {"waiting": "info", "applied": "ok", "blocked": "bad", "withdrawn": "grey"}
    changes = [
        {
            "row": row,
            "look": looks[row.state],
            "units": [(code, names.get(code, code)) for code in row.plan["units"]],
            "into": [(code, names.get(code, code)) for code in row.plan["into"]],
            "why": row.result.get("message", "") if isinstance(row.result, dict) else "",
            "can_withdraw": row.state in {"waiting", "blocked"},
        }
        for row in rows
    ]
    context = {"changes": changes, "tabs": tabs_of(request, "administration:changes")}
    return render(request, "administration/changes.html", context)


@edits
@require_POST
def change_withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Give up a planned change."""
    row = UnitChange.objects.filter(pk=number).first()
    if row is None:
        raise Http404
    for unit in Unit.objects.filter(code__in=row.plan["units"]).defer("outline"):
        if not may_edit(request, unit):
            raise Http404
    try:
        withdraw_change(number, actor=person(request).username)
    except Problem as problem:
        messages.error(request, str(problem.message))
    else:
        messages.success(request, _("Withdrawn."))
    return redirect("administration:changes")
