"""Filters of the administration's pages: a value of a mapping, the end of a code."""

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def pick(values: Mapping[object, object], key: object) -> object:
    """Return what a mapping has under a key; nothing where it has none."""
    return values.get(key, "")


@register.filter
def tail(code: str) -> str:
    """Return the end of a code such as `matter/06010`."""
    return code.rpartition("/")[2]
