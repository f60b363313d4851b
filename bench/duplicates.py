"""Twins of a report at entry: how many real duplicates are shown, how many false ones, how fast.

Chicago 2011–2012 marks 1,791 of 37,228 sanitation complaints as duplicates, without saying of what.
Each complaint is entered in turn, with only what came before it known; a twin shown for a complaint
that the city did not mark counts as false. Speed is measured on the made-up town of `dataset`.
"""

import csv
import gzip
import json
import sys
from datetime import datetime, timedelta

from bench._reading import curve, setup, timed
from bench.dataset import ROOT

CHICAGO = ROOT.parent / "shared" / "data" / "reports" / "chicago_sanitation_2011_2012.csv.gz"
METRES, DAYS, LEAST = (10, 30, 60, 100, 200, 300), (7, 14, 30, 60), (0.0, 0.4, 0.5, 0.6, 0.7, 0.8)
SHOWN = 5
PROMISED = 50


def run(quick=False):
    import os  # noqa: PLC0415

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "townkeeper.config.settings")
    setup()
    return [*chicago(), *curve("bench.duplicates", quick=quick, promise=PROMISED)]


# --- Chicago ---


def complaints():
    from townkeeper.cases.imports.past import PastCase  # noqa: PLC0415

    with gzip.open(CHICAGO, "rt", encoding="utf-8") as stream:
        rows = {row["Service_Request_Number"]: row for row in csv.DictReader(stream)}
    kinds = {}
    found = []
    for row in rows.values():
        kind = row["What_is_the_Nature_of_this_Code_Violation"]
        closed = row["Completion_Date"]
        found.append(
            (
                PastCase(
                    len(found),
                    row["Service_Request_Number"],
                    kinds.setdefault(kind, len(kinds)) if kind else None,
                    row["Street_Address"].strip(),
                    float(row["Longitude"]) if row["Longitude"] else None,
                    float(row["Latitude"]) if row["Latitude"] else None,
                    datetime.fromisoformat(row["Creation_Date"]),
                    # dates without a time: what is closed on a day ran until its end
                    datetime.fromisoformat(closed) + timedelta(hours=23) if closed else None,
                    row["Type_of_Service_Request"],
                ),
                "Dup" in row["Status"],
            )
        )
    return sorted(found, key=lambda pair: (pair[0].opened_at, pair[0].number))


def chicago():
    """Rows per setting; nothing where the file is not beside the checkout."""
    if not CHICAGO.exists():
        print("no complaints of Chicago beside the checkout: left out", file=sys.stderr)
        return []
    from townkeeper.cases.imports.past import Past  # noqa: PLC0415
    from townkeeper.cases.likeness import Reach, Vocabulary, score  # noqa: PLC0415
    from townkeeper.cases.twins import ENDED_DAYS  # noqa: PLC0415

    rows = complaints()
    past = Past(
        Reach(max(METRES), max(DAYS)),
        kin=lambda one, other: (
            "unknown" if None in (one, other) else "same" if one == other else "other"
        ),
        vocabulary=Vocabulary.of(case.words for case, _dup in rows[:4000]),
        ended_days=ENDED_DAYS,
    )
    near = []
    for case, is_dup in rows:
        near.append((is_dup, [one.facts for one in past.likely(case)]))
        past.put(case)
    table = []
    for metres in METRES:
        for days in DAYS:
            reach = Reach(metres, days)
            scored = [
                (
                    is_dup,
                    sorted(
                        (
                            (score(facts, reach), facts.is_same_spot)
                            for facts in known
                            if facts.apart <= timedelta(days=days)
                            and (facts.is_same_spot or facts.metres <= metres)
                        ),
                        reverse=True,
                    )[:SHOWN],
                )
                for is_dup, known in near
            ]
            table += [tally(scored, metres, days, least) for least in LEAST]
    return table


def tally(scored, metres, days, least):
    shown = {True: [0, 0, 0, 0], False: [0, 0, 0, 0]}
    for is_dup, found in scored:
        kept = [same for value, same in found if value >= least]
        count = shown[is_dup]
        count[0] += 1
        count[1] += bool(kept)
        count[2] += len(kept)
        count[3] += any(kept)
    dups, others = shown[True], shown[False]
    return {
        "name": f"Chicago, {metres} m, {days} days, score from {least}: duplicates with a twin shown",
        "value": round(dups[1] / dups[0], 4),
        "unit": "share",
        "note": {
            "metres": metres,
            "days": days,
            "least": least,
            "duplicates": dups[0],
            "shown": dups[1],
            "at_the_same_address": dups[3],
            "others": others[0],
            "others_with_a_twin": others[1],
            "share_of_others": round(others[1] / others[0], 4),
            "false_twins": others[2],
            "true_of_shown": round(dups[1] / max(1, dups[1] + others[1]), 4),
        },
    }


# --- speed ---


def measure(times):
    setup()
    import random  # noqa: PLC0415

    from bench._lives import AS_OF  # noqa: PLC0415
    from townkeeper.cases.intake import Report  # noqa: PLC0415
    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.cases.twins import find_twins  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415

    dice = random.Random(3)  # noqa: S311 - a measurement, not a secret
    late = list(
        Case.objects.exclude(lon=None).order_by("-opened_at").select_related("category")[:2000]
    )

    def report(case, *, is_near, has_address):
        jitter = dice.uniform(-0.0004, 0.0004)
        return Report(
            title=case.title,
            text=case.text[:200],
            category=case.category.key if case.category else None,
            lon=case.lon + jitter if is_near else None,
            lat=case.lat + jitter if is_near else None,
            address=case.address if has_address else "",
        )

    with clock.at(AS_OF, "simulated"):
        return [
            timed(
                name,
                lambda asked: len(find_twins(asked, least=0)),
                [report(case, is_near=near, has_address=address) for case in late],
                times,
            )
            for name, near, address in (
                ("twins of a report with position and address", True, True),
                ("twins of a report with a position", True, False),
                ("twins of a report with an address only", False, True),
            )
        ]


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[2]))))
