"""How good suggestions are in this office: from every choice that a person made, month by month."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from django.utils import timezone

from townkeeper.cases.models import Stage
from townkeeper.suggestions.models import Offer

BANDS: Final = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass
class Share:
    """How often suggestions were right, over some offers."""

    offers: int = 0
    first: int = 0
    """The first suggestion was right."""
    among: int = 0
    """One of those shown was right."""
    truths: Counter[str] = field(default_factory=Counter)

    def add(self, truth: str, offered: list[str]) -> None:
        """Count one offer."""
        self.offers += 1
        self.first += bool(offered) and offered[0] == truth
        self.among += truth in offered
        self.truths[truth] += 1

    def as_dict(self) -> dict[str, Any]:
        """Return counts and shares; `baseline` is the most frequent answer's own share."""
        usual, most = self.truths.most_common(1)[0] if self.truths else ("", 0)
        count = self.offers or 1
        return {
            "offers": self.offers,
            "top_1": round(self.first / count, 4),
            "top_3": round(self.among / count, 4),
            "most_frequent": usual,
            "baseline": round(most / count, 4),
        }


def measure_offers(
    kind: str = Offer.Kind.CATEGORY,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, Any]:
    """Return how right suggestions of a kind were: in all, by month, by confidence, by model.

    What is right: for a category the one under which the case was closed, once it is closed; until
    then, and for other kinds, what the person chose.
    """
    offers = Offer.objects.filter(kind=kind)
    if since is not None:
        offers = offers.filter(at__gte=since)
    if until is not None:
        offers = offers.filter(at__lt=until)
    rows = offers.order_by("at").values_list(
        "at", "offered", "chosen", "confidence", "model", "case__stage", "case__category__key"
    )
    whole = Share()
    months: dict[str, Share] = {}
    models: dict[str, Share] = {}
    bands: dict[tuple[float, float], Share] = {}
    said: dict[tuple[float, float], float] = {}
    for at, offered, chosen, confidence, model, stage, final in rows.iterator(chunk_size=2000):
        decided = kind == Offer.Kind.CATEGORY and stage == Stage.CLOSED and final
        truth, values = (final if decided else chosen), [str(row["value"]) for row in offered]
        shares = [whole, months.setdefault(f"{timezone.localtime(at):%Y-%m}", Share())]
        shares.append(models.setdefault(model, Share()))
        if confidence is not None:
            band = _band(confidence)
            shares.append(bands.setdefault(band, Share()))
            said[band] = said.get(band, 0.0) + confidence
        for share in shares:
            share.add(truth, values)
    return {
        "kind": kind,
        **whole.as_dict(),
        "months": _listed("month", months.items()),
        "models": _listed("model", models.items()),
        "bands": [_as_row(band, share, said[band]) for band, share in sorted(bands.items())],
    }


def _as_row(band: tuple[float, float], share: Share, said: float) -> dict[str, Any]:
    """Return a band of confidence: what was said on average, and how much of it was right."""
    return {
        "low": band[0],
        "high": band[1],
        "offers": share.offers,
        "said": round(said / share.offers, 4),
        "right": round(share.first / share.offers, 4),
    }


def _band(confidence: float) -> tuple[float, float]:
    pairs = list(pairwise(BANDS))
    return next((pair for pair in pairs if confidence < pair[1]), pairs[-1])


def _listed(name: str, shares: Iterable[tuple[str, Share]]) -> list[dict[str, Any]]:
    return [{name: key, **share.as_dict()} for key, share in shares]
