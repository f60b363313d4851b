"""Category suggestions on real messages: 495 citizens' messages with one of seven departments each.

Ten-fold cross-validation; the reference is the most frequent department, guessed every time. Beside it
what keywords do before there is a model (the names below each department in the category tree), how
the result grows with the number of decided cases, and the time of one suggestion. The data lies beside the checkout
(docs/suggestions.md); without it made-up messages show only that the benchmark runs, and say so.
"""

import os
import random
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from townkeeper.kit.sheets import as_text, find_table, open_sheet
from townkeeper.suggestions.training import Example, train
from townkeeper.suggestions.words import normalised

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "messages"
LABELLED = DATA / "附件2-示例.xlsx"
TREE = DATA / "category_tree_517.xlsx"
SEED = 20261122


def run(quick: bool = False) -> list[dict]:

    examples = labelled() if LABELLED.exists() else made_up()
    note = "" if LABELLED.exists() else "made up"
    began = time.perf_counter()
    model = train(examples, trained_at="2026-11-22")
    seconds = time.perf_counter() - began
    found = model.measured
    rows = [
        row("top-1", found.top_1, "share", found.baseline, note),
        row("top-3", found.top_3, "share", most_frequent(examples, 3), note),
        row("macro-F1", found.macro_f1, "share", found.baseline_macro_f1, note),
        row("margin over the most frequent class", found.top_1 - found.baseline, "share"),
        row("calibration error (mean gap of confidence and truth)", gap(found), "share"),
        row("train and measure", seconds, "s", note=f"{found.cases} messages, {found.folds} folds"),
        row("terms", len(model.terms), "terms"),
    ]
    rows += [row(f"confidence {b['low']:.0%} to {b['high']:.0%}: right", b["right"], "share", b["said"],
                 f"{b['cases']} messages; the reference is the confidence that was said")
             for b in found.bands]  # fmt: skip
    if not quick:
        rows += curve(examples, note)
    rows += keywords(examples) if TREE.exists() else []
    return rows + speed(model, examples)


def row(name, value, unit, reference=None, note=""):
    ratio = value / reference if reference else None
    made = {"name": name, "value": round(value, 4), "unit": unit, "reference": reference}
    return made | {"ratio": ratio and round(ratio, 3)} | ({"note": note} if note else {})


def labelled():
    """Return the real messages with their departments."""

    table = find_table(open_sheet(LABELLED), required=["留言主题", "留言详情", "一级分类"])
    places = [table.place(name) for name in ("留言主题", "留言详情", "一级分类")]
    return [Example(*(as_text(cells[p]) for p in places)) for _row, cells in table.records()]


def made_up():

    chance = random.Random(SEED)  # noqa: S311
    words = {"垃圾": "市容", "噪音": "環境", "路燈": "市政", "攤販": "城管"}
    said = [(chance.choice(list(words)), i) for i in range(400)]
    return [Example(f"{word}{i % 7}號", f"門口{word}，請處理", words[word]) for word, i in said]


def most_frequent(examples, n):
    counts = defaultdict(int)
    for example in examples:
        counts[example.label] += 1
    return round(sum(sorted(counts.values())[-n:]) / len(examples), 4)


def gap(found):
    total = sum(band["cases"] for band in found.bands)
    return sum(abs(b["said"] - b["right"]) * b["cases"] for b in found.bands) / total


def curve(examples, note):
    """Train on fewer cases: what an office has after its first weeks."""

    rows = []
    for size in (100, 200, 300, 400):
        chance = random.Random(SEED)  # noqa: S311
        some = chance.sample(examples, min(size, len(examples)))
        found = train(some, trained_at="2026-11-22").measured
        rows.append(row(f"top-1 from {size} cases", found.top_1, "share", found.baseline, note))
    return rows


def keywords(examples):
    """Ask the keywords alone: the words of the tree below each department."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "townkeeper.config.settings")
    with tempfile.TemporaryDirectory(prefix="townkeeper-suggestions-") as home:
        os.environ["TOWNKEEPER_HOME"] = home
        import django  # noqa: PLC0415 - the home is known only now

        django.setup()
        return _keywords(examples)


def _keywords(examples):
    from townkeeper.suggestions.suggest import Catalogue, Known  # noqa: PLC0415

    table = find_table(open_sheet(TREE), required=["一级分类", "二级分类", "三级分类"])
    words = defaultdict(dict)
    for _row, cells in table.records():
        top, *below = (as_text(cell).strip() for cell in cells[:3])
        words[top] |= dict.fromkeys(normalised(word) for word in [top, *below] if len(word) > 1)
    used = {top: Known(top, {}, top, tuple(said)) for top, said in words.items()}
    catalogue = Catalogue(0, used, frozenset())
    answers = [
        ([s.category for s in catalogue.by_keywords(f"{e.title}\n{e.text}")][:3], e.label)
        for e in examples
    ]
    count = len(answers)
    note = f"{sum(not said for said, _ in answers)} of {count} messages hold no keyword"
    first = sum(said[:1] == [truth] for said, truth in answers) / count
    among = sum(truth in said for said, truth in answers) / count
    usual = most_frequent(examples, 1)
    return [
        row("keywords only: top-1", first, "share", usual, note),
        row("keywords only: top-3", among, "share", most_frequent(examples, 3)),
    ]


def speed(model, examples):
    for example in examples[:50]:
        model.guess(example.title, example.text)
    times = []
    for example in examples:
        began = time.perf_counter()
        model.guess(example.title, example.text)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return [
        row("one suggestion with its reasons, median", times[len(times) // 2], "ms"),
        row("one suggestion with its reasons, p95", times[int(len(times) * 0.95)], "ms"),
    ]
