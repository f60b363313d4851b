"""JSON answers and problem+json errors (RFC 9457), without the cost of page middleware."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from townkeeper.kit.errors import Problem

T = TypeVar("T")
View = Callable[..., HttpResponse]
STATUS = {"not-allowed": 403, "no-token": 401, "case-moved-on": 409, "not-found": 404}


def answer(data: Any, status: int = 200, **headers: str) -> HttpResponse:  # noqa: ANN401
    """Return data as JSON."""
    return HttpResponse(
        msgspec.json.encode(data), status=status, content_type="application/json", headers=headers
    )


def refuse(problem: Problem, status: int | None = None) -> HttpResponse:
    """Return a problem as `application/problem+json`."""
    body = {
        "type": f"urn:townkeeper:{problem.code}",
        "title": str(problem.message),
        "detail": str(problem.hint),
        "where": problem.where,
    }
    return HttpResponse(
        msgspec.json.encode(body),
        status=status or STATUS.get(problem.code, 422),
        content_type="application/problem+json",
    )


def speaking(view: View) -> View:
    """Answer in the language that the request asks for, and turn Problems into answers."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        wanted = request.headers.get("Accept-Language")
        language = translation.get_language_from_request(request) if wanted else None
        with translation.override(language or translation.get_language()):
            try:
                return view(request, *args, **kwargs)
            except Problem as problem:
                return refuse(problem)

    return wrapped


def decoded(request: HttpRequest, decoder: "msgspec.json.Decoder[T]") -> T:
    """Return the request's body as a typed value, or refuse it saying which field is wrong."""
    try:
        return decoder.decode(request.body)
    except msgspec.ValidationError as error:
        text, _sep, where = str(error).partition(" - at ")
        raise Problem("not-valid", text, where=where.strip("`$.")) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem(
            "not-json", _("The request's body is not JSON."), hint=_("Send UTF-8 JSON.")
        ) from None
