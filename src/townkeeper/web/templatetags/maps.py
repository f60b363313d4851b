"""The tag by which templates place a map."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from townkeeper.web.maps import map_settings

register = template.Library()


@register.simple_tag
def map_box(kind: str, label: str, css: str = "", **data: object) -> SafeString:
    """Place a map: `kind` is point, points, pick or choropleth; the rest become data attributes.

    `map_box "pick" label lat_field="#id_lat"` gives `data-lat-field="#id_lat"`. The text that says
    the same (a list, fields, a table) stands beside it on the page; `map.js` must be loaded.
    """
    given = {name.replace("_", "-"): value for name, value in data.items() if value != ""}
    known = {**map_settings(), **given}
    attributes = format_html_join("", ' data-{}="{}"', known.items())
    return format_html(
        '<div class="map {}" role="region" aria-label="{}" data-map="{}"{}></div>',
        css,
        label,
        kind,
        attributes,
    )
