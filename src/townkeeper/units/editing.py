"""Corrects what is known of a unit: names, kind, contact, the outline on the map.

A new name from a day on is `actions.rename_unit`; here a spelling is put right, a language added.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from shapely import get_num_coordinates, make_valid
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from townkeeper.journal.actions import record, touch_registers
from townkeeper.journal.seen import refuse_old
from townkeeper.kit.errors import Problem
from townkeeper.kit.schema import LANGUAGES
from townkeeper.units.models import Unit

AREAS = ("Polygon", "MultiPolygon")
LARGEST_OUTLINE = 2_000_000
"""Characters of GeoJSON; an outline to the metre of a whole city has far fewer."""
MOST_POINTS = 60_000
PLACES = 6
"""Digits kept of a coordinate: a tenth of a metre."""


def read_outline(text: str) -> dict[str, Any]:
    """Return the geometry of an uploaded outline (WGS 84/CGCS2000 degrees), checked and repaired.

    Takes a geometry, a feature, or a collection with one feature. Raises Problem that says what is
    wrong and what would be right.
    """
    if len(text) > LARGEST_OUTLINE:
        raise _wrong(_("The outline is too large."), _("Simplify it; a metre is exact enough."))
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        place = _("line %(line)s, column %(column)s") % {
            "line": error.lineno,
            "column": error.colno,
        }
        raise _wrong(_("This is not JSON: %(place)s.") % {"place": place}) from None
    except RecursionError:  # brackets in brackets without end: no outline
        data = None
    geometry = _geometry(data)
    if geometry.get("type") not in AREAS:
        raise _wrong(
            _("An outline is an area, not “%(type)s”.") % {"type": geometry.get("type", "–")},
            _("Use a Polygon or a MultiPolygon."),
        )
    try:
        drawn = shape(geometry)
    except (ShapelyError, ValueError, TypeError, IndexError, KeyError, AttributeError):
        raise _wrong(_("The coordinates of the outline are broken.")) from None
    return _checked(drawn)


def _geometry(data: object) -> Mapping[str, Any]:
    if isinstance(data, Mapping) and data.get("type") == "FeatureCollection":
        features = data.get("features")
        if not isinstance(features, list) or len(features) != 1:
            count = len(features) if isinstance(features, list) else 0
            raise _wrong(
                _("The file holds %(count)s features.") % {"count": count},
                _("Upload the one feature of this unit."),
            )
        data = features[0]
    if isinstance(data, Mapping) and data.get("type") == "Feature":
        data = data.get("geometry")
    if not isinstance(data, Mapping):
        raise _wrong(_("This is not GeoJSON."), _("It has a “type” and “coordinates”."))
    return data


def _checked(drawn: BaseGeometry) -> dict[str, Any]:
    if drawn.is_empty:
        raise _wrong(_("The outline is empty."))
    west, south, east, north = drawn.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # noqa: PLR2004
        raise _wrong(
            _("The coordinates are not degrees of longitude and latitude."),
            _("Convert the outline to WGS 84 or CGCS2000 (EPSG:4326 or 4490)."),
        )
    if not drawn.is_valid:
        drawn = make_valid(drawn)
        parts = [part for part in getattr(drawn, "geoms", [drawn]) if part.geom_type in AREAS]
        if len(parts) != 1:
            raise _wrong(
                _("The lines of the outline cross each other."),
                _("Repair it in the mapping program: the edge must not cut itself."),
            )
        drawn = parts[0]
    if _points(drawn) > MOST_POINTS:
        raise _wrong(_("The outline has too many points."), _("Simplify it."))
    return {"type": drawn.geom_type, "coordinates": _rounded(mapping(drawn)["coordinates"])}


def _points(drawn: BaseGeometry) -> int:
    return int(get_num_coordinates(drawn))


def _rounded(value: Any) -> Any:  # noqa: ANN401 - nested lists of numbers
    if isinstance(value, (int, float)):
        return round(float(value), PLACES)
    return [_rounded(each) for each in value]


def _wrong(message: object, hint: object = "") -> Problem:
    return Problem("outline-wrong", message, where="outline", hint=hint)


@transaction.atomic
def set_outline(
    unit: Unit, outline: dict[str, Any] | None, *, actor: str, seen: int | None = None
) -> None:
    """Draw a unit's area on the map anew, or take it away; new cases are placed by it."""
    refuse_old(f"unit:{unit.code}", seen)
    unit.outline = outline
    unit.save(update_fields=["outline"])
    box = list(shape(outline).bounds) if outline else None
    data = {"type": outline["type"] if outline else None, "bounds": box}
    record(subject=f"unit:{unit.code}", act="unit.outlined", actor=actor, data=data)
    touch_registers()


@transaction.atomic
def correct_unit(
    unit: Unit,
    *,
    actor: str,
    names: Mapping[str, str],
    kind: str,
    since: date | None = None,
    contact: str = "",
    source: str = "",
    seen: int | None = None,
) -> bool:
    """Put right what is known of a unit; return whether anything was different.

    `names` is by language; the first of them that is filled stands where no language fits.
    """
    refuse_old(f"unit:{unit.code}", seen)
    told = {tag: names[tag].strip() for tag in LANGUAGES if names.get(tag, "").strip()}
    if not told:
        raise Problem("unit-nameless", _("A unit needs a name."), where=unit.code)
    if kind not in Unit.Kind.values:
        raise Problem("unit-kind", _("There is no such kind of unit."), where="kind")
    if since and unit.until and since > unit.until:
        raise Problem("dates-reversed", _("A unit cannot end before it began."), where="since")
    attributes = {key: value for key, value in unit.attributes.items() if key != "contact"}
    if contact.strip():
        attributes["contact"] = contact.strip()
    name = unit.name if unit.name in told.values() else next(iter(told.values()))
    wanted: dict[str, Any] = {
        "name": name, "names": told, "kind": kind, "since": since,
        "attributes": attributes, "source": source.strip(),
    }  # fmt: skip
    changed = {key: value for key, value in wanted.items() if getattr(unit, key) != value}
    if not changed:
        return False
    data = {key: [getattr(unit, key), value] for key, value in changed.items()}
    for key, value in changed.items():
        setattr(unit, key, value)
    unit.set_names(told)
    unit.save(update_fields=[*changed, "sort_key"])
    record(subject=f"unit:{unit.code}", act="unit.corrected", actor=actor, data=data)
    touch_registers()
    return True
