"""Where an act leads back to: the list it came from, if that is one of ours, else the case."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme


def ours(request: HttpRequest, address: str) -> str:
    """Return an address if it is one of this site's own, else nothing."""
    fits = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if address and fits else ""


def lead_back(request: HttpRequest, number: str = "", *, otherwise: str = "") -> HttpResponse:
    """Redirect to the list that the form named (`next`), else to the case or `otherwise`."""
    back = ours(request, request.POST.get("next", request.GET.get("next", "")))
    if back:
        return redirect(back)
    return redirect("office:case", number) if number else redirect(otherwise or "office:cases")


def words(request: HttpRequest, name: str, *, most: int) -> str:
    """Return a text that was posted, tidied: PostgreSQL takes no NUL."""
    return request.POST.get(name, "").replace("\x00", "").strip()[:most]
