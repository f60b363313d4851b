"""Tags by which templates draw icons, state tags, clocks, times and figures."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from django import template
from django.template.context import RequestContext
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from townkeeper.kit import clock
from townkeeper.kit.names import say
from townkeeper.web.stages import ask_look, channel_words, look_of
from townkeeper.web.wording import Clock, ago, clock_time, full_time, month_words

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


@lru_cache(maxsize=2000)
def _component(name: str, _language: str, facts: tuple[tuple[str, object], ...]) -> SafeString:
    """Draw a small component once in a process: a list shows hundreds that are the same."""
    return render_to_string(f"components/{name}.html", dict(facts))


def _drawn(name: str, **facts: object) -> SafeString:
    # words and marked-up text that read alike are not the same
    known = tuple((key, value) for key, value in facts.items())
    marks = tuple(type(value).__name__ for value in facts.values())
    return _component(name, get_language() or "", (*known, ("marks", marks)))


def _tag(text: object, kind: str, icon: str, *, loud: bool) -> SafeString:
    plain = text if isinstance(text, SafeString) else str(text)
    return _drawn("tag", text=plain, kind=kind, icon=icon, loud=loud)


@register.simple_tag
def tag(text: object, kind: str = "grey", icon: str = "", *, loud: bool = False) -> SafeString:
    """Show a word on a coloured ground, with an icon: never colour alone."""
    return _tag(text, kind, icon, loud=loud)


@register.simple_tag
def state(stage: str, title: object = "") -> SafeString:
    """Show a case's state by its stage; `title` is the step's own name, if it has one."""
    look = look_of(stage)
    return _tag(title or look.word, look.kind, look.icon, loud=False)


@register.simple_tag
def asked(effect: str) -> SafeString:
    """Show what waits for a decision on a case."""
    look = ask_look(effect)
    return _tag(look.word, look.kind, look.icon, loud=False)


@register.simple_tag
def origin(value: str) -> SafeString:
    """Say loudly that a record is simulated or imported; nothing for what people did here."""
    words = {
        "simulated": (_("simulated"), "violet", "flask-conical"),
        "imported": (_("imported"), "info", "file-input"),
    }
    text, kind, name = words.get(value, ("", "", ""))
    return _tag(text, kind, name, loud=True)


@register.simple_tag
def card_mark(colour: str, count: int | None = None) -> SafeString:
    """Show a yellow or red card with its word, or with how many there are."""
    return _drawn("card_mark", colour=colour, count=count)


@register.simple_tag(takes_context=True)
def due(context: RequestContext, limit: Clock, *, bar: bool = True) -> SafeString:
    """Show a clock: what is left in words, the due time, and the used part as a bar."""
    return draw_due(limit, context.get("now") or clock.now(), bar=bar)


def draw_due(limit: Clock, now: datetime, *, bar: bool = True) -> SafeString:
    """Write a clock here and not in a template: a list shows thirty, no two alike."""
    how = limit.state(now)
    times = until = share = card = hint = ""
    if how in {"ok", "warn", "over"} and limit.due_at and not limit.is_paused:
        warn = limit.warn_at.isoformat() if limit.warn_at else ""
        times = f' data-due="{limit.due_at.isoformat()}" data-warn="{warn}"'
    if limit.due_at:
        words = _("due %(until)s") % {"until": clock_time(limit.due_at, now)}
        until = f"<small>{escape(words)}</small>"
    if bar and limit.opened_at is not None and how != "none":
        used = limit.share(limit.done_at or now)
        share = f'<span class="bar-v desk" aria-hidden="true"><i style="--v:{used}%"></i></span>'
        hint = f' title="{escape(words)}"' if (words := limit.hint(now)) else ""
    if limit.card:
        card = _drawn("card_mark", colour=limit.card, count=None)
    return mark_safe(  # noqa: S308 - words are escaped, the rest is ours
        f'<div class="due {DUE_CLASSES.get(how, "")}"{hint}>'
        f'<span class="row tight"><b class="nw"{times}>'
        f"{escape(limit.words(now))}</b>{card}</span>{until}{share}</div>"
    )


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
def month(period: str) -> str:
    """Return a period as a month in words."""
    return month_words(period)


@register.filter
def said(texts: Mapping[str, str] | None) -> str:
    """Return a text that exists in several languages, in the page's language."""
    return say(texts) if texts else ""
