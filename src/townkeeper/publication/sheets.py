"""Prints a case: one sheet with facts, steps, clock and photos, and the head of its history.

The sheet says which entry of the case's journal it was made after; its own printing, with the
digest of the file, is the entry after that. So paper and record prove each other. The reporter is
masked: whoever needs the whole name looks at it on the case, where the look is recorded.
"""

import hashlib
import io
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from PIL import Image

from townkeeper.accounts.models import User
from townkeeper.calendars.actions import calendar_of
from townkeeper.calendars.explain import explain, in_words
from townkeeper.calendars.limits import Limit, LimitError
from townkeeper.cases.models import Ask, Case, Evidence, ProcedureVersion, Stage, Task
from townkeeper.files.actions import path_of
from townkeeper.journal.actions import record
from townkeeper.journal.models import Chain
from townkeeper.kit import clock
from townkeeper.kit.names import say
from townkeeper.procedures.language import parse
from townkeeper.procedures.model import Procedure
from townkeeper.publication.papers import ONE_AT_A_TIME, office_fonts
from townkeeper.publication.sheet_words import WORDS, SheetWords
from townkeeper.publication.typeset.document import Language, clean
from townkeeper.publication.typeset.forms import form_pdf
from townkeeper.publication.typeset.whole_files import replacing
from townkeeper.units.models import Unit

ZONE: Final = ZoneInfo(settings.TIME_ZONE)
PHOTOS: Final = 6
LARGEST: Final = 900
"""Pixels of a photo's longer side: 8 cm at 280 dpi."""
MOST_TASKS: Final = 40
LONGEST: Final = 3000


def print_sheet(case: Case, language: Language, *, actor: str) -> Path:
    """Make the sheet of a case as it stands and put its printing into the case's history.

    Returns the file, which lies below the home's `out` folder. Errors: Problem.
    """
    case = _loaded(case)
    now = clock.now()
    chain = Chain.objects.filter(subject=case.subject).first()
    photos = list(_photos(case, WORDS[language]))
    data = sheet_data(case, language, actor=actor, now=now, chain=chain)
    data["photos"] = [{"file": name, "caption": caption} for name, caption, _bytes in photos]
    with ONE_AT_A_TIME:
        made = form_pdf(
            "casesheet.typ", data, language=language, day=now.astimezone(ZONE).date(),
            pictures={name: picture for name, _caption, picture in photos}, fonts=office_fonts(),
        )  # fmt: skip
    digest = hashlib.sha256(made).hexdigest()
    with transaction.atomic():
        record(
            subject=case.subject, act="case.sheet-printed", actor=actor,
            data={"language": language, "sha256": digest, "after": chain.length if chain else 0},
        )  # fmt: skip
    path = Path(settings.HOME) / "out" / "sheets" / f"{case.number}-{digest[:12]}.pdf"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as draft:
        draft.write_bytes(made)
    return path


def _loaded(case: Case) -> Case:
    related = ("procedure", "category", "area", "unit", "reporter")
    rows = Case.objects.select_related(*related).defer(
        "procedure__definition", "area__outline", "unit__outline"
    )
    return rows.get(pk=case.pk)


def sheet_data(
    case: Case, language: Language, *, actor: str, now: datetime, chain: Chain | None
) -> dict[str, object]:
    """Return everything that the sheet prints, as text, but for the photos."""
    told, procedure = WORDS[language], procedure_of(case)
    tasks = list(
        case.tasks.select_related("unit", "assignee").defer("unit__outline").order_by("pk")
    )
    people = _people(tasks)
    labels = {"simulated": told.simulated, "imported": told.imported}
    who = User.objects.filter(username=actor).first()
    local = now.astimezone(ZONE)
    return {
        "lang": "en" if language == "en" else "zh",
        "region": {"zh-Hans": "cn", "zh-Hant": "hk", "en": "gb"}[language],
        "words": _fixed(told, case),
        "title": told.title,
        "number": case.number,
        "office": _office(language),
        "day": {"year": local.year, "month": local.month, "day": local.day},
        "label": labels.get(case.origin, ""),
        "matter": clean(case.title),
        "facts": [[name, clean(said) or told.none] for name, said in _facts(case, told, language)],
        "long": [
            [name, clean(text)[:LONGEST]]
            for name, text in ((told.text, case.text), (told.answer, case.answer))
            if text.strip()
        ],
        "steps": [
            _step_row(task, procedure, told, language, people) for task in tasks[-MOST_TASKS:]
        ],
        "clock": _story(tasks, language),
        "asks": [_ask_row(ask, procedure, told, language) for ask in _asks(case)],
        "photos": [],
        "history": told.entries.format(n=chain.length if chain else 0),
        "head": bytes(chain.head).hex() if chain else "",
        "printed": told.printed.format(when=_time(now), who=str(who or actor)),
    }  # fmt: skip


def _fixed(told: SheetWords, case: Case) -> dict[str, object]:
    return {
        "number": told.number, "matter": told.matter, "steps": told.steps, "clock": told.clock,
        "asks": told.asks, "photos": told.photos, "history": told.history,
        "step_columns": list(told.step_columns), "ask_columns": list(told.ask_columns),
        "signatures": list(told.signatures), "check": told.check.format(number=case.number),
    }  # fmt: skip


def procedure_of(case: Case) -> Procedure:
    """Return the rules that a case runs under."""
    return _parsed(case.procedure_id, case.procedure.digest)


@lru_cache(maxsize=64)
def _parsed(version_id: int, _digest: str) -> Procedure:
    return parse(ProcedureVersion.objects.get(pk=version_id).definition)


def _office(language: Language) -> str:
    top = Unit.objects.filter(parent=None).defer("outline").order_by("path").first()
    return (say(top.names, language) or top.name) if top else ""


def _time(moment: datetime | None) -> str:
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") if moment else ""


def _named(unit: Unit | None, language: Language) -> str:
    return (say(unit.names, language) or unit.name) if unit else ""


def _facts(case: Case, told: SheetWords, language: Language) -> Iterator[tuple[str, str]]:
    category = case.category
    yield told.state, _step_title(procedure_of(case), case.step, language)
    yield told.category, (say(category.names, language) or category.name) if category else ""
    yield told.opened, _time(case.opened_at)
    yield told.due, _time(case.due_at)
    yield told.area, _named(case.area, language)
    yield told.address, case.address
    yield told.unit, _named(case.unit, language)
    reporter = getattr(case, "reporter", None)
    if reporter is not None:
        masked = told.anonymous if reporter.is_anonymous else str(reporter)
        yield told.reporter, masked
    if case.promise_due_at:
        yield told.promise, _time(case.promise_due_at)
    if case.closed_at:
        yield told.closed, _time(case.closed_at)
        yield told.outcome, told.outcomes.get(case.outcome, case.outcome)


def _step_title(procedure: Procedure, name: str, language: Language) -> str:
    step = procedure.steps.get(name)
    return say(step.title, language) if step and step.title else name


def _action_title(procedure: Procedure, name: str, language: Language) -> str:
    for step in procedure.steps.values():
        if name in step.actions and step.actions[name].title:
            return say(step.actions[name].title, language)
    return name


def _people(tasks: list[Task]) -> dict[str, str]:
    """Return the names of whoever did the steps, by user name."""
    done = {task.done_by for task in tasks if task.done_by}
    return {user.username: str(user) for user in User.objects.filter(username__in=done)}


def _step_row(
    task: Task, procedure: Procedure, told: SheetWords, language: Language, people: dict[str, str]
) -> list[str]:
    late = bool(task.done_at and task.due_at and task.done_at > task.due_at)
    result = _action_title(procedure, task.outcome, language) if task.outcome else ""
    if task.outcome == "cancelled":
        result = told.cancelled
    if task.done_at is None:
        result = told.running
    person = people.get(task.done_by) or (str(task.assignee) if task.assignee else "")
    return [
        _step_title(procedure, task.step, language), _named(task.unit, language), person,
        _time(task.opened_at), _time(task.due_at), _time(task.done_at),
        result + (f" ({told.late})" if late else ""),
    ]  # fmt: skip


def _story(tasks: list[Task], language: Language) -> list[str]:
    """Explain the clock that counts: that of the running lead, else of the last handling."""
    leading = [task for task in tasks if task.part == "lead" and task.limit and task.calendar_id]
    running = [task for task in leading if not task.is_done]
    handled = [task for task in leading if task.stage == Stage.HANDLING]
    task = next(iter(running[-1:] or handled[-1:]), None)
    if task is None or task.is_given or task.calendar_id is None:
        return []
    try:
        limit = Limit.parse(task.limit)
    except LimitError:
        return []
    pauses = [(pause.since, pause.until) for pause in task.pauses.order_by("since")]
    return in_words(explain(calendar_of(task.calendar_id), task.opened_at, limit, pauses), language)


def _asks(case: Case) -> list[Ask]:
    return list(case.asks.select_related("unit").defer("unit__outline").order_by("asked_at"))


def _ask_row(ask: Ask, procedure: Procedure, told: SheetWords, language: Language) -> list[str]:
    decision = clean(ask.decision) or _time(ask.decided_at)
    return [
        _action_title(procedure, ask.action, language), _named(ask.unit, language),
        clean(ask.reason)[:300], decision if ask.decided_at else told.waiting,
    ]  # fmt: skip


def _photos(case: Case, told: SheetWords) -> Iterator[tuple[str, str, bytes]]:
    """Yield name, caption and bytes of the newest photos, as the public copy shows them."""
    rows = case.evidence.filter(file__has_public_copy=True).select_related("file")
    found: list[Evidence] = list(rows.order_by("-pk")[:PHOTOS])
    for number, item in enumerate(reversed(found)):
        path = path_of(item.file.sha256, public=True) if item.file else None
        if path is None or not path.is_file():
            continue
        caption = f"{told.kinds.get(item.kind, item.kind)} {_time(item.added_at)}"
        yield f"photo{number}.jpg", caption, _small(path)


def _small(path: Path) -> bytes:
    out = io.BytesIO()
    with Image.open(path) as photo:
        photo.thumbnail((LARGEST, LARGEST))
        photo.convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()
