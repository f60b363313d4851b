"""Checks a program: syntax, schema, references, contradictions; every finding names the remedy."""

from pathlib import Path

from townkeeper.duties.program import CategoriesFile, DutiesFile, expand_duties, used_keys
from townkeeper.programs.check_duties import (
    check_categories,
    check_duties,
    check_place_owners,
    known_categories,
)
from townkeeper.programs.check_figures import check_figures
from townkeeper.programs.check_limits import check_limits
from townkeeper.programs.check_policy import (
    check_bulletins,
    check_rules,
    check_schemes,
    check_targets,
    check_weights,
    decisions,
)
from townkeeper.programs.check_procedures import check_procedures
from townkeeper.programs.check_units import check_people, check_places, check_units
from townkeeper.programs.findings import Finding, Report
from townkeeper.programs.folder import Folder, read_folder
from townkeeper.programs.outlines import check_outline
from townkeeper.programs.sources import check_facts, check_sources
from townkeeper.units.program import PlacesFile, PostsFile, RolesFile


def check_program(path: Path, *, policy: Path | None = None) -> Report:
    """Check the program in a folder; `policy` is the text whose lines its sources name."""
    return check_folder(read_folder(path), policy=policy)


def check_folder(folder: Folder, *, policy: Path | None = None) -> Report:
    """Check a program that has been read."""
    check_weights(folder)
    findings = folder.everything()
    findings += check_units(folder)
    findings += check_people(folder)
    findings += check_categories(folder)
    findings += check_duties(folder)
    findings += check_places(folder, known_categories(folder))
    findings += check_place_owners(folder)
    findings += check_outline(folder)
    findings += check_limits(folder)
    findings += check_procedures(folder)
    findings += check_targets(folder)
    findings += check_figures(folder)
    findings += check_rules(folder)
    findings += check_schemes(folder)
    findings += check_bulletins(folder)
    for document in folder.documents.values():
        if document.data is not None:
            findings += check_sources(document, folder.program, policy)
            findings += check_facts(document, folder.program)
    findings += decisions(folder)
    findings += _offices(folder)
    return Report.of(str(folder.path), findings, digest=folder.digest, counts=counts_of(folder))


def _offices(folder: Folder) -> list[Finding]:
    """Remark that no unit runs the procedures, so that new matters go to the top of the tree."""
    units = folder.units()
    runs = any({"office", "runs"} & set(located.entry.attributes) for located in units)
    known = runs or not units or not folder.is_whole("units/")
    return [] if known else [units[0].find("office-none", "code")]


def counts_of(folder: Folder) -> dict[str, int]:
    """Return how much the program holds."""
    duties = folder.part("duties.yaml", DutiesFile)
    categories = folder.part("categories.yaml", CategoriesFile)
    places = folder.part("places.yaml", PlacesFile)
    roles = folder.part("roles.yaml", RolesFile)
    posts = folder.part("posts.yaml", PostsFile)
    return {
        "files": len(folder.documents),
        "units": len(folder.units()),
        "categories": len(used_keys(categories)) if categories else 0,
        "local": len(categories.local) if categories else 0,
        "duties": len(duties.duties) if duties else 0,
        "duty_lines": len(expand_duties(duties.duties, folder.group_codes())) if duties else 0,
        "places": len(places.places) if places else 0,
        "procedures": len(folder.raw("procedures/")),
        "roles": len(roles.roles) if roles else 0,
        "posts": len(posts.posts) if posts else 0,
    }
