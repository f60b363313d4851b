"""Rankings: rounds, their tables, and one unit's score sheet."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@login_required
@require_safe
def round_list(request: HttpRequest) -> HttpResponse:
    """List the rounds."""
    return render(request, "office/rankings.html", {})
