"""Keeps the photos of a form before anything else happens, so that a refusal loses none."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.dateparse import parse_datetime

from townkeeper.accounts.models import User
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.models import Case, Evidence, Task
from townkeeper.files.actions import Said, store_photo
from townkeeper.files.models import StoredFile
from townkeeper.kit.errors import Problem
from townkeeper.web.field.forms import FieldForm
from townkeeper.web.field.spots import read_fix

Keep = Callable[[StoredFile], object]


def said_of(claim: Mapping[str, Any]) -> Said:
    """Return what a page says of a photo: when and where its camera took it."""
    fix = read_fix({name: str(claim.get(name)) for name in ("lat", "lon", "accuracy")})
    at = _moment(str(claim.get("taken") or ""))
    return Said(at, fix.spot.lon if fix else None, fix.spot.lat if fix else None)


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def keep_photos(form: FieldForm, case: Case, user: User, task: Task | None) -> bool:
    """Store the form's photos with the case; one that is none is named at its field.

    Returns whether all could be kept. A picture that this person has just added is not added twice.
    """
    whole = True
    for kind in form.kinds:
        claims = form.claims(kind)
        for place, file in enumerate(form.photos(kind)):
            claim = claims[place] if place < len(claims) else {}
            before = _before(case, claim, kind)

            def keep(stored: StoredFile, kind: str = kind, before: Any = before) -> None:  # noqa: ANN401
                if not _is_kept(case, kind, user, stored, task):
                    add_evidence(case, kind=kind, actor=user, file=stored, task=task, before=before)

            problem = keep_one(file, claim, user, keep)
            if problem is not None:
                form.add_error(f"file-{kind}", problem)
                whole = False
    return whole


def keep_one(
    file: "UploadedFile[Any]", claim: Mapping[str, Any], user: User, keep: Keep
) -> str | None:
    """Store one photo and hand it on; return in words why it could not be taken."""
    try:
        name = file.name or ""
        keep(store_photo(file.read(), name=name, actor=user.username, said=said_of(claim)))
    except Problem as problem:
        return f"{problem.where}: {problem.message} {problem.hint}".strip(": ")
    return None


def _before(case: Case, claim: Mapping[str, Any], kind: str) -> Evidence | None:
    """Return the photo that lay over the camera's picture, if it is one of this case."""
    chosen = str(claim.get("before") or "")
    if not kind.startswith("after") or not (chosen.isascii() and chosen.isdigit()):
        return None
    return case.evidence.filter(pk=int(chosen), kind__startswith="before").first()


def _is_kept(case: Case, kind: str, user: User, stored: StoredFile, task: Task | None) -> bool:
    rows = case.evidence.filter(kind=kind, actor=user.username, file=stored)
    return rows.filter(task=task).exists() if task is not None else rows.exists()


def kept_photos(case: Case, kinds: tuple[str, ...], task: Task | None) -> list[Evidence]:
    """Return the photos that wait on the person's task for the act that needs them."""
    if task is None or not kinds:
        return []
    rows = case.evidence.filter(task=task, kind__in=kinds, file__isnull=False)
    return list(rows.select_related("file").order_by("pk"))
