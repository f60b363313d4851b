"""Links imported duplicates with the case that they repeat, as likely as it is, and says so.

A file that marks records as duplicates seldom says of what. Each is paired with the likeliest
earlier record that is none itself; where none is likely enough it stays as it is, counted and
listed. Every link names the import, its reason and its confidence, and can be taken back.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from townkeeper.cases._read import read_case
from townkeeper.cases._save import Batch, save
from townkeeper.cases.desk import desk_at
from townkeeper.cases.imports.mapping import ImportMapping
from townkeeper.cases.imports.past import Likely, Past, PastCase
from townkeeper.cases.likeness import TEXT_MAX, Kin, Reach, Vocabulary
from townkeeper.cases.merging import MERGED
from townkeeper.cases.models import Case, Merge, Stage
from townkeeper.cases.twins import ENDED_DAYS, Twin, kin_of
from townkeeper.duties.register import load_register
from townkeeper.kit import clock

DUPLICATE: Final = "duplicate"
"""The outcome by which the import remembers what its file called a duplicate."""
REASON: Final = "linked by the import"
CHUNK: Final = 200
SAMPLE: Final = 4_000


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of the duplicates of a file."""

    linked: int
    unlinked: int
    file: str | None
    """Where those are listed for which nothing was found."""


def link_duplicates(mapping: ImportMapping, *, actor: str, now: datetime, folder: Path) -> Linked:
    """Link every duplicate of a system that is not linked yet; doing it again changes nothing."""
    rules = mapping.duplicates
    # what was linked before and read anew from a changed row goes on being linked
    Case.objects.filter(
        external_system=mapping.system, outcome=DUPLICATE, stage=Stage.VOIDED
    ).exclude(main=None).update(stage=Stage.MERGED)
    rows = _rows(mapping.system)
    waiting = _waiting(mapping.system)
    if rules is None or not waiting:
        return Linked(0, 0, None)
    register = load_register()
    reach = Reach(rules.within_metres, rules.within_days)
    pairs, alone = pair_up(
        rows,
        waiting,
        reach,
        kin=lambda one, other: kin_of(one, other, register),
        least=rules.least,
    )
    with clock.at(now, "imported"):
        for start in range(0, len(pairs), CHUNK):
            _link(pairs[start : start + CHUNK], actor=actor)
    name = f"import-{mapping.system}-{now:%Y%m%d-%H%M%S}-duplicates-of-nothing.csv"
    return Linked(len(pairs), len(alone), _listed(alone, folder / name))


def pair_up(
    rows: Iterable[PastCase],
    duplicates: set[int],
    reach: Reach,
    *,
    kin: Callable[[int | None, int | None], Kin],
    least: float,
) -> tuple[list[tuple[PastCase, Likely]], list[PastCase]]:
    """Pair duplicates with the likeliest earlier record that is none; return pairs and the rest.

    `duplicates` are ids. Of records of the same moment, as in files with dates only, the duplicate
    comes last.
    """
    known = sorted(rows, key=lambda row: (row.opened_at, row.id in duplicates, row.id))
    past = Past(
        reach,
        kin=kin,
        vocabulary=Vocabulary.of(row.words for row in known[:: max(1, len(known) // SAMPLE)]),
        ended_days=ENDED_DAYS,
    )
    pairs: list[tuple[PastCase, Likely]] = []
    alone: list[PastCase] = []
    for row in known:
        if row.id not in duplicates:
            past.put(row)
            continue
        likely = past.likely(row)
        if likely and likely[0].score >= least:
            pairs.append((row, likely[0]))
        else:
            alone.append(row)
    return pairs, alone


def _rows(system: str) -> list[PastCase]:
    """Return the records of a system that stand for themselves, and its unlinked duplicates."""
    cases = Case.objects.filter(external_system=system).exclude(stage=Stage.MERGED)
    names = ("number", "category_id", "address", "lon", "lat", "opened_at", "closed_at")
    return [
        PastCase(
            id=row.pk,
            number=row.number,
            category=row.category_id,
            address=row.address.strip(),
            lon=row.lon,
            lat=row.lat,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            words=f"{row.title} {row.text[:TEXT_MAX]}",
        )
        for row in cases.order_by("pk").only(*names, "title", "text").iterator(chunk_size=5_000)
    ]


def _waiting(system: str) -> set[int]:
    found = Case.objects.filter(
        external_system=system, outcome=DUPLICATE, stage=Stage.VOIDED, main=None
    )
    return set(found.values_list("pk", flat=True))


@transaction.atomic
def _link(pairs: Sequence[tuple[PastCase, Likely]], *, actor: str) -> None:
    """Put duplicates to their main cases, with an entry in both histories."""
    numbers: dict[int, list[str]] = defaultdict(list)
    for row, likely in pairs:
        batch = _batch(row.id)
        case = batch.seen.case
        before = {
            "step": case.step,
            "stage": case.stage,
            "closed_at": case.closed_at.isoformat() if case.closed_at else None,
            "outcome": case.outcome,
        }
        found = Twin(case, likely.score, likely.facts).found()
        case.stage, case.main_id = Stage.MERGED, likely.case.id
        batch.set_case("stage", "main_id")
        batch.add(Merge, main_id=likely.case.id, at=clock.now(), actor=actor, reason=REASON,
                  found=found, before=before)  # fmt: skip
        data = {"main": likely.case.number, "reason": REASON, "found": found}
        batch.say("case.merged", actor=actor, data=data)
        save(batch)
        numbers[likely.case.id].append(row.number)
    for pk in sorted(numbers):
        batch = _batch(pk)
        case = batch.seen.case
        case.counts = {**case.counts, MERGED: case.counts.get(MERGED, 0) + len(numbers[pk])}
        batch.set_case("counts")
        for number in numbers[pk]:
            batch.say("case.merged_in", actor=actor, data={"case": number, "reason": REASON})
        save(batch)


def _batch(pk: int) -> Batch:
    seen = read_case(pk)
    return Batch(seen, desk_at(seen.stamp).stamp)


def _listed(alone: Sequence[PastCase], path: Path) -> str | None:
    """Write the duplicates of nothing to a file; return its path, or None when there are none."""
    if not alone:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([_("Number"), _("Opened"), _("Address")])
        for row in alone:
            # the quote keeps a spreadsheet program from running an address as a formula
            safe = f"'{row.address}" if row.address[:1] in {"=", "+", "-", "@"} else row.address
            writer.writerow([row.number, f"{row.opened_at:%Y-%m-%d}", safe])
    return str(path)
