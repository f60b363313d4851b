"""Draws of closed cases for a revisit: who was drawn, by which seed, and the draw made again."""

from collections.abc import Iterable, Iterator, Sequence

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.relapse.draws import SEED_MAX, draw_revisits, verify_draw
from townkeeper.relapse.listing import draw_of, draw_page, visits_of
from townkeeper.relapse.models import Draw, Revisit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.board.campaigns import person
from townkeeper.web.board.lists import PAGE, Cell, Empty, Listed, Row, day_of, send_list
from townkeeper.web.wording import full_time

BATCH = 200
REFUSED = 422
LONGEST = 62
"""Days that one request draws for; the command line takes more."""
RESULT_TAGS = {"stands": "ok", "relapsed": "bad", "unclear": "warn"}
draws = needs(Permission.RELAPSE_REVISIT_DRAW)


class DrawForm(forms.Form):
    """For which days, and by which seed."""

    first = forms.DateField(
        label=gettext_lazy("From day"), widget=forms.DateInput(attrs={"type": "date"})
    )
    last = forms.DateField(
        label=gettext_lazy("To day"),
        widget=forms.DateInput(attrs={"type": "date"}),
        required=False,
    )
    seed = forms.CharField(
        label=gettext_lazy("Seed"),
        max_length=SEED_MAX,
        required=False,
        help_text=gettext_lazy(
            "Leave it empty: chance makes one. A given seed is marked, as it could be tried out."
        ),
    )


@draws
@require_http_methods(["GET", "HEAD", "POST"])
def draw_list(request: HttpRequest) -> HttpResponseBase:
    """List the draws, the latest first; make one."""
    form = DrawForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = _draw(form, person(request).username)
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            number = sum(draw.revisits.count() for draw in made)
            messages.success(
                request,
                _("%(days)s days are drawn, %(visits)s revisits.")
                % {"days": len(made), "visits": number},
            )
            return redirect("board:draws")
    before = day_of(request.GET.get("after", ""))
    found = draw_page(before=before, most=PAGE + 1)
    shown = found[:PAGE]

    response = send_list(
        request,
        Listed(
            stem="draws",
            title=_("Revisit draws"),
            lead=_("Closed cases are drawn for a later look, at random with a recorded seed:"
                   " whoever doubts a draw makes it again."),
            heads=_heads(),
            rows=list(_draw_rows(shown)),
            every=_every,
            following=f"{shown[-1].on:%F}" if len(found) > PAGE else "",
            empty=_nothing(),
            extra={"form": form},
        ),
        "board/draws.html",
    )  # fmt: skip
    if form.errors:
        response.status_code = REFUSED
    return response


def _nothing() -> Empty:
    return Empty(
        _("Nothing was drawn yet"),
        _("Each night draws for the day by itself; make the first draw above."),
        "dices",
    )


def _heads() -> Sequence[tuple[str, str]]:
    return [
        (_("Day"), "nw"),
        (_("Seed"), ""),
        (_("Candidates"), "r"),
        (_("Drawn"), "r"),
        (_("Visited"), "r"),
        (_("Come back"), "r"),
        (_("Made"), "nw"),
    ]


def _every() -> Iterator[Row]:
    day = None
    while batch := draw_page(before=day, most=BATCH):
        yield from _draw_rows(batch)
        day = batch[-1].on


def _draw(form: DrawForm, actor: str) -> list[Draw]:
    first = form.cleaned_data["first"]
    last = form.cleaned_data["last"] or first
    if (last - first).days >= LONGEST:
        raise Problem("too-many-days", _("At most %(most)s days at a time.") % {"most": LONGEST})
    return draw_revisits(first, last, seed=form.cleaned_data["seed"] or None, actor=actor)


def _draw_rows(found: Iterable[Draw]) -> Iterator[Row]:
    for draw in found:
        drawn, visited, back = draw.drawn, draw.visited, draw.relapsed  # type: ignore[attr-defined]
        yield [
            Cell(f"{draw.on:%F}", reverse("board:draw", args=[f"{draw.on:%F}"])),
            Cell(draw.seed[:16], small=_("given by a person") if draw.is_seed_given else ""),
            Cell(len(draw.candidates), css="r", value=len(draw.candidates)),
            Cell(drawn, css="r", value=drawn),
            Cell(visited, css="r", value=visited),
            Cell(back, css="r", value=back),
            Cell(full_time(draw.drawn_at), small=draw.drawn_by, css="nw"),
        ]


@draws
@require_safe
def draw_detail(request: HttpRequest, day: str) -> HttpResponseBase:
    """Show a draw with its seed, its list and its visits; `verify` makes it again."""
    on = day_of(day)
    draw = draw_of(on) if on else None
    if draw is None:
        raise Http404
    visits = visits_of(draw, request.user)
    chances = {str(number): float(chance) for number, _at, chance in draw.candidates}
    return send_list(
        request,
        Listed(
            stem=f"draw-{draw.on:%F}",
            title=_("Draw of %(day)s") % {"day": f"{draw.on:%F}"},
            heads=[
                (_("Case"), ""), (_("Share"), "r"), (_("Fixed by"), ""), (_("Visited by"), ""),
                (_("Due"), "nw"), (_("Result"), ""),
            ],
            rows=list(_visit_rows(visits, chances)),
            every=lambda: _visit_rows(visits, chances),
            empty=Empty(
                _("Nobody was drawn"), _("The list of this day, or its luck, was empty."), "dices"
            ),
            extra={
                "draw": draw,
                "candidates": len(draw.candidates),
                "verified": verify_draw(draw) if "verify" in request.GET else None,
                "waiting": sum(1 for v in visits if not v.visited_at and not v.dropped_at),
                "visit_count": len(visits),
            },
        ),
        "board/draw.html",
    )  # fmt: skip


def _visit_rows(visits: Iterable[Revisit], chances: dict[str, float]) -> Iterator[Row]:
    now = clock.now()
    for visit in visits:
        case = visit.case
        share = chances.get(case.number)
        if visit.result:
            result = Cell(visit.get_result_display(), kind=RESULT_TAGS[visit.result],
                          small=visit.note)  # fmt: skip
        elif visit.dropped_at:
            result = Cell(_("dropped: reopened before"), kind="grey")
        elif visit.due_at < now:
            result = Cell(_("overdue"), kind="bad")
        else:
            result = Cell(_("waiting"), kind="info")
        yield [
            Cell(case.title, reverse("office:case", args=[case.number]), small=case.number,
                 css="wide2"),
            Cell(f"{100 * share:g}%" if share is not None else "–", css="r"),
            Cell(visit.fixer.title if visit.fixer else "–"),
            Cell(visit.unit.title if visit.unit else "–", small=visit.visited_by),
            Cell(full_time(visit.due_at), css="nw"),
            result,
        ]  # fmt: skip
