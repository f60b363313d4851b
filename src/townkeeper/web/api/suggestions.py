"""Suggestions for other programs: what a report may be, who answers, and what people chose."""

from typing import Annotated, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case
from townkeeper.kit.errors import Problem
from townkeeper.suggestions.actions import record_choice
from townkeeper.suggestions.suggest import suggest, suggest_owner
from townkeeper.units.permissions import Permission
from townkeeper.web.api.answers import answer, decoded, speaking
from townkeeper.web.api.tokens import caller_of

Text = Annotated[str, msgspec.Meta(max_length=20_000)]
Word = Annotated[str, msgspec.Meta(max_length=80)]


class Words(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A report that is being entered."""

    title: Text
    text: Text = ""
    area: Word | None = None


class Offered(msgspec.Struct, kw_only=True):
    """One suggestion as it was shown; more than these fields may come back and is not kept."""

    value: Word | None
    confidence: float | None = None
    model: Annotated[str, msgspec.Meta(max_length=40)] = ""


class Choice(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What was suggested for a case, and what the person took."""

    number: Word
    kind: Literal["category", "owner", "twin"]
    offered: Annotated[list[Offered], msgspec.Meta(max_length=20)]
    chosen: Word = ""


_words = msgspec.json.Decoder(Words)
_choice = msgspec.json.Decoder(Choice)


@csrf_exempt
@speaking
def suggestions(request: HttpRequest) -> HttpResponse:
    """`POST /api/v1/suggestions`: categories and owner for some words; stores nothing."""
    _only_post(request)
    caller_of(request, Permission.CASES_CASE_OPEN)
    said = decoded(request, _words)
    found = suggest(said.title, said.text)
    owner = suggest_owner(found[0].category, area=said.area) if found else None
    return answer(
        {
            "categories": [row.as_dict() for row in found],
            "owner": owner.as_dict() if owner else None,
        }
    )


@csrf_exempt
@speaking
def choices(request: HttpRequest) -> HttpResponse:
    """`POST /api/v1/choices`: record what a person took of the suggestions for a case."""
    _only_post(request)
    caller = caller_of(request, Permission.CASES_CASE_OPEN)
    said = decoded(request, _choice)
    user = User.objects.get(username=caller.username)
    case = Case.objects.visible_to(user).filter(number=said.number).first()
    if case is None:
        raise Problem("not-found", _("There is no case with this number."), where="number")
    offer = record_choice(
        case,
        kind=said.kind,
        offered=[msgspec.structs.asdict(row) for row in said.offered],
        chosen=said.chosen,
        actor=caller.username,
    )
    return answer({"accepted": offer.is_accepted, "rank": offer.rank}, status=201)


def _only_post(request: HttpRequest) -> None:
    if request.method != "POST":
        raise Problem("method", _("Only POST is possible here."))
