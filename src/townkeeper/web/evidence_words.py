"""Tells in a case's timeline of duplicates, of hidden parts of photos, and of who saw originals."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from townkeeper.web.journal_words import Names, Told, telling


def _reason(data: Mapping[str, Any]) -> str:
    reason = str(data.get("reason") or "")
    return _("Reason: %(text)s") % {"text": reason} if reason else ""


def _likeness(data: Mapping[str, Any]) -> str:
    score = (data.get("found") or {}).get("score")
    return _("Likeness %(share).2f") % {"share": score} if score is not None else ""


@telling("case.merged")
def _merged(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("Merged into %(main)s as its duplicate") % {"main": data.get("main", "")}
    return Told(title, [_reason(data), _likeness(data)], "copy", "b", public=True)


@telling("case.merged_in")
def _merged_in(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("%(case)s merged into this case") % {"case": data.get("case", "")}
    return Told(title, [_reason(data)], "copy", "", public=False)


@telling("case.main_changed")
def _main_changed(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("Belongs to %(main)s from now on") % {"main": data.get("main", "")}
    return Told(title, [], "copy", "", public=False)


@telling("case.unmerged")
def _unmerged(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("No longer merged into %(main)s") % {"main": data.get("main", "")}
    return Told(title, [_reason(data)], "undo-2", "y", public=True)


@telling("case.merge_undone")
def _merge_undone(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("%(case)s no longer merged into this case") % {"case": data.get("case", "")}
    return Told(title, [_reason(data)], "undo-2", "", public=False)


@telling("case.followed")
def _followed(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("Answered with %(main)s") % {"main": data.get("main", "")}
    return Told(title, [str(data.get("answer") or "")], "check", "o", public=True)


@telling("case.main_reopened")
def _main_reopened(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("%(main)s was taken up again") % {"main": data.get("main", "")}
    return Told(title, [], "undo-2", "y", public=True)


@telling("case.photo_redacted")
def _redacted(data: Mapping[str, Any], _names: Names) -> Told:
    title = _("Parts of a photo blacked out: %(n)s") % {"n": len(data.get("boxes") or ())}
    return Told(title, [_reason(data)], "camera", "", public=False)


@telling("case.redaction_undone")
def _redaction_undone(data: Mapping[str, Any], _names: Names) -> Told:
    return Told(_("Shown again what was blacked out"), [_reason(data)], "camera", "", public=False)


@telling("case.original_seen")
def _original_seen(_data: Mapping[str, Any], _names: Names) -> Told:
    return Told(_("Looked at the original of a photo"), [], "camera", "", public=False)
