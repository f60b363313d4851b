"""Issuing bulletins: files made from a published round, recorded with their digests."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.assessment.models import Round
from townkeeper.journal.actions import json_line, record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import say
from townkeeper.publication.bulletins import Issue, bulletin_document
from townkeeper.publication.models import Bulletin, BulletinTemplate
from townkeeper.publication.template import Template, read_template
from townkeeper.publication.typeset.document import Language
from townkeeper.publication.typeset.docx import write_docx
from townkeeper.publication.typeset.pdf import write_pdf
from townkeeper.publication.typeset.xlsx import write_xlsx
from townkeeper.units.models import Unit

LANGUAGES: tuple[Language, ...] = ("zh-Hant", "zh-Hans", "en")


def install_template(definition: Mapping[str, Any], *, actor: str) -> str:
    """Put a program's bulletin in force; `added`, `changed`, or empty if nothing is new.

    Raises Problem for what is no bulletin.
    """
    try:
        template = read_template(definition)
    except msgspec.ValidationError as error:
        raise Problem(
            "bulletin-wrong",
            _("This is not a bulletin: %(reason)s.") % {"reason": error},
            where=str(definition.get("bulletin", "")),
        ) from error
    digest = hashlib.sha256(json_line(dict(definition)).encode()).hexdigest()
    current = BulletinTemplate.objects.filter(key=template.bulletin, is_current=True)
    if current.filter(digest=digest).exists():
        return ""
    with transaction.atomic():
        known = current.update(is_current=False)
        BulletinTemplate.objects.create(
            key=template.bulletin,
            scheme=template.scheme,
            definition=dict(definition),
            digest=digest,
        )
        record(
            subject=f"bulletin:{template.bulletin}",
            act="bulletin.installed",
            actor=actor,
            data={"digest": digest},
        )
    return "changed" if known else "added"


def issue_bulletin(
    round_: Round, *, actor: str, language: Language | None = None, out_dir: Path | None = None
) -> dict[str, Path]:
    """Make the bulletin of a published round: {"pdf": …, "docx": …, "xlsx": …}.

    The language is the template's own unless given. Files go below the home's `out` folder, or to
    `out_dir`. Raises Problem for a draft and for figures that the round does not hold.
    """
    if round_.is_draft:
        raise Problem(
            "round-draft",
            _("A bulletin is made from a published round; this one is a draft."),
            hint=_("Publish it first."),
        )
    template = template_for(round_)
    chosen: Language = language or (template.language if template else _default_language())
    serial = _serial(round_)
    issue = Issue(serial, _place(chosen), chosen)
    folder = out_dir or Path(settings.HOME) / "out" / "bulletins"
    stem = f"{round_.period}-{round_.scheme.key}-{round_.number}-{chosen}"
    files = {form: folder / f"{stem}.{form}" for form in ("pdf", "docx", "xlsx")}
    printed = bulletin_document(round_, template, issue)
    folder.mkdir(parents=True, exist_ok=True)
    write_pdf(printed, files["pdf"])
    write_docx(printed, files["docx"])
    write_xlsx(bulletin_document(round_, template, issue, whole=True), files["xlsx"])
    _keep(round_, files, actor=actor, language=chosen, number=printed.number)
    return files


def make_bulletin(
    round_: Round, out_dir: Path, *, actor: str, language: Language | None = None
) -> dict[str, Path]:
    """Make the bulletin of a published round in a folder."""
    return issue_bulletin(round_, actor=actor, language=language, out_dir=out_dir)


def template_for(round_: Round) -> Template | None:
    """Return the bulletin that the program brings for the round's scheme."""
    row = (
        BulletinTemplate.objects.filter(is_current=True, scheme=round_.scheme.key)
        .order_by("pk")
        .first()
    )
    return read_template(row.definition) if row else None


def _default_language() -> Language:
    wanted = settings.LANGUAGE_CODE.lower()
    return next((tag for tag in LANGUAGES if tag.lower() == wanted), "zh-Hant")


def _place(language: Language) -> str:
    top = Unit.objects.filter(parent=None).order_by("path").first()
    return (say(top.names, language) or top.name) if top else ""


def _serial(round_: Round) -> int:
    """Return the number of this round's bulletin in its year; making it again keeps the number."""
    year = (round_.published_at or round_.computed_at).year
    rounds = (
        Bulletin.objects.filter(round__published_at__year=year)
        .order_by("made_at", "pk")
        .values_list("round_id", flat=True)
    )
    known = list(dict.fromkeys(rounds))
    return known.index(round_.pk) + 1 if round_.pk in known else len(known) + 1


def _keep(
    round_: Round, files: Mapping[str, Path], *, actor: str, language: str, number: str
) -> None:
    """Record the bulletin with the digests of its files."""
    home = Path(settings.HOME)
    digests = {form: hashlib.sha256(path.read_bytes()).hexdigest() for form, path in files.items()}
    paths = {
        form: str(path.relative_to(home) if path.is_relative_to(home) else path.resolve())
        for form, path in files.items()
    }
    with transaction.atomic():
        Bulletin.objects.create(
            round=round_,
            number=number[:60],
            language=language,
            made_at=clock.now(),
            made_by=actor,
            files=paths,
            digests=digests,
        )
        record(
            subject=round_.subject,
            act="bulletin.made",
            actor=actor,
            data={"number": number, "language": language, "digests": digests},
        )
