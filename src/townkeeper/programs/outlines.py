"""The outline of the place on the map: read from GeoJSON, and checked before it is trusted."""

import json
from collections.abc import Iterator
from pathlib import Path

from shapely.errors import GEOSException
from shapely.geometry import shape
from shapely.validation import explain_validity

from townkeeper.programs.findings import Finding
from townkeeper.programs.folder import Folder
from townkeeper.programs.parts import ProgramFile

KINDS = ("Polygon", "MultiPolygon")


def read_outlines(folder: Path, program: ProgramFile) -> dict[str, object]:
    """Return geometry by unit code; a feature without a code is the place itself.

    Errors: OSError, ValueError, KeyError, TypeError where the file is not such GeoJSON.
    """
    data = json.loads((folder / (program.outline or "")).read_text("utf-8"))
    return {
        str((feature.get("properties") or {}).get("code", program.place.code)): feature["geometry"]
        for feature in data["features"]
    }


def check_outline(folder: Folder) -> Iterator[Finding]:
    """Yield an outline that is missing, not GeoJSON, not a valid area, or of an unknown unit."""
    program = folder.program
    if program is None or not program.outline:
        return
    name = program.outline
    if Path(name).name != name or not (folder.path / name).is_file():
        yield folder.documents["program.yaml"].find("outline-missing", "outline", name=name)
        return
    try:
        outlines = read_outlines(folder.path, program)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        yield Finding("outline-form", name, None, {"problem": str(error)[:80]})
        return
    codes = {located.entry.code for located in folder.units()}
    for code, geometry in outlines.items():
        if problem := _wrong(geometry):
            yield Finding("outline-form", name, None, {"problem": f"{code}: {problem}"})
        if code not in codes and folder.is_whole("units/"):
            yield Finding("unit-unknown", name, None, {"code": code, "meant": ""})


def _wrong(geometry: object) -> str:
    if not isinstance(geometry, dict) or geometry.get("type") not in KINDS:
        return "Polygon / MultiPolygon"
    try:
        area = shape(geometry)
    except (GEOSException, ValueError, TypeError, KeyError) as error:
        return str(error)[:80]
    low_x, low_y, high_x, high_y = area.bounds if not area.is_empty else (0, 0, 0, 0)
    degrees = low_x >= -180 and high_x <= 180 and low_y >= -90 and high_y <= 90  # noqa: PLR2004
    if area.is_empty or not degrees:
        return "lon, lat (WGS 84)"
    return "" if area.is_valid else explain_validity(area)
