"""What the public does with a case: report and follow it, have it too, add, remind, judge, reopen.

The number of a case alone shows what everybody may see. Whatever is said or done needs the key that
the reporter was given (only its digest is kept), or the end of the telephone number that they left.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.cases._proof import prove
from townkeeper.cases._save import Batch
from townkeeper.cases.desk import Desk
from townkeeper.cases.intake import NOT_TEXT, Report, open_case
from townkeeper.cases.judging import ask_reopening, judge_answer
from townkeeper.cases.models import Case, Evidence, Judgement, Reporter, Stage
from townkeeper.cases.publicity import deadline_of
from townkeeper.cases.records import Follow
from townkeeper.cases.turns import take_turn
from townkeeper.files.models import StoredFile
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.procedures.model import REPORTER

CHANNEL: Final = "portal"
BEFORE, LATER = "before-photo", "reporter-photo"
"""Photos of the report itself, and those that the reporter sent later."""
WORDS_MAX: Final = 5_000
PHOTOS_MAX: Final = 6
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 O 1 I L, which people mix up when they copy a key by hand."""
KEY_LENGTH, KEY_GROUP = 16, 4
DIGITS: Final = 6
"""So many last digits of a telephone number stand for a key; guessing is slowed by the page."""
REMIND_AGAIN: Final = timedelta(hours=24)
SUPPORTED, REMINDED, WITHDRAWN = "supported", "reminded", "withdrawn"
"""Counters of the case."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What somebody who reported, or has it too, goes home with."""

    case: Case
    key: str
    is_repeat: bool = False


class _NothingError(Exception):
    """There is nothing left to write: somebody sent the same at the same time."""


# --- keys ---


def key_for(form_key: str) -> str:
    """Return the key that goes with one form: the same form sent again gets the same key.

    HMAC-SHA-256 (RFC 2104) with the installation's secret, as 16 characters of 31: 79 bits.
    """
    secret = f"follow:{settings.SECRET_KEY}".encode()
    number = int.from_bytes(hmac.digest(secret, form_key.encode(), "sha256"))
    letters = []
    for _place in range(KEY_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return "".join(letters)


def spaced(key: str) -> str:
    """Return a key as people read it: `K7QM-3XRT-9PWD-4HVN`."""
    return "-".join(key[at : at + KEY_GROUP] for at in range(0, len(key), KEY_GROUP))


def digest_of_key(key: str) -> str:
    """Return what is kept of a key; spaces, hyphens and small letters do not matter."""
    typed = unicodedata.normalize("NFKC", key).upper()
    plain = "".join(letter for letter in typed if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def request_key_of(form_key: str) -> str:
    """Return the idempotency key of a form; whoever reads it in a list cannot make the key."""
    return f"portal:{hashlib.sha256(form_key.encode()).hexdigest()[:48]}"


def follow_by_key(case: Case, key: str) -> Follow | None:
    """Return who follows a case with a key; None for a wrong key."""
    if not key:
        return None
    return Follow.objects.filter(case=case, digest=digest_of_key(key)).first()


def follow_by_phone(case: Case, digits: str) -> Follow | None:
    """Return who left a telephone number that ends with these six digits; None for nobody.

    Whoever called the hotline has no key: the first right answer makes them a follower.
    """
    typed = unicodedata.normalize("NFKC", digits)
    end = "".join(letter for letter in typed if letter.isdecimal())[-DIGITS:]
    if len(end) < DIGITS:
        return None
    reporter = Reporter.objects.filter(case=case, is_anonymous=False).first()
    if reporter is not None and _ends(reporter.phone, end):
        found = Follow.objects.filter(case=case, part=Follow.Part.REPORTER).first()
        return found or _followed(case, Follow.Part.REPORTER, key_for(f"phone:{case.number}"))
    supporters = Follow.objects.filter(case=case, part=Follow.Part.SUPPORTER).exclude(phone="")
    return next((row for row in supporters if _ends(row.phone, end)), None)


def supporters_of(case: Case) -> list[Follow]:
    """Return those who have it too and left a number: they wait for the answer as well."""
    rows = Follow.objects.filter(case=case, part=Follow.Part.SUPPORTER).exclude(phone="")
    return list(rows.order_by("pk"))


def _ends(phone: str, end: str) -> bool:
    digits = "".join(letter for letter in phone if letter.isdecimal())
    return hmac.compare_digest(digits[-DIGITS:].encode(), end.encode())


def _followed(case: Case, part: str, key: str, *, name: str = "", phone: str = "") -> Follow:
    follow, _is_new = Follow.objects.get_or_create(
        digest=digest_of_key(key),
        defaults={"case": case, "part": part, "name": name, "phone": phone, "made_at": clock.now()},
    )
    return follow


# --- reporting, and having it too ---


def file_report(report: Report, *, form_key: str, photos: Sequence[StoredFile] = ()) -> Filed:
    """Open a case for somebody of the public and give them its key.

    The same form sent again, five times or at once, is the same case with the same key and each
    photo once. Raises Problem as `open_case` does.
    """
    opened = open_case(report, actor=REPORTER, request_key=request_key_of(form_key))
    case, key = Case.objects.get(pk=opened.id), key_for(form_key)
    _followed(case, Follow.Part.REPORTER, key)
    _add(case, photos=photos[:PHOTOS_MAX], kind=BEFORE)
    return Filed(case, key, is_repeat=opened.is_repeat)


def join_case(
    case: Case,
    *,
    form_key: str,
    name: str = "",
    phone: str = "",
    words: str = "",
    photos: Sequence[StoredFile] = (),
) -> Filed:
    """Put somebody who has the same trouble to a running case: they get the answer too.

    Raises Problem `case-ended`, `words-too-long`, `not-text`.
    """
    case.refresh_from_db()
    main = case.main or case
    _refuse_words(words)
    key = key_for(f"join:{main.number}:{form_key}")
    if Follow.objects.filter(digest=digest_of_key(key)).exists():
        return Filed(main, key, is_repeat=True)
    _refuse_ended(main)

    def work_out(batch: Batch, _picture: Desk) -> None:
        _refuse_ended(batch.seen.case)
        if Follow.objects.filter(digest=digest_of_key(key)).exists():
            raise _NothingError
        _count(batch, SUPPORTED)
        batch.say("case.supported", actor=REPORTER, data={"words": words.strip()})

    try:
        with transaction.atomic():
            take_turn(main, work_out, actor=None)
            _followed(main, Follow.Part.SUPPORTER, key, name=name, phone=phone)
    except _NothingError:
        return Filed(main, key, is_repeat=True)
    _add(main, photos=photos[:PHOTOS_MAX], kind=LATER)
    return Filed(main, key)


# --- what a follower may do ---


def add_words(follow: Follow, words: str, *, photos: Sequence[StoredFile] = ()) -> None:
    """Add words and photos to a case that has not ended; staff read them, nobody else.

    Raises Problem `nothing-added`, `case-ended`, `words-too-long`, `not-text`.
    """
    _refuse_words(words)
    if not words.strip() and not photos:
        raise Problem("nothing-added", _("Write something or add a photo."), where="words")
    case = _main(follow)
    _refuse_ended(case)
    _add(case, words=words.strip(), photos=photos[:PHOTOS_MAX], kind=LATER, part=follow.part)


def remind_office(follow: Follow) -> None:
    """Remind the office of a case that is overdue; once a day.

    Raises Problem `not-due-yet`, `reminded-already`, `case-ended`.
    """
    case, now = _main(follow), clock.now()
    _refuse_ended(case)
    due = deadline_of(case)
    if due is None or now <= due:
        raise Problem("not-due-yet", _("It is not overdue: there is nothing to remind of yet."))
    if follow.reminded_at is not None and now - follow.reminded_at < REMIND_AGAIN:
        raise Problem("reminded-already", _("You have reminded the office today already."))

    def work_out(batch: Batch, _picture: Desk) -> None:
        _count(batch, REMINDED)
        batch.say("case.reminded", actor=REPORTER, data={"part": follow.part})

    with transaction.atomic():
        take_turn(case, work_out, actor=None)
        Follow.objects.filter(pk=follow.pk).update(reminded_at=now)


def verdict_of(stars: int, *, is_solved: bool) -> str:
    """Return the degree of satisfaction that stars (1 to 5) and "solved" amount to."""
    if not is_solved or stars <= 2:  # noqa: PLR2004 - below the middle
        return Judgement.Verdict.DISSATISFIED
    return Judgement.Verdict.SATISFIED if stars >= 4 else Judgement.Verdict.PARTLY  # noqa: PLR2004


def judge_case(  # the reporter's whole answer in one form
    follow: Follow,
    *,
    stars: int,
    is_solved: bool,
    words: str = "",
    photos: Sequence[StoredFile] = (),
    reopen: bool = False,
) -> Judgement:
    """Judge the answer in the reporter's name; with `reopen` ask to take the case up again.

    Raises Problem: `only-reporter`, `stars-wrong`, `words-too-long` and those of `judge_answer`.
    """
    _refuse_supporter(follow)
    _refuse_words(words)
    if not 1 <= stars <= 5:  # noqa: PLR2004
        raise Problem("stars-wrong", _("Give one to five stars."), where="stars")
    judgement = judge_answer(
        follow.case,
        verdict=verdict_of(stars, is_solved=is_solved),
        comment=words,
        actor=None,
        channel=CHANNEL,
        reopen=reopen,
        stars=stars,
        is_solved=is_solved,
    )
    _add(_main(follow), photos=photos[:PHOTOS_MAX], kind=LATER)
    return judgement


def reopen_case(follow: Follow, *, reason: str, photos: Sequence[StoredFile] = ()) -> None:
    """Ask to take a closed case up again, within the window; a person decides.

    Raises Problem: `only-reporter`, `words-too-long` and those of `ask_reopening`.
    """
    _refuse_supporter(follow)
    _refuse_words(reason)
    ask_reopening(follow.case, reason=reason)
    _add(_main(follow), photos=photos[:PHOTOS_MAX], kind=LATER)


def withdraw_report(follow: Follow, *, reason: str = "") -> None:
    """Put down that the reporter takes the report back; a person decides what follows.

    What was found stays a matter of the town, so nothing ends by itself. Raises Problem:
    `only-reporter`, `withdrawn-already`, `case-ended`, `words-too-long`.
    """
    _refuse_supporter(follow)
    _refuse_words(reason)
    case = _main(follow)
    _refuse_ended(case)
    if follow.withdrawn_at is not None:
        raise Problem("withdrawn-already", _("You have taken this report back already."))

    def work_out(batch: Batch, _picture: Desk) -> None:
        _count(batch, WITHDRAWN)
        data = {"reason": reason.strip(), "of": follow.case.number}
        batch.say("case.withdrawal", actor=REPORTER, data=data)

    with transaction.atomic():
        take_turn(case, work_out, actor=None)
        Follow.objects.filter(pk=follow.pk).update(withdrawn_at=clock.now())


def _main(follow: Follow) -> Case:
    """Return the case where things happen: the one that a merged case follows."""
    case = Case.objects.select_related("main").get(pk=follow.case_id)
    return case.main if case.main is not None and case.stage == Stage.MERGED else case


def _refuse_ended(case: Case) -> None:
    if case.is_ended and case.stage != Stage.MERGED:
        raise Problem(
            "case-ended",
            _("The case has ended; nothing can be added."),
            where=case.number,
            hint=_("Judge the answer, or report it anew if it has come back."),
        )


def _refuse_supporter(follow: Follow) -> None:
    if follow.part != Follow.Part.REPORTER:
        raise Problem("only-reporter", _("Only whoever reported it can do this."))


def _refuse_words(words: str) -> None:
    if len(words) > WORDS_MAX:
        raise Problem(
            "words-too-long",
            _("These are %(n)d characters; %(max)d fit.") % {"n": len(words), "max": WORDS_MAX},
            where="words",
        )
    if NOT_TEXT.search(words):
        raise Problem("not-text", _("The text holds a character that is not text."), where="words")


def _count(batch: Batch, what: str) -> None:
    case = batch.seen.case
    case.counts = {**case.counts, what: int(case.counts.get(what, 0)) + 1}
    batch.set_case("counts")


def _add(
    case: Case,
    *,
    photos: Sequence[StoredFile],
    kind: str,
    words: str = "",
    part: str = Follow.Part.REPORTER,
) -> None:
    """Write words and photos to a case, each photo once; nothing is public before staff say so."""
    files = list({file.pk: file for file in photos}.values())
    if not files and not words:
        return
    proofs = {file.pk: prove(file, case, kind) for file in files}

    def work_out(batch: Batch, _picture: Desk) -> None:
        known = set(
            Evidence.objects.filter(case=case, file__in=proofs).values_list("file_id", flat=True)
        )
        for file in files:
            if file.pk in known:
                continue
            proof = proofs[file.pk]
            batch.add(
                Evidence, kind=kind, file_id=file.pk, distance_m=proof.distance_m,
                findings=list(proof.findings), added_at=clock.now(), actor=REPORTER,
                repeats_id=proof.repeats.id if proof.repeats else None,
            )  # fmt: skip
            data = {"kind": kind, "sha256": file.sha256, "findings": list(proof.findings)}
            batch.say("case.evidence", actor=REPORTER, data=data)
        if words:
            batch.say("case.words_added", actor=REPORTER, data={"text": words, "part": part})
        if not batch.entries:
            raise _NothingError

    try:
        take_turn(case, work_out, actor=None)
    except _NothingError:
        return
