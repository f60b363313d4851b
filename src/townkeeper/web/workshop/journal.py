"""Searching the journal: who did what to which subject when, and whether a chain still holds.

Whoever stands at the top of the place reads everything; others read the chains of cases that they
may see. A search without a subject covers at most a month, so that it stays quick at any size.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe
from typing_extensions import override

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Chain, Entry, Seal
from townkeeper.kit import clock
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs, posts_for
from townkeeper.web.workshop.journal_rows import CASE, GROUPS, rows_of

PAGE = 100
NUMBER_LENGTH = 19
"""Digits that a row's key may have in every database."""
DAYS = (MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2999, 12, 31)))
"""What is a day of a journal at all."""
LONGEST = 31
"""Days that a search without a subject covers."""
LISTED = 300
"""People offered for choosing; others are typed."""


class SearchForm(forms.Form):
    """What to look for; everything is optional."""

    subject = forms.CharField(
        label=_("Subject"), max_length=80, required=False,
        help_text=_("A case number, or a whole name such as unit:S1 or category:matter/06010."),
    )  # fmt: skip
    actor = forms.CharField(
        label=_("Who"), max_length=150, required=False, help_text=_("Name or name for signing in"),
        widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off"}),
    )  # fmt: skip
    act = forms.CharField(
        label=_("Act"), max_length=60, required=False,
        help_text=_("What was done, or how it begins: case."),
        widget=forms.TextInput(attrs={"list": "acts", "autocomplete": "off"}),
    )  # fmt: skip
    since = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=DAYS,
    )
    until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=DAYS,
    )

    @override
    def clean(self) -> dict[str, Any]:
        """Without a subject the span is a month at most; without dates the last week."""
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", _now("This is before the beginning."))
        if data.get("subject"):
            return data
        if since and not until:
            until = min(clock.today(), since + timedelta(days=LONGEST))
        until = until or clock.today()
        since = since or until - timedelta(days=7)
        if (until - since).days > LONGEST:
            self.add_error("since", _now("Name a subject, or at most 31 days."))
        return {**data, "since": since, "until": until}


@needs(Permission.JOURNAL_ENTRY_VIEW)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show the entries that fit, newest first."""
    form = SearchForm(request.GET)
    entries: list[Entry] = []
    more = ""
    if form.is_valid():
        found = _fitting(request, form.cleaned_data)
        before = request.GET.get("before", "")
        if before.isdecimal() and len(before) < NUMBER_LENGTH:
            found = found.filter(pk__lt=int(before))
        entries = list(found.order_by("-pk")[: PAGE + 1])
        if len(entries) > PAGE:
            entries.pop()
            more = _with(request.GET, before=str(entries[-1].pk))
    subject = _subject(form.cleaned_data.get("subject", "")) if form.is_valid() else ""
    context = {
        "form": form,
        "rows": rows_of(entries, request.user),
        "groups": GROUPS,
        "people": _people() if _sees_all(request) else [],
        "more": more,
        "subject": subject,
        "chain": Chain.objects.filter(subject=subject).first() if subject else None,
        "seal": Seal.objects.order_by("-number").first(),
        "sees_all": _sees_all(request),
    }
    return render(request, "workshop/journal.html", context, status=200 if form.is_valid() else 422)


@needs(Permission.JOURNAL_ENTRY_VIEW)
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Check one chain from its first entry to its head, and say what was found."""
    subject = request.POST.get("subject", "")
    if not subject or not _may_read(request, subject):
        raise Http404
    checked = verify_journal(subject)
    context = {"checked": checked, "subject": subject, "number": _number(subject)}
    return render(request, "workshop/verified.html", context)


def _fitting(request: HttpRequest, wanted: dict[str, Any]) -> QuerySet[Entry]:
    found = Entry.objects.all()
    subject = _subject(wanted.get("subject", ""))
    if subject:
        found = found.filter(subject=subject) if _may_read(request, subject) else found.none()
    elif not _sees_all(request):
        return found.none()
    if since := wanted.get("since"):
        found = found.filter(time__gte=_begin(since))
    if until := wanted.get("until"):
        found = found.filter(time__lt=_begin(until + timedelta(days=1)))
    if actor := wanted.get("actor"):
        found = found.filter(actor__in=_actors(actor.strip()))
    if act := wanted.get("act"):
        found = found.filter(act__startswith=act.strip())
    return found


def _actors(typed: str) -> list[str]:
    """Return whom is meant: a name for signing in, or whoever is called so."""
    word = typed.partition(" (")[0]
    called = User.objects.filter(Q(name__icontains=word) | Q(username__iexact=typed))
    return [typed, *called.values_list("username", flat=True)[:LISTED]]


def _people() -> list[User]:
    """Return accounts to choose from while a name is typed."""
    return list(User.objects.filter(is_active=True).order_by("username")[:LISTED])


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - the site's


def _subject(said: str) -> str:
    """Accept a case number for its chain."""
    plain = said.strip()
    return plain if not plain or ":" in plain else f"{CASE}{plain}"


def _number(subject: str) -> str:
    return subject.removeprefix(CASE) if subject.startswith(CASE) else ""


def _sees_all(request: HttpRequest) -> bool:
    return any(
        post.area.parent_id is None and Permission.JOURNAL_ENTRY_VIEW in post.role.permissions
        for post in posts_for(request)
    )


def _may_read(request: HttpRequest, subject: str) -> bool:
    number = _number(subject)
    cases = Case.objects.visible_to(request.user)
    return _sees_all(request) or bool(number and cases.filter(number=number).exists())


def _with(query: QueryDict, **changed: str) -> str:
    copy = query.copy()
    for name, value in changed.items():
        copy[name] = value
    return f"?{copy.urlencode()}"
