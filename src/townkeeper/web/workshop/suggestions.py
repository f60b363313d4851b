"""How good the suggestions are in this office, and training them anew on its own decided cases."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from townkeeper.accounts.models import User
from townkeeper.jobs.actions import start_job
from townkeeper.jobs.models import Job
from townkeeper.suggestions.measuring import measure_offers
from townkeeper.suggestions.models import Offer
from townkeeper.suggestions.suggest import current_model
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.workshop.jobs import shown

TITLES = {
    Offer.Kind.CATEGORY: gettext_lazy("Kind of problem"),
    Offer.Kind.OWNER: gettext_lazy("Responsible unit"),
    Offer.Kind.TWIN: gettext_lazy("Repeats another report"),
}


@needs(Permission.PROGRAMS_PROGRAM_LOAD)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the model in use, and how often people took what was suggested."""
    model = current_model()
    jobs = Job.objects.visible_to(request.user, all_of_them=True).filter(kind="training")
    rows = [shown(job) for job in jobs.select_related("user").order_by("-pk")[:5]]
    context: dict[str, Any] = {
        "model": model,
        "measured": model.measured if model else None,
        "kinds": [{"title": TITLES[kind], **measure_offers(kind)} for kind in TITLES],
        "jobs": rows,
        "open": False,
    }
    return render(request, "workshop/suggestions.html", context)


@needs(Permission.PROGRAMS_PROGRAM_LOAD)
@require_POST
def train(request: HttpRequest) -> HttpResponse:
    """Train on this office's decided cases, in the background."""
    assert isinstance(request.user, User)  # noqa: S101 - `needs` lets nobody else in
    simulated = request.POST.get("simulated") == "on"
    title = _("Training with simulated cases") if simulated else _("Training on decided cases")
    start_job("training", title=title, given={"simulated": simulated}, actor=request.user)
    return redirect("workshop:jobs")
