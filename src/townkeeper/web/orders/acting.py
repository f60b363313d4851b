"""Acting on orders in the browser: issuing, receiving, replying, deciding, reminding, ending."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.files.papers import store_evidence
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.supervision.actions import (
    Attached,
    accept_reply,
    acknowledge_order,
    close_order,
    issue_order,
    remind,
    reply_to_order,
    return_reply,
    withdraw_order,
)
from townkeeper.supervision.drafting import Checked, check_draft
from townkeeper.supervision.models import Addressee, Order, Reply
from townkeeper.supervision.rights import issuing_units
from townkeeper.units.models import Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.orders.forms import (
    DecisionForm,
    NoteForm,
    OrderForm,
    ReplyForm,
    posted_units,
    unit_groups,
)
from townkeeper.web.orders.looking import look_at
from townkeeper.web.orders.pages import find_order, show_order

REFUSED = 422
MOST_PRESET = 200


@needs(Permission.SUPERVISION_ORDER_ISSUE)
@require_http_methods(["GET", "HEAD", "POST"])
def new_order(request: HttpRequest) -> HttpResponse:
    """Write and issue an order; cases, units and the kind may come with the address."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - `needs` has looked
    issuers = issuing_units(user)
    if request.method != "POST":
        form, chosen = _preset(request, user, issuers)
        return _new_page(request, form, chosen)
    form = OrderForm(request.POST, issuers=issuers)
    chosen = posted_units(request.POST)
    if form.is_valid():
        draft = form.draft(list(chosen.items()))
        try:
            if "check" in request.POST:
                checked = check_draft(draft, actor=user)
                return _new_page(request, form, chosen, looked_at=checked)
            order = issue_order(draft, actor=user, once=True)
        except Problem as problem:
            form.refuse(problem)
        else:
            messages.success(request, _("Issued as %(number)s.") % {"number": order.number})
            return redirect("orders:order", order.pk)
    return _new_page(request, form, chosen, status=REFUSED)


def _preset(
    request: HttpRequest, user: User, issuers: list[Unit]
) -> tuple[OrderForm, dict[str, str]]:
    """Return an empty form with what the address says: cases and their units, unit, kind, about."""
    numbers = _plain(request.GET.getlist("case"))
    found = Case.objects.visible_to(user).filter(number__in=numbers).select_related("unit")
    cases = list(found.defer("unit__outline").order_by("pk"))
    codes = _plain(request.GET.getlist("unit"))
    codes += [case.unit.code for case in cases if case.unit is not None]
    kind = request.GET.get("kind", "")
    title = ""
    if len(cases) == 1:
        title = _("On %(title)s") % {"title": cases[0].title}
    start = {
        "kind": kind if kind in Order.Kind.values else Order.Kind.SUPERVISION,
        "cases": " ".join(case.number for case in cases),
        "title": (title or request.GET.get("title", ""))[:200],
        "about": request.GET.get("about", "").replace("\x00", "")[:80],
        "deadline": _("3 working days"),
    }
    return OrderForm(initial=start, issuers=issuers), dict.fromkeys(codes, "")


def _plain(values: list[str]) -> list[str]:
    """Return what an address names, without what no code can hold (PostgreSQL refuses NUL)."""
    return [value.replace("\x00", "")[:40] for value in values[:MOST_PRESET]]


def _new_page(
    request: HttpRequest,
    form: OrderForm,
    chosen: dict[str, str],
    *,
    status: int = 200,
    looked_at: Checked | None = None,
) -> HttpResponse:
    units = Unit.objects.existing(clock.today()).exclude(parent=None).defer("outline")
    named = list(units.exclude(kind=Unit.Kind.VILLAGE).order_by("kind", "sort_key"))
    known = {unit.code for unit in named}
    named += list(units.filter(code__in=set(chosen) - known))
    context = {
        "form": form,
        "groups": unit_groups(named, chosen),
        "chosen": len(chosen),
        "look": look_at(looked_at) if looked_at else None,
    }
    return render(request, "orders/new.html", context, status=status)


def _addressee(request: HttpRequest, pk: int, part: int) -> tuple[Addressee, User]:
    order, user = find_order(request, pk)
    found = order.addressees.select_related("unit").filter(pk=part).first()
    if found is None:
        raise Http404
    found.order = order
    return found, user


@needs(Permission.SUPERVISION_ORDER_VIEW)
@require_POST
def receive(request: HttpRequest, pk: int, part: int) -> HttpResponse:
    """Note that the unit has received the order."""
    addressee, user = _addressee(request, pk, part)
    return _do(request, pk, lambda: acknowledge_order(addressee, actor=user), _("Received."))


@needs(Permission.SUPERVISION_ORDER_VIEW)
@require_POST
def reply(request: HttpRequest, pk: int, part: int) -> HttpResponse:
    """Report what the unit has done, with its files; refused, everything typed stays."""
    addressee, user = _addressee(request, pk, part)
    prefix = f"reply-{addressee.pk}"
    form = ReplyForm(request.POST, request.FILES, prefix=prefix)
    if form.is_valid():
        try:
            files = [
                Attached(
                    store_evidence(file.read(), name=str(file.name), actor=user.username),
                    str(file.name),
                )
                for file in request.FILES.getlist(f"{prefix}-papers")
            ]
            reply_to_order(addressee, actor=user, text=form.cleaned_data["text"], files=files)
        except Problem as problem:
            form.add_error(None, f"{problem} ".strip())
        else:
            messages.success(request, _("Your reply is with the issuing office."))
            return redirect("orders:order", pk)
    return show_order(request, pk, refused={prefix: form}, status=REFUSED)


@needs(Permission.SUPERVISION_ORDER_ISSUE)
@require_POST
def decide(request: HttpRequest, pk: int, reply_pk: int) -> HttpResponse:
    """Accept a reply or send it back."""
    order, user = find_order(request, pk)
    found = Reply.objects.filter(pk=reply_pk, addressee__order=order).first()
    if found is None:
        raise Http404
    form = DecisionForm(request.POST, prefix=f"decide-{reply_pk}")
    if form.is_valid():
        note, deadline = form.cleaned_data["note"], form.cleaned_data["deadline"]
        try:
            if request.POST.get("decision") == "accept":
                accept_reply(found, actor=user, note=note)
            else:
                return_reply(found, actor=user, reason=note, deadline=deadline)
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Decided."))
            return redirect("orders:order", pk)
    return show_order(request, pk, refused={f"decide-{reply_pk}": form}, status=REFUSED)


@needs(Permission.SUPERVISION_ORDER_ISSUE)
@require_POST
def follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind the units, close the order or withdraw it, as the pressed button says."""
    order, user = find_order(request, pk)
    form = NoteForm(request.POST, prefix="note")
    if form.is_valid():
        note, wish = form.cleaned_data["note"], request.POST.get("do", "")
        try:
            done = _follow(order, user, note, wish)
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, done)
            return redirect("orders:order", pk)
    return show_order(request, pk, refused={"note": form}, status=REFUSED)


def _follow(order: Order, user: User, note: str, wish: str) -> str:
    if wish == "remind":
        told = len(remind(order, actor=user, note=note))
        if not told:
            return _("Nobody was reminded: no unit has its turn, or all were reminded just now.")
        return ngettext("%(n)s unit reminded.", "%(n)s units reminded.", told) % {"n": told}
    if wish == "close":
        close_order(order, actor=user, note=note)
        return _("The order is closed.")
    if wish == "withdraw":
        withdraw_order(order, actor=user, reason=note)
        return _("The order is withdrawn.")
    raise Problem("act-unknown", _("Choose what to do: remind, close or withdraw."))


def _do(request: HttpRequest, pk: int, act: Callable[[], Any], done: str) -> HttpResponse:
    """Do an act without fields; a refusal is told as a message."""
    try:
        act()
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, done)
    return redirect("orders:order", pk)
