"""The bell in the bar of the office: how many notices are new."""

from typing import Any

from django import template
from django.template.context import RequestContext

from townkeeper.accounts.models import User
from townkeeper.cases.notices import MOST, count_new
from townkeeper.web.access import posts_for
from townkeeper.web.navigation import address_of

register = template.Library()


@register.inclusion_tag("board/_bell.html", takes_context=True)
def notice_bell(context: RequestContext) -> dict[str, Any]:
    """Show the bell with the number of new notices; nothing to whoever has not signed in."""
    request = context.get("request")
    if request is None or not isinstance(getattr(request, "user", None), User):
        return {"href": ""}
    href = address_of("board:notices")
    number = count_new(request.user, posts_for(request)) if href else 0
    return {
        "href": href,
        "number": number,
        "words": f"{number}+" if number >= MOST else str(number),
        "current": request.path == href,
    }
