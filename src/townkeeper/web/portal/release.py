"""For staff: photos that reporters sent, to be shown to the public or left as they are."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case, Evidence
from townkeeper.cases.publicity import public_title, show_photo, waiting_photos
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs

PAGE = 24


@needs(Permission.CASES_CASE_ACT)
@require_safe
def photos(request: HttpRequest) -> HttpResponse:
    """List photos from before the work that nobody has shown to the public yet."""
    visible = Case.objects.visible_to(request.user).values("pk")
    rows = [
        {"photo": row, "title": public_title(row.case)}
        for row in waiting_photos(visible, most=PAGE)
    ]
    return render(request, "portal/release.html", {"rows": rows})


@needs(Permission.CASES_CASE_ACT)
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one photo to the public, or take it back."""
    visible = Case.objects.visible_to(request.user).values("pk")
    found = Evidence.objects.filter(pk=pk, case__in=visible).select_related("case", "file").first()
    if found is None or not isinstance(request.user, User):
        raise Http404
    shown = request.POST.get("shown") != "no"
    show_photo(found, actor=request.user, shown=shown)
    said = _("The public sees this photo now.") if shown else _("The photo is hidden again.")
    messages.success(request, said)
    return HttpResponseRedirect(reverse("portal:release"), status=303)
