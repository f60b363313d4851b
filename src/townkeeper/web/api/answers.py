"""JSON answers and problem+json errors (RFC 9457), without the cost of page middleware."""

import logging
import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import translation
from django.utils.translation import gettext as _

from townkeeper.kit.errors import Problem

T = TypeVar("T")
View = Callable[..., HttpResponse]
STATUS = {
    "no-token": 401,
    "not-allowed": 403,
    "not-found": 404,
    "method": 405,
    "case-moved-on": 409,
    "too-large": 413,
    "registers-busy": 503,
    "database-away": 503,
}
HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 405: {"Allow": "POST"}, 503: {"Retry-After": "1"}}
BODY_MAX = 262_144
"""Bytes of a request: several times what the longest description takes."""
LOG = logging.getLogger(__name__)
_WRONG_TYPE = re.compile(r"Expected `(?P<wanted>.+?)`, got `(?P<got>.+?)`$")
_NAMED = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>.*)`$")


def answer(data: Any, status: int = 200, **headers: str) -> HttpResponse:  # noqa: ANN401
    """Return data as JSON."""
    return _response(data, status, "application/json", headers)


def refuse(problem: Problem, status: int | None = None) -> HttpResponse:
    """Return a problem as `application/problem+json`."""
    code = status or STATUS.get(problem.code, 422)
    body = {
        "type": f"urn:townkeeper:{problem.code}",
        "title": str(problem.message),
        "status": code,
        "detail": str(problem.hint),
        "where": problem.where,
    }
    headers = {**HEADERS.get(code, {}), "Content-Language": translation.get_language() or "en"}
    return _response(body, code, "application/problem+json", headers)


def _response(data: Any, status: int, kind: str, headers: dict[str, str]) -> HttpResponse:  # noqa: ANN401
    content = msgspec.json.encode(data)
    headers = {"Content-Length": str(len(content)), "Cache-Control": "no-store", **headers}
    return HttpResponse(content, status=status, content_type=kind, headers=headers)


def speaking(view: View) -> View:
    """Answer in the language that the request asks for, and turn errors into answers.

    What nobody foresaw is logged under a number, which is all that the caller learns of it.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        wanted = request.headers.get("Accept-Language")
        language = translation.get_language_from_request(request) if wanted else None
        with translation.override(language or settings.LANGUAGE_CODE):
            try:
                return view(request, *args, **kwargs)
            except Problem as problem:
                return refuse(problem)
            except (OperationalError, InterfaceError):
                LOG.exception("the database cannot be reached, or cannot store anything")
                return refuse(_away())
            except Exception:
                number = secrets.token_hex(4)
                LOG.exception("error %s", number)
                return refuse(_unforeseen(number), status=500)

    return wrapped


def _away() -> Problem:
    """Say that the database is away, full or busy; whether the last word got through is unknown."""
    return Problem(
        "database-away",
        _("The database cannot be reached or cannot store anything just now."),
        hint=_(
            "Please send it again in a moment with the same Idempotency-Key: it is stored once."
        ),
    )


def _unforeseen(number: str) -> Problem:
    return Problem(
        "unforeseen",
        _("Something went wrong here; nothing was stored."),
        hint=_(
            "Please try again. If it stays so, tell the administrator the time and this number: "
            "%(number)s."
        )
        % {"number": number},
    )


def decoded(request: HttpRequest, decoder: "msgspec.json.Decoder[T]") -> T:
    """Return the request's body as a typed value, or refuse it saying which field is wrong."""
    try:
        return decoder.decode(_body(request))
    except msgspec.ValidationError as error:
        raise _not_valid(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem(
            "not-json", _("The request's body is not JSON."), hint=_("Send UTF-8 JSON.")
        ) from None


def _body(request: HttpRequest) -> bytes:
    try:
        body = request.body
    except RequestDataTooBig:
        body = None
    except UnreadablePostError:
        body = b""
    if body is None or len(body) > BODY_MAX:
        raise Problem(
            "too-large",
            _("The request's body is too large."),
            hint=_("At most %(max)d bytes can be taken.") % {"max": BODY_MAX},
        )
    return body


def _not_valid(said: str) -> Problem:
    """Say what the decoder found in the reader's language; names of types stay as they are."""
    text, _sep, path = said.partition(" - at ")
    where = path.strip("`$.")
    if found := _WRONG_TYPE.match(text):
        message = _("This must be %(wanted)s; it is %(got)s.") % found.groupdict()
        return Problem("not-valid", message, where=where)
    if found := _NAMED.match(text):
        name = found["name"]
        missing = found["what"] == "missing required"
        message = _("“%(name)s” is missing.") if missing else _("“%(name)s” is not known here.")
        return Problem("not-valid", message % {"name": name}, where=where or name)
    message = _("The request does not fit this interface: %(reason)s") % {"reason": text}
    return Problem("not-valid", message, where=where)
