"""Puts a program's schemes in force; a changed scheme is a new version beside the old one."""

import hashlib
from collections.abc import Mapping

from townkeeper.assessment.models import Scheme
from townkeeper.assessment.program import SchemeFile
from townkeeper.duties.program import expand_areas
from townkeeper.journal.actions import json_line, record
from townkeeper.kit.schema import Change


def install_scheme(
    part: SchemeFile, *, groups: Mapping[str, list[str]], actor: str
) -> list[Change]:
    """Make a scheme the current one; a published round keeps the version it was scored by.

    Groups of the program become their units, so that a round does not depend on another file.
    """
    definition = part.model_dump(mode="json", by_alias=True, exclude_none=True)
    for group in definition["groups"]:
        group["units"] = expand_areas(group["units"], groups)
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
