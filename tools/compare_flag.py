"""Compares the on-time rates of a published round with a flag that the imported file brought along.

    .venv/bin/python tools/compare_flag.py --home var --month 2011-09

Every difference is explained by kind, with counts that add up from the file's figure to ours; the
script fails if they do not. Output is Markdown; docs/boston.md holds one.
"""

import argparse
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEPS = (
    ("file", "flagged, opened in the month"),
    ("no-due", "less: no due date, which the file calls on time"),
    ("later", "less: opened in the month, due in another"),
    ("earlier", "plus: opened in another month, due in this one"),
    ("blank", "plus: due in the month, flag left blank"),
    ("differ", "plus: the same case judged differently"),
    ("ours", "ours: due in the month"),
)


def main() -> int:
    """Print the comparison of one month and of the whole file; 1 if something is left over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT / "var")
    parser.add_argument("--month", required=True)
    parser.add_argument("--column", default="ontime", help="the kept column with the flag")
    parser.add_argument("--on-time", default="ONTIME")
    parser.add_argument("--late", default="OVERDUE")
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT / "src"))
    os.environ["TOWNKEEPER_HOME"] = str(args.home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "townkeeper.config.settings"
    import django  # noqa: PLC0415 - the home must be known first

    django.setup()
    flags = {args.on_time: "on-time", args.late: "late"}
    left = print_month(args.month, args.column, flags)
    print_whole(args.column, flags)
    return 1 if left else 0


def print_month(month: str, column: str, flags: dict[str, str]) -> int:
    """Print the bridge from the file's rate to ours for every unit; return what is unexplained."""
    from townkeeper.assessment.frozen import cases_of  # noqa: PLC0415
    from townkeeper.assessment.models import Round  # noqa: PLC0415
    from townkeeper.assessment.published import content_of  # noqa: PLC0415

    found = Round.objects.filter(period=month).exclude(state="draft").order_by("-number").first()
    if found is None:
        sys.exit(f"{month} is not published in this home")
    content = content_of(found)
    due = {n: code for code in content["units"] for n in cases_of(content, code, "due_count")}
    met = {n for code in content["units"] for n in cases_of(content, code, "on_time_count")}
    steps: dict[str, Counter[str]] = defaultdict(Counter)
    for row in _rows(column, found):
        for step in _steps_of(row, flags, due, met):
            steps[str(row["unit"])].update(step)
    print(f"## On time in {month}, unit by unit\n")
    print("Each cell: on time / all that count.\n")
    print("| unit | " + " | ".join(words for _key, words in STEPS) + " | file | ours |")
    print("| --- |" + " ---: |" * (len(STEPS) + 2))
    left = 0
    for code, unit in content["units"].items():
        counts = steps[code]
        left += _unexplained(counts)
        cells = [_cell(counts, key) for key, _words in STEPS]
        rates = [_rate(counts, "file"), _rate(counts, "ours")]
        print(f"| {unit['names'].get('en', unit['name'])} | " + " | ".join([*cells, *rates]) + " |")
    print(f"\nLeft unexplained: {left}.\n")
    return left


def _rows(column: str, round_: object) -> list[dict[str, object]]:
    """Return imported cases with unit, month of opening, due time and flag."""
    from django.db.models import F  # noqa: PLC0415

    from townkeeper.assessment.published import content_of  # noqa: PLC0415
    from townkeeper.cases.models import Case  # noqa: PLC0415

    span = content_of(round_)["round"]  # type: ignore[arg-type]
    rows = Case.objects.filter(origin="imported").values(
        "number", "opened_at", "extra", unit_code=F("unit__code"), due=F("tasks__due_at")
    )
    return [
        {
            "number": row["number"],
            "unit": row["unit_code"],
            "opened": span["start"] <= row["opened_at"].isoformat() < span["end"],
            "has_due": row["due"] is not None,
            "flag": row["extra"].get(column, ""),
        }
        for row in rows.iterator(5000)
    ]


def _steps_of(
    row: dict[str, object], flags: dict[str, str], due: dict[str, str], met: set[str]
) -> list[Counter[str]]:
    """Return what one case adds to each step: `step` counts all, `step+` those on time."""
    said = flags.get(str(row["flag"]))
    ours = str(row["number"]) in due
    kept = str(row["number"]) in met
    found = []

    def add(step: str, *, on_time: bool) -> None:
        found.append(Counter({step: 1, f"{step}+": int(on_time)}))

    if row["opened"] and said:
        add("file", on_time=said == "on-time")
        if not row["has_due"]:
            add("no-due", on_time=said == "on-time")
        elif not ours:
            add("later", on_time=said == "on-time")
    if ours:
        add("ours", on_time=kept)
        if said is None:
            add("blank", on_time=kept)
        else:
            if not row["opened"]:
                add("earlier", on_time=said == "on-time")
            if kept != (said == "on-time"):
                found.append(Counter({"differ": 0, "differ+": 1 if kept else -1}))
    return found


def _unexplained(counts: Counter[str]) -> int:
    signs = {
        "file": 1,
        "no-due": -1,
        "later": -1,
        "earlier": 1,
        "blank": 1,
        "differ": 1,
        "ours": -1,
    }
    return sum(
        abs(sum(sign * counts[step + mark] for step, sign in signs.items())) for mark in ("", "+")
    )


def _cell(counts: Counter[str], step: str) -> str:
    return f"{counts[step + '+']} / {counts[step]}" if counts[step] or counts[step + "+"] else "–"


def _rate(counts: Counter[str], step: str) -> str:
    return f"{counts[step + '+'] / counts[step]:.2%}" if counts[step] else "—"


def print_whole(column: str, flags: dict[str, str]) -> None:
    """Print how each row's flag compares with its times, over the whole file."""
    from django.db.models import F  # noqa: PLC0415

    from townkeeper.cases.models import Case  # noqa: PLC0415

    counts: Counter[tuple[str, str]] = Counter()
    rows = Case.objects.filter(origin="imported").values_list(
        "extra", F("tasks__due_at"), F("tasks__done_at")
    )
    for extra, due, done in rows.iterator(5000):
        if due is None:
            ours = "no due time: in no rate"
        elif done is None:
            ours = "still open: late once the due time has passed"
        else:
            ours = "closed no later than due: on time" if done <= due else "closed after due: late"
        counts[str(extra.get(column, "")) or "(blank)", ours] += 1
    print("## The flag of every row against its times\n")
    print("| the file's flag | our reading | rows |\n| --- | --- | ---: |")
    for (said, ours), number in sorted(counts.items(), key=lambda pair: (pair[0][0], -pair[1])):
        print(f"| {said} | {ours} | {number:,} |")
    print(f"| **all** | | **{sum(counts.values()):,}** |")
    print(f"\nKnown flags: {', '.join(flags)}.")


if __name__ == "__main__":
    sys.exit(main())
