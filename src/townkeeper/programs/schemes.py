"""Puts a program's schemes and bulletins in force; a changed one is a new row beside the old."""

import hashlib
from collections.abc import Mapping
from typing import Any

from townkeeper.assessment.models import Scheme
from townkeeper.assessment.program import SchemeFile
from townkeeper.duties.program import expand_areas
from townkeeper.journal.actions import json_line, record
from townkeeper.kit.schema import Change
from townkeeper.programs.parts import BulletinFile
from townkeeper.publication.actions import install_template


def definition_of(part: SchemeFile, groups: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return what a scheme is installed as: groups of the program are their units."""
    definition: dict[str, Any] = part.model_dump(mode="json", by_alias=True, exclude_none=True)
    for group in definition["groups"]:
        group["units"] = expand_areas(group["units"], groups)
    return definition


def install_scheme(
    part: SchemeFile, *, groups: Mapping[str, list[str]], actor: str
) -> list[Change]:
    """Make a scheme the current one; a published round keeps the version it was scored by.

    Groups of the program become their units, so that a round does not depend on another file.
    """
    definition = definition_of(part, groups)
    digest = hashlib.sha256(json_line(definition).encode()).hexdigest()
    versions = Scheme.objects.filter(key=part.scheme)
    current = versions.filter(is_current=True).first()
    if current and current.digest == digest:
        return []
    latest = versions.order_by("-number").first()
    versions.filter(is_current=True).update(is_current=False)
    scheme = Scheme.objects.create(
        key=part.scheme,
        number=latest.number + 1 if latest else 1,
        names=part.title,
        definition=definition,
        digest=digest,
    )
    record(
        subject=f"scheme:{scheme.key}",
        act="scheme.installed",
        actor=actor,
        data={"number": scheme.number, "digest": digest},
    )
    return [Change("scheme", "changed" if latest else "added", str(scheme), part.title)]


def install_bulletin(part: BulletinFile, *, place: Mapping[str, str], actor: str) -> list[Change]:
    """Make a bulletin's text the one that is used for its scheme from now on."""
    definition = part.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    definition["place"] = dict(place)
    act = install_template(definition, actor=actor)
    return [Change("bulletin", act, part.bulletin)] if act else []
