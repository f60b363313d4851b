"""The page of one case: what everybody may see, and what its reporter may do with the key."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from townkeeper.cases.following import (
    add_words,
    follow_by_key,
    follow_by_phone,
    judge_case,
    remind_office,
    reopen_case,
    withdraw_report,
)
from townkeeper.cases.judging import judge_until, reopen_until
from townkeeper.cases.models import Case, Judgement
from townkeeper.cases.publicity import (
    coarse,
    public_cases,
    public_place,
    public_title,
    spellings,
)
from townkeeper.cases.records import Follow
from townkeeper.files.models import StoredFile
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.web.journal_words import OUTCOMES
from townkeeper.web.portal.limits import TOO_MANY, WRONG_TRIES, address_of, spend
from townkeeper.web.portal.maps import map_facts
from townkeeper.web.portal.photos import shown_pairs
from townkeeper.web.portal.plain import plain
from townkeeper.web.portal.steps import expected, history, progress
from townkeeper.web.portal.uploads import take_photos

SESSION: Final = "portal-follow"
"""Cases that were opened with a telephone number: number → follow id, while the browser is open."""
KEPT: Final = 20
FIELDS: Final = {
    "words": "*-words",
    "comment": "*-words",
    "reason": "*-words",
    "solved": "judge-solved",
    "stars": "judge-stars",
    "digits": "digits",
    "k": "k",
}
"""What a refusal names → the field on the page; `*` is the form that was sent."""
ACTS_PER_HOUR: Final = 60


def one_case(number: str) -> Case:
    """Return a public case by number; what is absent and what is not public answer alike."""
    related = public_cases().select_related("category", "area", "unit", "main", "procedure")
    found = related.defer(
        "title", "text", "extra", "area__outline", "unit__outline", "procedure__definition"
    ).filter(number__in=spellings(number)).first()  # fmt: skip
    if found is None:
        raise Http404
    return found


def key_of(request: HttpRequest) -> str:
    """Return the key that came with the address or the form."""
    return (request.POST.get("k") or request.GET.get("k") or "")[:40]


def follow_of(request: HttpRequest, case: Case) -> Follow | None:
    """Return who the visitor is to this case: by key, or by a telephone number given before."""
    key = key_of(request)
    if key:
        # 79 random bits: guessing needs no brake, and a brake would lock the reporter out
        return follow_by_key(case, key)
    if SESSION not in request.session:
        return None
    pk = request.session[SESSION].get(case.number)
    return Follow.objects.filter(pk=pk, case=case).first() if pk else None


@never_cache
@require_safe
def case_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show one case to whoever has its number; with the key also what its reporter may do."""
    try:
        case = one_case(number)
    except Http404:
        return render(request, "portal/find.html", {"number": number[:40]}, status=404)
    return _page(request, case, follow_of(request, case))


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Lead from a number to its case; one that is not there is answered in words."""
    number = request.GET.get("n", "").strip()[:40]
    found = public_cases().filter(number__in=spellings(number)).first() if number else None
    if found is not None:
        return HttpResponseRedirect(reverse("portal:case", args=[found.number]))
    status = 404 if number else 200
    return render(request, "portal/find.html", {"number": number}, status=status)


def _page(
    request: HttpRequest,
    case: Case,
    follow: Follow | None,
    *,
    refused: Problem | None = None,
    act: str = "",
) -> HttpResponse:
    main = case.main if case.stage == "merged" and case.main else case
    status = 200 if refused is None else 429 if refused.code == TOO_MANY else 422
    context = {
        "case": main,
        "own": case,
        "title": public_title(case),
        "place": public_place(case),
        "progress": progress(main),
        "history": history(main),
        "expected": expected(main),
        "outcome": OUTCOMES.get(main.outcome, ""),
        "pairs": shown_pairs(main, case, follow),
        "point": _point(main),
        "map": map_facts(),
        "follow": follow,
        "key": key_of(request) if follow else "",
        "has_wrong_key": bool(key_of(request)) and follow is None,
        "may": _may(case, main, follow) if follow else {},
        "supported": int(main.counts.get("supported", 0)),
        "refused": refused,
        "act": act,
        "wrong": _field(act, refused),
        "tried": key_of(request) if follow is None else "",
        "typed": request.POST if refused is not None else {},
        "stars": range(5, 0, -1),
    }
    return render(request, "portal/case.html", context, status=status)


def _field(act: str, refused: Problem | None) -> str:
    """Return the id of the field that a refusal is about; nothing where it is about no field."""
    if refused is None:
        return ""
    return FIELDS.get(refused.where, "").replace("*", act)


def _point(case: Case) -> dict[str, float] | None:
    if case.lon is None or case.lat is None:
        return None
    return {"lon": coarse(case.lon), "lat": coarse(case.lat)}


def _may(case: Case, main: Case, follow: Follow) -> dict[str, Any]:
    """Return what this follower can do now, and until when."""
    now = clock.now()
    is_reporter = follow.part == Follow.Part.REPORTER
    due = expected(main)
    found: dict[str, Any] = {
        "add": not main.is_ended,
        "remind": not main.is_ended and due is not None and now > due,
        "withdraw": is_reporter and not main.is_ended and follow.withdrawn_at is None,
        "withdrawn": follow.withdrawn_at,
        "answer": main.answer if main.is_ended else "",
    }
    if not is_reporter or main.stage != "closed":
        return found
    judged = Judgement.objects.filter(case=case).order_by("-closing").first()
    until, again = judge_until(case), reopen_until(case)
    closing = max(1, int(main.counts.get("closings", 1)))
    is_judged = judged is not None and judged.closing == closing
    asked = main.asks.filter(effect="reopening", decided_at=None).exists()
    found |= {
        "judgement": judged if is_judged else None,
        "judge": until is not None and now <= until and not is_judged,
        "until": until,
        "reopen": again is not None and now <= again and not asked,
        "again": again,
        "asked": asked,
        "is_late": until is not None and now > until and not is_judged,
    }
    return found


# --- what a follower does ---


@require_http_methods(["GET", "HEAD", "POST"])
def by_phone(request: HttpRequest, number: str) -> HttpResponse:
    """Open a case with the last digits of the telephone number that was left with it."""
    case = one_case(number)
    if request.method != "POST":
        return _back(request, case)
    try:
        spend("digits", case.number, WRONG_TRIES)
        spend("phone", address_of(request), WRONG_TRIES * 2)
    except Problem as problem:
        return _page(request, case, None, refused=problem, act="phone")
    follow = follow_by_phone(case, request.POST.get("digits", "")[:30])
    if follow is None:
        said = _("No telephone number that ends like this was left with this report.")
        wrong = Problem("wrong-digits", said, where="digits")
        return _page(request, case, None, refused=wrong, act="phone")
    kept = dict(request.session.get(SESSION) or {})
    kept[case.number] = follow.pk
    request.session[SESSION] = dict(list(kept.items())[-KEPT:])
    if not request.user.is_authenticated:
        request.session.set_expiry(0)  # a public computer: gone with the window
    return HttpResponseRedirect(reverse("portal:case", args=[case.number]), status=303)


def _add(request: HttpRequest, follow: Follow, photos: list[StoredFile]) -> str:
    add_words(follow, plain(request.POST.get("words", "")), photos=photos)
    return _("Thank you. It is with the report now.")


def _remind(_request: HttpRequest, follow: Follow, _photos: list[StoredFile]) -> str:
    remind_office(follow)
    return _("The office has been reminded.")


def _judge(request: HttpRequest, follow: Follow, photos: list[StoredFile]) -> str:
    stars, solved = request.POST.get("stars", ""), request.POST.get("solved", "")
    if solved not in {"yes", "no"}:
        raise Problem("solved-missing", _("Say whether the matter is solved."), where="solved")
    if not stars.isdecimal():
        raise Problem("stars-wrong", _("Give one to five stars."), where="stars")
    reopen = request.POST.get("reopen") == "yes"
    judge_case(
        follow,
        stars=int(stars),
        is_solved=solved == "yes",
        words=plain(request.POST.get("words", "")),
        photos=photos,
        reopen=reopen,
    )
    if reopen:
        return _("Thank you. Your wish to take it up again is with the supervisors.")
    return _("Thank you for your judgement.")


def _reopen(request: HttpRequest, follow: Follow, photos: list[StoredFile]) -> str:
    reopen_case(follow, reason=plain(request.POST.get("words", "")), photos=photos)
    return _("Your wish to take it up again is with the supervisors.")


def _withdraw(request: HttpRequest, follow: Follow, _photos: list[StoredFile]) -> str:
    withdraw_report(follow, reason=plain(request.POST.get("words", "")))
    return _("You have taken the report back. The office decides what follows.")


def _back(request: HttpRequest, case: Case) -> HttpResponse:
    """Lead to the page of the case: after an act, and who reloads or changes the language."""
    address, key = reverse("portal:case", args=[case.number]), key_of(request)
    return HttpResponseRedirect(
        f"{address}?{urlencode({'k': key})}" if key else address, status=303
    )


Act = Callable[[HttpRequest, Follow, list[StoredFile]], str]
ACTS: Final[dict[str, Act]] = {
    "add": _add,
    "remind": _remind,
    "judge": _judge,
    "reopen": _reopen,
    "withdraw": _withdraw,
}


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, number: str, what: str) -> HttpResponse:
    """Do one thing in a follower's name; a refusal comes back with everything that was typed."""
    case = one_case(number)
    if request.method != "POST":
        return _back(request, case)
    follow = follow_of(request, case)
    if what not in ACTS:
        raise Http404
    if follow is None:
        wrong = Problem("wrong-key", _("This needs the key that you were given."), where="k")
        return _page(request, case, None, refused=wrong, act=what)
    try:
        spend("act", f"{address_of(request)} {case.number}", ACTS_PER_HOUR)
        photos, problems = take_photos(request.FILES.getlist("photos"), [])
        if problems:
            raise problems[0]
        said = ACTS[what](request, follow, photos)
    except Problem as problem:
        return _page(request, case, follow, refused=problem, act=what)
    messages.success(request, said)
    return _back(request, case)
