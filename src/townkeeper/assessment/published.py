"""Reads rounds: what is behind a figure, what came before, and whether a published file holds."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from townkeeper.assessment.forerunners import prolonged
from townkeeper.assessment.frozen import (
    FORMAT,
    Content,
    Finding,
    cases_of,
    content_findings,
    digest_of,
)
from townkeeper.assessment.models import Round, UnitScore
from townkeeper.journal.keys import is_signed, key_id_of, known_keys


def round_file(round_: Round) -> Path:
    """Return where the published file of a round lies."""
    name = f"{round_.period}-{round_.scheme.key}-{round_.number}.json"
    return Path(settings.HOME) / "out" / "rounds" / name


def verify_publication(path: Path, *, trusted: Collection[str] | None = None) -> list[Finding]:
    """Check a published file by itself and return what is wrong with it, nothing if all is well.

    Digest, signature and key; then the scores are computed again from the frozen inputs, and the
    lists of cases are counted. `trusted` are known key ids; by default this installation's own,
    and where it has none every key is accepted.
    """
    try:
        envelope = json.loads(path.read_text(encoding="utf-8"))
        text = envelope["content"]
        parts = {name: str(envelope[name]) for name in ("digest", "signature", "public_key")}
        content = json.loads(text)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [Finding("unreadable", path.name, found=type(error).__name__)]
    if envelope.get("format") != FORMAT or content.get("format") != FORMAT:
        return [Finding("format", path.name, FORMAT, str(envelope.get("format")))]
    found = []
    if digest_of(text) != parts["digest"]:
        found.append(Finding("digest", path.name, parts["digest"], digest_of(text)))
    if not is_signed(text.encode(), signature=parts["signature"], public_key=parts["public_key"]):
        found.append(Finding("signature", path.name))
    found += _key_findings(envelope, parts["public_key"], trusted)
    try:
        found += content_findings(content)
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError) as error:
        found.append(Finding("unreadable", "content", found=f"{type(error).__name__}: {error}"))
    return found


def _key_findings(
    envelope: dict[str, Any], public_key: str, trusted: Collection[str] | None
) -> list[Finding]:
    said = str(envelope.get("key_id"))
    try:
        real = key_id_of(bytes.fromhex(public_key))
    except ValueError:
        real = ""
    if said != real:
        return [Finding("key-id", "", said, real)]
    accepted = set(known_keys()) if trusted is None else set(trusted)
    if (accepted or trusted is not None) and real not in accepted:
        return [Finding("key-unknown", "", real)]
    return []


def round_as_dict(round_: Round) -> dict[str, object]:
    """Return a round for JSON answers: every unit with score, rank and inputs."""
    content = content_of(round_)
    return {
        "round": {
            **content["round"],
            "state": str(round_.state),
            "digest": round_.digest,
            "origin": round_.origin,
            "file": str(round_file(round_)) if not round_.is_draft else None,
        },
        "units": [
            {
                "code": sheet["unit"],
                "name": content["units"][sheet["unit"]]["name"],
                "group": sheet["group"],
                "score": sheet["score"],
                "rank": sheet["rank"],
                "of": sheet["of"],
                "rank_range": [sheet["rank_low"], sheet["rank_high"]],
                "interval": [sheet["low"], sheet["high"]],
                "note": sheet["note"],
                "inputs": content["figures"][sheet["unit"]],
                "items": sheet["items"],
            }
            for sheet in content["sheets"]
        ],
        "totals": content["totals"],
    }


def content_of(round_: Round) -> Content:
    """Return what a round was made of, as it was frozen (or drafted)."""
    content: Content = json.loads(round_.content)
    return content


def cases_behind_score(round_: Round, unit_code: str, metric: str) -> dict[str, list[str]]:
    """Return the case numbers behind a figure: {"numerator": […], "denominator": […]}."""
    content = content_of(round_)
    known = content["metrics"][metric]
    if known["kind"] == "rate":
        parts = {part: known[part] for part in ("numerator", "denominator")}
        return {part: cases_of(content, unit_code, count) for part, count in parts.items()}
    if known["kind"] == "hours":
        return {"numerator": cases_of(content, unit_code, "handled_count"), "denominator": []}
    return {"numerator": cases_of(content, unit_code, metric), "denominator": []}


def rank_history(unit_code: str, scheme_key: str, *, months: int = 12) -> list[dict[str, object]]:
    """Return a unit's published ranks, the latest first, with its run at the top or bottom.

    Each entry: period, group, rank, of, score, is_last, and `change` (places gained since the
    month before in the list; None where there is nothing to compare).
    """
    found = ranks_before(scheme_key, "9999-99", months).get(unit_code, [])
    for now, before in zip(found, [*found[1:], None], strict=True):
        comparable = before is not None and now["rank"] and before["rank"]
        comparable = comparable and before is not None and now["group"] == before["group"]
        now["change"] = int(str(before["rank"])) - int(str(now["rank"])) if comparable else None  # type: ignore[index]
    return found


def months_in_a_row(history: list[dict[str, object]]) -> dict[str, int]:
    """Return how many of the latest months in a row a unit was first, and last, in its group."""
    return {
        "first": _run([h["rank"] == 1 for h in history]),
        "last": _run([bool(h["is_last"]) for h in history]),
    }


def _run(marks: list[bool]) -> int:
    return next((place for place, mark in enumerate(marks) if not mark), len(marks))


def ranks_before(
    scheme_key: str, period: str, months: int = 12
) -> dict[str, list[dict[str, object]]]:
    """Return unit code → the published ranks of the months before, the latest first.

    A month before the unit began is that of the one unit it took over from, named in `unit`.
    """
    rounds = (
        Round.objects.filter(scheme__key=scheme_key, state=Round.State.PUBLISHED, period__lt=period)
        .order_by("-period", "-number")
        .only("pk", "period")
    )
    latest: dict[str, int] = {}
    for each in rounds:
        if len(latest) == months and each.period not in latest:
            break
        latest.setdefault(each.period, each.pk)
    found: dict[str, dict[str, dict[str, object]]] = {}
    scores = UnitScore.objects.filter(round__in=latest.values())
    for row in scores.select_related("round", "unit").order_by("-round__period"):
        found.setdefault(row.unit.code, {})[row.round.period] = {
            "period": row.round.period,
            "group": row.group,
            "rank": row.rank,
            "of": row.of,
            "is_last": row.is_last,
            "score": None if row.score is None else str(row.score),
            "unit": row.unit.code,
        }
    return {
        code: _latest_first(code, entries) for code, entries in prolonged(found).items() if entries
    }


def _latest_first(code: str, entries: Mapping[str, dict[str, object]]) -> list[dict[str, object]]:
    """Return the months in order; `unit` stays where it is the unit's forerunner that is meant."""
    found = []
    for _period, entry in sorted(entries.items(), reverse=True):
        own = dict(entry)
        if own["unit"] == code:
            del own["unit"]
        found.append(own)
    return found
