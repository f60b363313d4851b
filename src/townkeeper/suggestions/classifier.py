"""A trained classifier of texts: using it needs numpy only, and its file can run no code.

Weights are those of a linear support vector machine over tf-idf of character pieces; confidence is
a softmax over its scores, with a temperature found on held-out cases, times the share of cases
whose category the classifier knows at all. Pure.
"""

import hashlib
import io
import os
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from townkeeper.suggestions.words import grams, runs, widened

FORMAT: Final = 1
KEPT: Final = 2
"""Files kept in the folder: a process may just be reading the one before."""

Floats = NDArray[np.float32]


class BrokenModelError(ValueError):
    """The files of a model do not belong together, or are not a model."""


@dataclass(frozen=True)
class Measured:
    """How good a model was on cases that it had not seen."""

    cases: int
    categories: int
    left_out: int
    """Categories with too few cases to learn from; their cases count as wrong."""
    top_1: float
    top_3: float
    macro_f1: float
    most_frequent: str
    baseline: float
    """The share of the most frequent category: what guessing it always would get right."""
    baseline_macro_f1: float
    folds: int
    bands: list[dict[str, float]] = field(default_factory=list)
    """Confidence against truth: `low`, `high`, `cases`, `said`, `right`."""


@dataclass(frozen=True)
class Guess:
    """One category that a text may belong to."""

    label: str
    confidence: float
    words: tuple[str, ...]


@dataclass(frozen=True)
class Classifier:
    """Scores texts against categories."""

    labels: tuple[str, ...]
    terms: dict[str, int]
    idf: Floats
    weights: Floats
    """One row per term, one column per label."""
    intercept: Floats
    temperature: float
    coverage: float
    """The share of cases whose category is among the labels."""
    trained_at: str = ""
    measured: Measured | None = None
    version: str = ""

    def scores(self, title: str, text: str) -> Floats:
        """Return the margin of each label."""
        return self._weighed(runs(title, text))[2]

    def guess(self, title: str, text: str, *, limit: int = 3) -> list[Guess]:
        """Return the likeliest labels, each with confidence (0 to 1) and its words in the text."""
        said = runs(title, text)
        places, values, scores = self._weighed(said)
        if not len(places):
            return []
        chances = softmax(scores * self.temperature) * self.coverage
        best = np.argsort(-scores, kind="stable")[:limit]
        names = [self.names[place] for place in places]
        rows = self.weights[places]
        usual = rows.mean(axis=1)
        return [
            Guess(
                self.labels[label],
                round(float(chances[label]), 4),
                reasons(said, names, values * (rows[:, label] - usual)),
            )
            for label in best
        ]

    @cached_property
    def names(self) -> list[str]:
        """Return the terms in the order of their rows."""
        return list(self.terms)

    def _weighed(self, said: list[str]) -> tuple[NDArray[np.int64], Floats, Floats]:
        """Return the rows of the known terms, their tf-idf (of length one), and the margins."""
        known = self.terms
        found = [(known[gram], n) for gram, n in Counter(grams(said)).items() if gram in known]
        if not found:
            empty = np.empty(0, np.float32)
            return np.empty(0, np.int64), empty, self.intercept
        pairs = np.array(found, dtype=np.int64)
        places, counts = pairs[:, 0], pairs[:, 1]
        values: Floats = (1 + np.log(counts)).astype(np.float32) * self.idf[places]
        values /= np.float32(np.linalg.norm(values))
        scores: Floats = values @ self.weights[places] + self.intercept
        return places, values, scores


def softmax(scores: Floats) -> Floats:
    """Return scores as shares of one."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def reasons(said: list[str], names: list[str], worth: Floats, *, limit: int = 3) -> tuple[str, ...]:
    """Return the words of the text that spoke most for a label, none inside another."""
    weights = dict(zip(names, map(float, worth), strict=True))
    found: list[str] = []
    for place in np.argsort(-worth)[: limit * 8]:
        gram = names[place]
        if weights[gram] <= 0 or len(found) == limit:
            break
        if len(gram) < 2 or "0" in gram or any(gram in word for word in found):  # noqa: PLR2004
            continue
        word = widened(gram, said, weights)
        found = [other for other in found if other not in word] + [word]
    return tuple(found)


def save_classifier(classifier: Classifier, folder: Path, name: str) -> Classifier:
    """Write a classifier as `<name>.json` and an npz beside it; return it with its version.

    The description is replaced last and at once, so that a reader finds the old or the new one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        weights=classifier.weights,
        idf=classifier.idf,
        intercept=classifier.intercept,
        terms=np.array(list(classifier.terms), dtype=np.str_),
    )
    data = packed.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    version = f"{classifier.trained_at[:10]}-{digest[:8]}"
    file = f"{name}-{version}.npz"
    _put(folder / file, data)
    described = {
        "format": FORMAT,
        "version": version,
        "file": file,
        "digest": digest,
        "labels": classifier.labels,
        "temperature": classifier.temperature,
        "coverage": classifier.coverage,
        "trained_at": classifier.trained_at,
        "measured": asdict(classifier.measured) if classifier.measured else None,
    }
    _put(folder / f"{name}.json", msgspec.json.format(msgspec.json.encode(described), indent=1))
    old = sorted(folder.glob(f"{name}-*.npz"), key=lambda path: path.stat().st_mtime)
    for path in old[:-KEPT]:
        path.unlink(missing_ok=True)
    return replace(classifier, version=version)


def _put(path: Path, data: bytes) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)


def load_classifier(path: Path) -> Classifier:
    """Read a classifier by its description. Errors: BrokenModelError, OSError."""
    try:
        said: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        data = (path.parent / Path(said["file"]).name).read_bytes()
        if said["format"] != FORMAT or hashlib.sha256(data).hexdigest() != said["digest"]:
            raise BrokenModelError(path.name)
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            terms = arrays["terms"].tolist()
            made = Classifier(
                labels=tuple(said["labels"]),
                terms={term: place for place, term in enumerate(terms)},
                idf=arrays["idf"],
                weights=arrays["weights"],
                intercept=arrays["intercept"],
                temperature=float(said["temperature"]),
                coverage=float(said["coverage"]),
                trained_at=said["trained_at"],
                measured=Measured(**said["measured"]) if said["measured"] else None,
                version=said["version"],
            )
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise BrokenModelError(path.name) from error
    if made.weights.shape != (len(made.idf), len(made.labels)) or len(terms) != len(made.idf):
        raise BrokenModelError(said["file"])
    return made
