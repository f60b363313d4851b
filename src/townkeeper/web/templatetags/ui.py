"""Tags by which templates draw icons, state tags, clocks, times and figures."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from townkeeper.kit import clock
from townkeeper.kit.names import say
from townkeeper.web.stages import channel_words, look_of
from townkeeper.web.wording import Clock, ago, clock_time, full_time

register = template.Library()

DASH = "–"
DUE_CLASSES = {"over": "o", "warn": "y", "missed": "o done", "kept": "done", "paused": "done"}


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Return an icon of the sprite; it is decoration, the words stand beside it."""
    return _icon(name, css)


@lru_cache(maxsize=500)
def _icon(name: str, css: str) -> SafeString:
    """Write an icon once in a process: a list shows hundreds."""
    return format_html(
        '<svg class="ic {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        css,
        static("townkeeper/icons.svg"),
        name,
    )


@register.inclusion_tag("components/tag.html")
def tag(text: object, kind: str = "grey", icon: str = "", *, loud: bool = False) -> dict[str, Any]:
    """Show a word on a coloured ground, with an icon: never colour alone."""
    return {"text": text, "kind": kind, "icon": icon, "loud": loud}


@register.inclusion_tag("components/tag.html")
def state(stage: str, title: object = "") -> dict[str, Any]:
    """Show a case's state by its stage; `title` is the step's own name, if it has one."""
    look = look_of(stage)
    return {"text": title or look.word, "kind": look.kind, "icon": look.icon, "loud": False}


@register.inclusion_tag("components/tag.html")
def origin(value: str) -> dict[str, Any]:
    """Say loudly that a record is simulated or imported; nothing for what people did here."""
    words = {
        "simulated": (_("simulated"), "violet", "flask-conical"),
        "imported": (_("imported"), "info", "file-input"),
    }
    text, kind, name = words.get(value, ("", "", ""))
    return {"text": text, "kind": kind, "icon": name, "loud": True}


@register.inclusion_tag("components/card_mark.html")
def card_mark(colour: str, count: int | None = None) -> dict[str, Any]:
    """Show a yellow or red card with its word, or with how many there are."""
    return {"colour": colour, "count": count}


@register.inclusion_tag("components/due.html", takes_context=True)
def due(context: RequestContext, limit: Clock, *, bar: bool = True) -> dict[str, Any]:
    """Show a clock: what is left in words, the due time, and the used part as a bar."""
    now = context.get("now") or clock.now()
    how = limit.state(now)
    return {
        "limit": limit,
        "state": how,
        "css": DUE_CLASSES.get(how, ""),
        "words": limit.words(now),
        "until": clock_time(limit.due_at, now) if limit.due_at else "",
        "share": limit.share(limit.done_at or now),
        "bar": bar and limit.opened_at is not None,
        "runs": how in {"ok", "warn", "over"},
    }


@register.simple_tag(takes_context=True)
def moment(
    context: RequestContext, value: datetime | None, style: str = "both"
) -> SafeString | str:
    """Show a moment: `both` relative and absolute, `short`, or `full`; the zone is the site's."""
    if value is None:
        return DASH
    now = context.get("now") or clock.now()
    full = full_time(value)
    text = {"short": clock_time(value, now), "full": full}.get(style)
    if text is None:
        text = f"{ago(value, now)} · {clock_time(value, now)}"
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), full, text)


@register.filter
def num(value: float | Decimal | None, places: int = 0) -> str:
    """Return a number with thousands separated; a dash where there is none."""
    return DASH if value is None or value == "" else f"{value:,.{places}f}"


@register.filter
def pct(value: float | Decimal | None, places: int = 1) -> str:
    """Return a ratio (0 to 1) as a percentage; a dash where there is none."""
    return DASH if value is None or value == "" else f"{100 * value:.{places}f}%"


@register.filter
def channel(value: str) -> str:
    """Return a channel in words."""
    return channel_words(value)


@register.filter
def said(texts: Mapping[str, str] | None) -> str:
    """Return a text that exists in several languages, in the page's language."""
    return say(texts) if texts else ""
