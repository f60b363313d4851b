"""Photos and papers of cases, sent only to those who may see the case."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from townkeeper.cases.models import Case, Evidence
from townkeeper.files.actions import path_of

KEEP = "private, max-age=86400, immutable"
"""A stored file never changes: its content is its name."""


@login_required
@require_safe
def photo(request: HttpRequest, pk: int) -> FileResponse:
    """Send one photo; absent and forbidden answer alike.

    Pictures are sent as the copy without position and device data; other papers as they came, as
    a download, so that nothing in them runs in the browser.
    """
    visible = Case.objects.visible_to(request.user)
    found = Evidence.objects.filter(pk=pk, case__in=visible).select_related("file").first()
    if found is None or found.file is None:
        raise Http404
    is_picture = found.file.has_public_copy
    path = path_of(found.file.sha256, public=is_picture)
    if not path.is_file():
        raise Http404
    response = FileResponse(
        path.open("rb"),
        content_type="image/jpeg" if is_picture else "application/octet-stream",
        as_attachment=not is_picture,
        filename=f"{found.file.sha256[:12]}.jpg" if is_picture else found.file.sha256[:12],
    )
    response.headers["Cache-Control"] = KEEP
    return response
