"""Opening cases for other programs: one request, one transaction, one answer."""

import hashlib

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from townkeeper.cases.intake import Opened, Report, open_case
from townkeeper.kit.errors import Problem
from townkeeper.units.permissions import Permission
from townkeeper.web.api.answers import answer, decoded, speaking
from townkeeper.web.api.tokens import caller_of

_decoder = msgspec.json.Decoder(Report)
KEY_MAX = 80


@csrf_exempt
@speaking
def cases(request: HttpRequest) -> HttpResponse:
    """`POST /api/v1/cases`: open a case; `Idempotency-Key` makes a repeat harmless."""
    if request.method != "POST":
        raise Problem("method", _("Only POST is possible here."))
    caller = caller_of(request, Permission.CASES_CASE_OPEN)
    report = decoded(request, _decoder)
    key = request_key(caller.username, request.headers.get("Idempotency-Key", ""))
    opened = open_case(report, actor=caller.username, request_key=key)
    return answer(_shown(opened), status=200 if opened.is_repeat else 201)


@csrf_exempt
@speaking
def unknown(_request: HttpRequest, rest: str) -> HttpResponse:
    """Say in JSON that there is nothing at an address."""
    raise Problem("not-found", _("There is nothing at this address."), where=rest)


def request_key(username: str, said: str) -> str | None:
    """Return what is stored of an Idempotency-Key: everybody's keys are their own."""
    if not said:
        return None
    if len(said) > KEY_MAX:
        raise Problem(
            "key-too-long",
            _("The Idempotency-Key has at most %(max)d characters.") % {"max": KEY_MAX},
            where="Idempotency-Key",
        )
    return hashlib.sha256(f"{username}\n{said}".encode()).hexdigest()


def _shown(opened: Opened) -> dict[str, object]:
    return {
        "number": opened.number,
        "step": opened.step,
        "stage": opened.stage,
        "due_at": opened.due_at,
        "owner": opened.owner,
        "owner_name": opened.owner_name,
        "owner_reason": opened.reason,
        "repeat": opened.is_repeat,
    }
