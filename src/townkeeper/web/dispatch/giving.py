"""Dispatching one case: the register's unit with its reason, alternatives, the due time."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from typing_extensions import override

from townkeeper.accounts.models import User
from townkeeper.calendars.explain import in_words
from townkeeper.calendars.limits import Limit
from townkeeper.cases.actions import Given, advance_case, options_for
from townkeeper.cases.dispatching import Candidate, Offer, offer_for
from townkeeper.cases.disputes import precedents_of
from townkeeper.cases.locking import moved_on
from townkeeper.cases.models import Case
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.clockwords import language
from townkeeper.web.dispatch.leading import lead_back
from townkeeper.web.office.actforms import TEXT_MAX
from townkeeper.web.office.casepage import where_is
from townkeeper.web.office.rowacts import source_words
from townkeeper.web.registers import registers
from townkeeper.web.wording import full_time

REFUSED = 422
OTHER = "other"
ASKS_ONLY = {"reason-missing"}
"""Refusals that only ask for something more: whoever gets them may do the act."""


class GiveForm(forms.Form):
    """Who leads, who assists, and what they should know."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    lead = forms.CharField(max_length=40)
    """A unit's code, or `other`."""
    other = forms.CharField(
        label=gettext_lazy("Another unit"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Name, code or pinyin initials"),
    )
    assists = forms.MultipleChoiceField(label=gettext_lazy("Assisting units"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Words to the unit"),
        max_length=TEXT_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: QueryDict | None, *, offer: Offer, case: Case) -> None:
        answer = offer.answer
        start: dict[str, Any] = {
            "version": case.version,
            "lead": answer.lead.code if answer.lead else OTHER,
            "assists": [unit.code for unit in answer.assistants],
        }
        super().__init__(data, initial=start)
        self.offer = offer
        codes = dict.fromkeys(
            [u.code for u in answer.assistants] + [c.unit.code for c in offer.candidates]
        )
        units = registers().units
        titles = {unit.code: unit.title for unit in units.values()}
        field = self.fields["assists"]
        field.choices = [(code, titles.get(code, code)) for code in codes]  # type: ignore[attr-defined]
        if offer.action.reason:
            self.fields["reason"].label = _("Why it goes to another unit")
            self.fields["reason"].required = True

    @property
    def chosen(self) -> str:
        """Return which unit is marked on the page."""
        return str(self["lead"].value() or "")

    @override
    def clean(self) -> dict[str, Any]:
        """Ask for the other unit where that is chosen."""
        data = super().clean() or {}
        if data.get("lead") == OTHER and not data.get("other", "").strip():
            self.add_error("other", _("Name the unit that should have it."))
        return data

    def given(self) -> Given:
        """Return what was chosen; the register's own answer is left to the register."""
        data, answer = self.cleaned_data, self.offer.answer
        lead = data["other"].strip() if data["lead"] == OTHER else data["lead"]
        helping = [code for code in data["assists"] if code != lead]
        own = answer.lead.code if answer.lead else ""
        if lead == own and set(helping) == {unit.code for unit in answer.assistants}:
            return Given(reason=data["reason"])
        units = ((lead, "lead"), *((code, "assist") for code in helping))
        return Given(reason=data["reason"], units=units)


@dataclass(frozen=True, slots=True)
class Line:
    """One unit to choose, in words."""

    code: str
    title: str
    why: str
    record: str


@needs(Permission.CASES_CASE_ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest, number: str) -> HttpResponse:
    """Dispatch a case, or dispatch it again; a page of its own, or a dialog over a list."""
    case = Case.objects.visible_to(request.user).filter(number=number).first()
    if case is None or not isinstance(request.user, User):
        raise Http404
    user = request.user
    try:
        offer = offer_for(case)
    except Problem as problem:
        messages.warning(request, f"{problem.message} {problem.hint}".strip())
        return lead_back(request, case.number)
    why = _why_not(case, user, offer)
    form = GiveForm(request.POST if request.method == "POST" else None, offer=offer, case=case)
    if form.is_bound and form.is_valid():
        try:
            done = advance_case(
                case, offer.action.name, actor=user, given=form.given(),
                seen_version=form.cleaned_data["version"],
            )  # fmt: skip
        except Problem as problem:
            form.add_error(None, f"{problem.message} {problem.hint}".strip())
        else:
            unit = registers().units.get(done.unit_id or 0)
            text = _("%(number)s is with %(unit)s now, due %(due)s.") % {
                "number": done.number,
                "unit": unit.title if unit else "–",
                "due": full_time(done.due_at) if done.due_at else "–",
            }
            messages.success(request, text)
            return lead_back(request, case.number)
    _say_stale(form, case)
    context = _context(request, case, offer, form) | {"why_not": why}
    return render(request, "dispatch/give.html", context, status=REFUSED if form.errors else 200)


def _say_stale(form: GiveForm, case: Case) -> None:
    """Say only that the case has moved on where it has: an old page cannot know what is asked."""
    if form.errors and form.data.get("version", "") != str(case.version):
        problem = moved_on(case)
        form.errors.clear()
        form.add_error(None, f"{problem.message} {problem.hint}".strip())


def _why_not(case: Case, user: User, offer: Offer) -> str:
    """Say why this person cannot do it, before they have written anything."""
    for action, problem in options_for(case, actor=user):
        if action.name == offer.action.name and problem and problem.code not in ASKS_ONLY:
            return str(problem.message)
    return ""


def _context(request: HttpRequest, case: Case, offer: Offer, form: GiveForm) -> dict[str, Any]:
    tag, preview = language(), offer.preview
    units = registers().units
    photos = case.evidence.filter(file__media_type__startswith="image/")
    return {
        "case": case,
        "where": where_is(case),
        "photo": photos.order_by("pk").first(),
        "form": form,
        "title": say(offer.action.title) or offer.action.name,
        "candidates": [line_of(each, offer, units) for each in offer.candidates],
        "other": OTHER,
        "preview": preview,
        "limit_words": Limit.parse(preview.limit).title(tag) if preview.limit else "",
        "story": in_words(preview.story, tag),
        "precedents": precedents_of(case, limit=3),
        "next": request.POST.get("next", request.GET.get("next", "")),
    }


def line_of(candidate: Candidate, offer: Offer, units: Any) -> Line:  # noqa: ANN401 - rows by key
    """Return a unit with why it is offered and how it has done."""
    row, record = candidate.unit, candidate.record
    whys = {
        "register": source_words(offer.answer),
        "conflict": _("The register names it for the same area too"),
        "assists": _("Assists by the duty register"),
        "area": _("The place lies there"),
        "holds": _("Has the case now"),
        "past": _("Has handled such matters"),
    }
    parts = []
    if record.share is not None:
        parts.append(
            _("%(n)s such cases in 90 days, %(share)s in time")
            % {"n": f"{record.handled:,}", "share": f"{record.share:.1%}"}
        )
    parts.append(_("%(n)s in hand now") % {"n": f"{record.open:,}"})
    unit = units.get(row.id)
    title = unit.title if unit else row.name
    return Line(row.code, title, whys[candidate.why], " · ".join(parts))
