"""Training on the office's own decided cases, and recording what people made of suggestions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.cases.models import Case, Origin, Stage
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.suggestions.classifier import Classifier, save_classifier
from townkeeper.suggestions.models import Offer
from townkeeper.suggestions.suggest import NAME, models_folder
from townkeeper.suggestions.training import (
    FEWEST_CASES,
    FEWEST_OF_A_KIND,
    Example,
    TooFewError,
    train,
)
from townkeeper.suggestions.words import TEXT_READ

MOST_CASES: Final = 20_000
"""The latest decided cases: older ones follow older rules, and training stays within minutes."""


def decided_examples(*, simulated: bool = False, most: int = MOST_CASES) -> list[Example]:
    """Return title, text and category of the latest closed cases, the newest first.

    A case counts as decided when it was closed under a category; voided and merged ones prove
    nothing. Simulated cases have made-up words and are left out unless asked for.
    """
    cases = Case.objects.filter(stage=Stage.CLOSED, category__isnull=False)
    if not simulated:
        cases = cases.exclude(origin=Origin.SIMULATED)
    rows = cases.order_by("-closed_at", "-pk").values_list("title", "text", "category__key")[:most]
    return [Example(title, text[: TEXT_READ * 2], key) for title, text, key in rows.iterator()]


def train_model(
    *,
    actor: str,
    simulated: bool = False,
    progress: Callable[[int], object] = lambda _step: None,
) -> Classifier:
    """Train the model of this installation, store it in the home folder, and say so in the journal.

    Errors: Problem `too-few-cases`, and nothing is stored.
    """
    examples = decided_examples(simulated=simulated)
    try:
        made = train(examples, trained_at=clock.now().isoformat(), progress=progress)
    except TooFewError as error:
        raise Problem(
            "too-few-cases",
            _("There are %(cases)d decided cases in %(labels)d categories to learn from.")
            % {"cases": error.cases, "labels": error.labels},
            hint=_(
                "At least %(fewest)d are needed, %(each)d or more in each of two categories; "
                "until then the keywords of the categories answer."
            )
            % {"fewest": FEWEST_CASES, "each": FEWEST_OF_A_KIND},
        ) from error
    saved = save_classifier(made, models_folder(), NAME)
    measured = asdict(saved.measured) if saved.measured else {}
    with transaction.atomic():
        record(
            subject="suggestions",
            act="suggestions.trained",
            actor=actor,
            data={"version": saved.version, "simulated": simulated, **measured},
        )
    return saved


@transaction.atomic
def record_choice(
    case: Case,
    *,
    kind: str,
    offered: Sequence[Mapping[str, Any]],
    chosen: str,
    actor: str,
) -> Offer:
    """Record what was suggested for a case and what the person took; nothing else happens.

    `offered` are the suggestions as shown (`as_dict()`), the first one first; `chosen` is empty
    where the person took none. The same answer sent again is recorded once.
    """
    if kind not in Offer.Kind.values:
        raise Problem("kind-unknown", _("There is no such kind of suggestion."), where="kind")
    values = [str(row.get("value") or "") for row in offered]
    rank = values.index(chosen) + 1 if chosen and chosen in values else None
    first = offered[0] if offered else {}
    model = str(first.get("model") or "")
    last = Offer.objects.filter(case=case, kind=kind).order_by("-pk").first()
    if last is not None and (last.chosen, last.by, last.offered) == (chosen, actor, list(offered)):
        return last
    offer = Offer.objects.create(
        case=case,
        kind=kind,
        offered=[dict(row) for row in offered],
        chosen=chosen,
        rank=rank,
        is_accepted=rank is not None,
        confidence=first.get("confidence"),
        model=model,
        at=clock.now(),
        by=actor,
    )
    record(
        subject=case.subject,
        act="suggestion.answered",
        actor=actor,
        data={"kind": kind, "offered": values, "chosen": chosen, "model": model},
    )
    return offer
