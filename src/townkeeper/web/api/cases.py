"""Opening cases for other programs: one request, one transaction, one answer."""

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from townkeeper.cases.intake import Opened, Report, open_case
from townkeeper.kit.errors import Problem
from townkeeper.units.permissions import Permission
from townkeeper.web.api.answers import answer, decoded, refuse, speaking
from townkeeper.web.api.tokens import caller_of

_decoder = msgspec.json.Decoder(Report)
KEY_MAX = 80


@csrf_exempt
@speaking
def cases(request: HttpRequest) -> HttpResponse:
    """`POST /api/v1/cases`: open a case; `Idempotency-Key` makes a repeat harmless."""
    if request.method != "POST":
        return refuse(Problem("method", _("Only POST is possible here.")), status=405)
    caller = caller_of(request, Permission.CASES_CASE_OPEN)
    report = decoded(request, _decoder)
    key = request.headers.get("Idempotency-Key") or None
    if key is not None and len(key) > KEY_MAX:
        raise Problem(
            "key-too-long",
            _("The Idempotency-Key has at most %(max)d characters.") % {"max": KEY_MAX},
            where="Idempotency-Key",
        )
    opened = open_case(report, actor=caller.username, request_key=key)
    return answer(_shown(opened), status=200 if opened.is_repeat else 201)


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
