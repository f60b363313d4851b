"""Assessing a month and publishing it: what is published is frozen, signed and never changes."""

import json
import os
import re
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from townkeeper.assessment.frozen import FORMAT, canonical, digest_of
from townkeeper.assessment.gather import (
    Entered,
    Members,
    gather,
    office_zone,
    origin_of,
)
from townkeeper.assessment.models import Round, RoundQuerySet, Scheme, UnitScore
from townkeeper.assessment.published import ranks_before, round_file
from townkeeper.assessment.scoring import Sheet, sheet_as_dict
from townkeeper.cases.metrics import Window, month_window
from townkeeper.journal.actions import record
from townkeeper.journal.keys import known_keys, sign
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def assess_month(
    month: str,
    *,
    actor: str,
    scheme: str | Scheme | None = None,
    data_until: datetime | None = None,
    entered: Entered | None = None,
) -> Round:
    """Score a month (`2011-09`) and return the draft; computing again replaces the draft.

    `data_until` leaves out what happened later (now by default). Of a month that is published
    already, the result is a new draft with the next number. Raises Problem.
    """
    now = clock.now()
    chosen = _scheme(scheme)
    zone = office_zone()
    if not MONTH.fullmatch(month):
        raise Problem(
            "month-wrong",
            _("“%(text)s” is not a month.") % {"text": month},
            hint=_("Write year and month, such as 2026-09."),
        )
    window = month_window(month, until=data_until or now, zone=zone)
    if window.start >= window.until:
        raise Problem("month-to-come", _("The month %(month)s has not begun.") % {"month": month})
    content, sheets, members = gather(chosen, window, zone, entered=entered or {})
    origin = origin_of(content["cases"]["numbers"])
    before = ranks_before(chosen.key, month)
    with transaction.atomic():
        draft = _draft(chosen, month, window, actor=actor, now=now, origin=origin)
        content |= {
            "round": {**_identity(draft, window), "time_zone": str(zone)},
            "before": {code: ranks for code, ranks in before.items() if code in members.units},
        }
        draft.content = canonical(content)
        draft.digest = digest_of(draft.content)
        draft.save()
        _write_scores(draft, sheets, members)
        record(
            subject=draft.subject,
            act="round.assessed",
            actor=actor,
            data={"units": len(sheets), "data_until": window.until.isoformat()},
        )
    return draft


def publish_round(round_: Round, *, actor: str) -> Round:
    """Freeze and sign a draft, write its file, and mark an earlier version as corrected."""
    with transaction.atomic():
        fresh = Round.objects.select_for_update().select_related("scheme").get(pk=round_.pk)
        _refuse_to_publish(fresh)
        now = clock.now()
        content = json.loads(fresh.content)
        content["round"] |= {"published_at": now.isoformat(), "published_by": actor}
        fresh.content = canonical(content)
        fresh.digest = digest_of(fresh.content)
        signature = sign(fresh.content.encode())
        fresh.signature, fresh.key_id = signature.value, signature.key_id
        fresh.state, fresh.published_at, fresh.published_by = Round.State.PUBLISHED, now, actor
        fresh.save()
        for older in _others(fresh).filter(state=Round.State.PUBLISHED):
            older.state = Round.State.REPLACED
            older.save()
            record(
                subject=older.subject,
                act="round.corrected",
                actor=actor,
                data={"by": fresh.number},
            )
        record(
            subject=fresh.subject,
            act="round.published",
            actor=actor,
            data={"digest": fresh.digest, "key": fresh.key_id, "file": round_file(fresh).name},
        )
    write_round_file(fresh)
    return fresh


def write_round_file(round_: Round) -> Path:
    """Write the self-contained file of a published round; the same round gives the same bytes."""
    path = round_file(round_)
    path.parent.mkdir(parents=True, exist_ok=True)
    envelope = {
        "format": FORMAT,
        "about": "A published assessment. `content` is the JSON text that was signed; "
        "`townkeeper verify FILE` checks digest and signature and scores it again.",
        "algorithm": "Ed25519 over the UTF-8 bytes of content; digest is their SHA-256",
        "key_id": round_.key_id,
        "public_key": known_keys().get(round_.key_id, ""),
        "digest": round_.digest,
        "signature": round_.signature,
        "content": round_.content,
    }
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps(envelope, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)
    return path


def _scheme(wanted: str | Scheme | None) -> Scheme:
    if isinstance(wanted, Scheme):
        return wanted
    current = Scheme.objects.filter(is_current=True).order_by("key")
    if wanted is not None:
        current = current.filter(key=wanted)
    found = list(current[:20])
    if not found:
        raise Problem(
            "scheme-missing",
            _("There is no scheme to assess by."),
            hint=_("Load a program that has one: townkeeper program load DIR."),
        )
    if len(found) > 1:
        raise Problem(
            "scheme-unclear",
            _("There are several schemes: %(keys)s.") % {"keys": ", ".join(s.key for s in found)},
            hint=_("Say which one with --scheme."),
        )
    return found[0]


def _others(round_: Round) -> RoundQuerySet:
    rounds = Round.objects.filter(scheme__key=round_.scheme.key, period=round_.period)
    return rounds.select_related("scheme").exclude(pk=round_.pk)


def _draft(
    scheme: Scheme, month: str, window: Window, *, actor: str, now: datetime, origin: str
) -> Round:
    """Return the draft of the month, emptied if there was one, else with the next number."""
    same = Round.objects.filter(scheme__key=scheme.key, period=month)
    draft = same.filter(state=Round.State.DRAFT).select_for_update().first()
    if draft is None:
        last = same.aggregate(last=Max("number"))["last"] or 0
        draft = Round(period=month, number=last + 1)
    else:
        draft.scores.all().delete()
    draft.scheme = scheme
    draft.data_until, draft.computed_at, draft.computed_by = window.until, now, actor
    draft.origin = origin
    return draft


def _identity(round_: Round, window: Window) -> dict[str, object]:
    return {
        "period": round_.period,
        "number": round_.number,
        "scheme": round_.scheme.key,
        "scheme_number": round_.scheme.number,
        "title": round_.scheme.names,
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "data_until": window.until.isoformat(),
        "computed_at": round_.computed_at.isoformat(),
        "computed_by": round_.computed_by,
        "origin": round_.origin,
    }


def _write_scores(round_: Round, sheets: tuple[Sheet, ...], members: Members) -> None:
    last: dict[str, int] = {}
    for sheet in sheets:
        last[sheet.group] = max(last.get(sheet.group, 0), sheet.rank or 0)
    UnitScore.objects.bulk_create(
        [
            UnitScore(
                round=round_,
                unit=members.units[sheet.unit],
                unit_name=members.units[sheet.unit].name,
                group=sheet.group,
                score=sheet.score,
                rank=sheet.rank,
                of=sheet.of,
                is_last=sheet.rank is not None and sheet.rank == last[sheet.group] and sheet.of > 1,
                low=sheet.low,
                high=sheet.high,
                rank_low=sheet.rank_low,
                rank_high=sheet.rank_high,
                items=sheet_as_dict(sheet)["items"],
                note=sheet.note,
            )
            for sheet in sheets
        ]
    )


def _refuse_to_publish(round_: Round) -> None:
    if not round_.is_draft:
        raise Problem(
            "round-published",
            _("This round is published; it cannot be changed."),
            hint=_("Assess the month again: the correction is a new round beside it."),
        )
    if digest_of(round_.content) != round_.digest:
        raise Problem(
            "round-touched",
            _("The draft is not as it was computed."),
            hint=_("Assess the month again."),
        )
    end = json.loads(round_.content)["round"]["end"]
    if round_.data_until < datetime.fromisoformat(end):
        raise Problem(
            "month-not-over",
            _("The month %(month)s was not over at the data time.") % {"month": round_.period},
            hint=_("Assess it again after its end, then publish."),
        )
