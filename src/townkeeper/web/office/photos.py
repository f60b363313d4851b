"""Photos and papers of cases, sent only to those who may see the case."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from townkeeper.cases.models import Case, Evidence

SIZES = ("small", "large")


@login_required
@require_safe
def photo(request: HttpRequest, pk: int, size: str) -> FileResponse:
    """Send one photo; absent and forbidden answer alike."""
    found = (
        Evidence.objects.filter(pk=pk, case__in=Case.objects.visible_to(request.user))
        .select_related("file")
        .first()
    )
    if found is None or found.file is None or size not in SIZES:
        raise Http404
    raise Http404
