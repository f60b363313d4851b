"""Trains a classifier on decided cases and measures it on cases that it has not seen.

The only code that needs scikit-learn; it is imported when training begins. Pure otherwise.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from townkeeper.suggestions.classifier import Classifier, Floats, Measured, softmax
from townkeeper.suggestions.words import grams, runs

FEWEST_CASES: Final = 100
FEWEST_OF_A_KIND: Final = 5
"""Fewer cases of a category teach nothing, and cannot be held out."""
MOST_TERMS: Final = 100_000
MOST_WEIGHTS: Final = 12_000_000
"""48 MB: with 300 categories 40,000 terms remain, the most frequent ones."""
FOLDS: Final = ((2_000, 10), (5_000, 5))
"""Up to so many cases, so many folds; beyond, one fifth is held out once."""
BANDS: Final = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
SEED: Final = 20261122


class Example(NamedTuple):
    """A decided case: its words and what it was."""

    title: str
    text: str
    label: str


class TooFewError(ValueError):
    """Not enough decided cases to learn from; carries how many there are."""

    def __init__(self, cases: int, labels: int) -> None:
        self.cases, self.labels = cases, labels
        super().__init__(cases, labels)


@dataclass(frozen=True)
class HeldOut:
    """What models said of cases that they had not seen."""

    truth: NDArray[np.int64]
    """The place of the right label; -1 where no label is right."""
    scores: Floats
    folds: int


def train(
    examples: Sequence[Example],
    *,
    trained_at: str,
    progress: Callable[[int], object] = lambda _step: None,
) -> Classifier:
    """Train on decided cases; `progress` is called after each fold and after the end.

    Errors: TooFewError where fewer than `FEWEST_CASES` cases or two learnable labels are there.
    """
    counts = Counter(example.label for example in examples)
    labels = sorted(label for label, n in counts.items() if n >= FEWEST_OF_A_KIND)
    learnable = [example for example in examples if counts[example.label] >= FEWEST_OF_A_KIND]
    if len(learnable) < FEWEST_CASES or len(labels) < 2:  # noqa: PLR2004
        raise TooFewError(len(learnable), len(labels))
    held = hold_out(learnable, labels, progress=progress)
    temperature = best_temperature(held)
    classifier = fitted(learnable, labels, trained_at=trained_at)
    coverage = len(learnable) / len(examples)
    progress(1)
    measured = measure(held, labels, counts, temperature=temperature, coverage=coverage)
    return replace(classifier, temperature=temperature, coverage=coverage, measured=measured)


def fitted(examples: Sequence[Example], labels: Sequence[str], *, trained_at: str) -> Classifier:
    """Return a classifier fitted to the examples, not calibrated yet."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - training only
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    place = {label: number for number, label in enumerate(labels)}
    vectorizer = TfidfVectorizer(
        analyzer=_analyse,
        sublinear_tf=True,
        min_df=2,
        max_features=min(MOST_TERMS, MOST_WEIGHTS // len(labels)),
        dtype=np.float32,
    )
    matrix = vectorizer.fit_transform(examples)
    machine = LinearSVC(class_weight="balanced", random_state=SEED)
    machine.fit(matrix, [place[example.label] for example in examples])
    weights, intercept = machine.coef_, machine.intercept_
    if len(labels) == 2:  # noqa: PLR2004 - one line between two labels, as a score for each
        weights, intercept = np.vstack([-weights, weights]), np.hstack([-intercept, intercept])
    names = vectorizer.get_feature_names_out()
    return Classifier(
        labels=tuple(labels),
        terms={str(name): number for number, name in enumerate(names)},
        idf=vectorizer.idf_.astype(np.float32),
        weights=np.ascontiguousarray(weights.T, dtype=np.float32),
        intercept=intercept.astype(np.float32),
        temperature=1.0,
        coverage=1.0,
        trained_at=trained_at,
    )


def _analyse(example: Any) -> list[str]:  # noqa: ANN401 - scikit-learn hands back what it was given
    return grams(runs(example.title, example.text))


def hold_out(
    examples: Sequence[Example],
    labels: Sequence[str],
    *,
    progress: Callable[[int], object] = lambda _step: None,
) -> HeldOut:
    """Return what models trained on the others say of each case (stratified folds, fixed seed)."""
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415 - training only

    place = {label: number for number, label in enumerate(labels)}
    truth = np.array([place[example.label] for example in examples])
    folds = next((n for most, n in FOLDS if len(examples) <= most), 1)
    splits = min(max(folds, 5), int(np.bincount(truth).min()))
    order = StratifiedKFold(splits, shuffle=True, random_state=SEED).split(truth, truth)
    scores, seen = np.zeros((len(examples), len(labels)), np.float32), []
    for train_on, test_on in order:
        model = fitted([examples[i] for i in train_on], labels, trained_at="")
        for i in test_on:
            scores[i] = model.scores(examples[i].title, examples[i].text)
        seen += test_on.tolist()
        progress(1)
        if folds == 1:
            break
    return HeldOut(truth[seen], scores[seen], splits if folds > 1 else 1)


def best_temperature(held: HeldOut) -> float:
    """Return the factor on margins under which held-out confidence fits truth best (log loss)."""
    rows = np.arange(len(held.truth))

    def loss(factor: float) -> float:
        right = softmax(held.scores * np.float32(factor))[rows, held.truth]
        return float(-np.log(np.maximum(right, 1e-9)).mean())

    return float(min(np.geomspace(0.3, 30, 80), key=loss))


def measure(
    held: HeldOut,
    labels: Sequence[str],
    counts: Counter[str],
    *,
    temperature: float,
    coverage: float,
) -> Measured:
    """Say how good held-out answers were; a case of a label left out counts as wrong."""
    order = np.argsort(-held.scores, axis=1, kind="stable")
    first = order[:, 0]
    right = first == held.truth
    right_3 = (order[:, :3] == held.truth[:, None]).any(axis=1)
    shares = softmax(held.scores * np.float32(temperature)) * coverage
    said = shares[np.arange(len(first)), first]
    usual, most = counts.most_common(1)[0]
    total = counts.total()
    share = most / total
    return Measured(
        cases=total,
        categories=len(labels),
        left_out=len(counts) - len(labels),
        top_1=round(float(right.mean()) * coverage, 4),
        top_3=round(float(right_3.mean()) * coverage, 4),
        macro_f1=round(macro_f1(held.truth, first, len(labels)), 4),
        most_frequent=usual,
        baseline=round(share, 4),
        baseline_macro_f1=round(2 * share / (1 + share) / len(labels), 4),
        folds=held.folds,
        bands=bands(said, right),
    )


def macro_f1(truth: NDArray[np.int64], said: NDArray[np.int64], labels: int) -> float:
    """Return the mean over labels of the harmonic mean of precision and recall."""
    scores = []
    for label in range(labels):
        hits = int(((truth == label) & (said == label)).sum())
        both = int((truth == label).sum() + (said == label).sum())
        scores.append(2 * hits / both if both else 0.0)
    return float(np.mean(scores))


def bands(said: Floats, right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Return confidence against truth, band by band; empty bands are left out."""
    rows = []
    for low, high in pairwise(BANDS):
        within = (said >= low) & ((said < high) | (high == 1.0))
        if within.any():
            rows.append(
                {
                    "low": low,
                    "high": high,
                    "cases": int(within.sum()),
                    "said": round(float(said[within].mean()), 4),
                    "right": round(float(right[within].mean()), 4),
                }
            )
    return rows
