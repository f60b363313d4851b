"""Photos and papers of cases, sent only to those who may see the case."""

from pathlib import Path

from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
)
from django.views.decorators.http import require_POST, require_safe

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case, Evidence
from townkeeper.cases.redacting import look_at_original
from townkeeper.files.actions import path_of
from townkeeper.kit.errors import Problem
from townkeeper.web.access import signed_in

KEEP = "private, no-cache"
"""A browser keeps it but asks each time: parts of a photo may have been blacked out since."""


@signed_in
@require_safe
def photo(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send one photo; absent and forbidden answer alike.

    Pictures are sent as the copy without position and device data; other papers as they came, as
    a download, so that nothing in them runs in the browser.
    """
    found = _visible(request, pk)
    if found.file is None:
        raise Http404
    sha256 = found.file.sha256
    if not found.file.has_public_copy:
        return _sent(path_of(sha256), "application/octet-stream", name=sha256[:12])
    path = path_of(sha256, public=True)
    return _unless_known(request, path, name=f"{sha256[:12]}.jpg")


@signed_in
@require_safe
def thumbnail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send a photo small, for lists; one from before there were thumbnails is sent as it is."""
    found = _visible(request, pk)
    if found.file is None or not found.file.has_public_copy:
        raise Http404
    sha256 = found.file.sha256
    path = path_of(sha256, thumbnail=True)
    if not path.is_file():
        path = path_of(sha256, public=True)
    return _unless_known(request, path, name=f"{sha256[:12]}.jpg")


@signed_in
@require_POST
def original(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the original with all its data to staff who act on the case; the look is recorded."""
    found = _visible(request, pk)
    assert isinstance(request.user, User)  # noqa: S101 - login_required
    try:
        path = look_at_original(found, actor=request.user)
    except Problem as problem:
        raise Http404 from problem
    media = found.file.media_type if found.file else "application/octet-stream"
    response = _sent(path, media, name=f"{path.name[:12]}.{media.rpartition('/')[2]}")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _visible(request: HttpRequest, pk: int) -> Evidence:
    visible = Case.objects.visible_to(request.user)
    found = Evidence.objects.filter(pk=pk, case__in=visible).select_related("file", "case").first()
    if found is None:
        raise Http404
    return found


def _unless_known(request: HttpRequest, path: Path, *, name: str) -> HttpResponseBase:
    """Send a picture, or say that the one that the browser has is still the right one."""
    if not path.is_file():
        raise Http404
    stat = path.stat()
    mark = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
    response: HttpResponse | FileResponse
    if request.headers.get("If-None-Match") == mark:
        response = HttpResponseNotModified()
    else:
        response = FileResponse(path.open("rb"), content_type="image/jpeg", filename=name)
    response.headers["ETag"] = mark
    response.headers["Cache-Control"] = KEEP
    return response


def _sent(path: Path, media_type: str, *, name: str) -> FileResponse:
    if not path.is_file():
        raise Http404
    response = FileResponse(
        path.open("rb"), content_type=media_type, as_attachment=True, filename=name
    )
    response.headers["Cache-Control"] = KEEP
    return response
