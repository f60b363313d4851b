"""Recording what a revisit found: the fix stands, it has come back, or it cannot be told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.cases.actions import Given, advance_case
from townkeeper.cases.desk import desk
from townkeeper.cases.evidence import add_evidence
from townkeeper.cases.intake import Report, open_case
from townkeeper.cases.models import Case, Evidence, Stage, Task
from townkeeper.cases.standing import procedure_of
from townkeeper.files.models import StoredFile
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.relapse._history import Line, append_entries
from townkeeper.relapse.models import Recurrence, Revisit, RevisitQuerySet
from townkeeper.relapse.parties import acting_posts, is_party
from townkeeper.relapse.recording import Pair, write_pairs
from townkeeper.units.models import Place, Post

CHANNEL = "revisit"
REOPENING = "reopening"
VISIT_PHOTO = "revisit-photo"
NOTE_MAX = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """What the visitor says."""

    result: str
    note: str = ""
    evidence: Sequence[int] = ()
    """Ids of evidence of the case, taken at the visit."""
    reopen: bool = False
    """Ask for the case itself to run again instead of opening a new one."""


@transaction.atomic
def record_revisit(visit: Revisit, finding: Finding, *, actor: User) -> Revisit:
    """Record a visit; what has come back opens a new case, linked to the old one.

    Refused: a second record, a visitor of the unit whose work it was or who did the work, and a
    case that was reopened in the meantime.
    """
    visit = Revisit.objects.select_for_update().get(pk=visit.pk)
    case = Case.objects.select_for_update().get(pk=visit.case_id)
    _check_visit(visit, case)
    _check_finding(finding, case)
    _check_visitor(visit, case, actor)
    visit.visited_at, visit.visited_by = clock.now(), actor.username
    visit.result, visit.note = finding.result, finding.note.strip()
    visit.evidence = sorted(set(finding.evidence))
    if finding.result == Revisit.Result.RELAPSED:
        if finding.reopen:
            _reopen(case, visit, actor)
        else:
            visit.new_case = _open_again(visit, case, actor)
    visit.save()
    record(
        subject=case.subject,
        act="case.revisited",
        actor=actor.username,
        data={
            "result": visit.result,
            "note": visit.note,
            "draw": f"{visit.draw.on:%F}",
            "new_case": visit.new_case.number if visit.new_case else None,
            "evidence": visit.evidence,
        },
    )
    return visit


def add_visit_photo(visit: Revisit, file: StoredFile, *, actor: User) -> Evidence:
    """Keep a photo taken at a visit, before the visit is recorded: a refused form loses none.

    Refused like the record itself: a visit made or moot, somebody of the unit whose work it was.
    """
    _check_visit(visit, visit.case)
    _check_visitor(visit, visit.case, actor)
    return add_evidence(visit.case, kind=VISIT_PHOTO, actor=actor, file=file, after_end=True)


def visit_photos(visit: Revisit, actor: User) -> list[Evidence]:
    """Return the photos that somebody took for a visit and that wait for its record."""
    rows = Evidence.objects.filter(case=visit.case_id, kind=VISIT_PHOTO, actor=actor.username)
    drawn = visit.draw.drawn_at
    return list(rows.filter(added_at__gte=drawn).select_related("file").order_by("pk"))


def refusal_of_visit(visit: Revisit, actor: User) -> Problem | None:
    """Return why a person may not record a visit, or None."""
    try:
        _check_visit(visit, visit.case)
        _check_visitor(visit, visit.case, actor)
    except Problem as problem:
        return problem
    return None


def waiting_for(posts: Iterable[Post]) -> RevisitQuerySet:
    """Return the visits to be made by the holder of some posts: their role, in their units."""
    mine = Q(pk__in=[])
    for post in posts:
        area = post.area
        below = Q(unit__path__gte=area.path, unit__path__lt=area.path_end)
        mine |= Q(performer=post.role.key) & (Q(unit=None) | Q(unit=post.unit_id) | below)
    return Revisit.objects.waiting().filter(mine)


def _check_visit(visit: Revisit, case: Case) -> None:
    if visit.visited_at is not None:
        raise Problem(
            "visited-already",
            _("%(who)s has recorded this visit already.") % {"who": visit.visited_by},
            where=case.number,
        )
    if visit.dropped_at is not None or not is_same_closing(visit, case):
        raise Problem(
            "case-runs-again",
            _("The case was reopened after the draw; there is nothing to revisit."),
            where=case.number,
        )
    if clock.now() < visit.closed_at:
        raise Problem(
            "visit-before-closing",
            _("The visit would lie before the closing; check the clock."),
            where=case.number,
        )


def is_same_closing(visit: Revisit, case: Case) -> bool:
    """Whether the case is still closed as it was when it was drawn."""
    return case.stage == Stage.CLOSED and case.closed_at == visit.closed_at


def _check_finding(finding: Finding, case: Case) -> None:
    if finding.result not in Revisit.Result.values:
        raise Problem(
            "result-unknown",
            _("There is no such result: %(result)s.") % {"result": finding.result},
            where="result",
            hint=_("Known: %(known)s.") % {"known": ", ".join(Revisit.Result.values)},
        )
    if finding.result == Revisit.Result.UNCLEAR and not finding.note.strip():
        raise Problem("note-missing", _("Say why it cannot be told."), where="note")
    if len(finding.note) > NOTE_MAX:
        raise Problem(
            "too-long",
            _("At most %(max)d characters fit here.") % {"max": NOTE_MAX},
            where="note",
        )
    wanted = set(finding.evidence)
    there = set(Evidence.objects.filter(pk__in=wanted, case=case).values_list("pk", flat=True))
    if wanted != there:
        raise Problem(
            "evidence-unknown",
            _("The case has no evidence with the number %(id)s.") % {"id": min(wanted - there)},
            where="evidence",
        )


def _check_visitor(visit: Revisit, case: Case, actor: User) -> None:
    """Refuse whoever fixed it, belongs to the unit that did, or has no post to visit in."""
    posts = acting_posts(actor)
    if is_party(posts, visit.fixer) or _worked_on(case, actor):
        raise Problem(
            "own-work",
            _("Nobody revisits the work of their own unit."),
            where=case.number,
        )
    if not _visiting(posts, visit):
        raise Problem(
            "not-visitor",
            _("The visit is for the role “%(role)s” of %(unit)s.")
            % {"role": visit.performer, "unit": visit.unit.title if visit.unit else "–"},
            where=case.number,
        )


def _worked_on(case: Case, actor: User) -> bool:
    handled = Task.objects.filter(case=case, stage=Stage.HANDLING)
    return (
        handled.filter(done_by=actor.username).exists()
        or Evidence.objects.filter(task__in=handled, actor=actor.username).exists()
    )


def _visiting(posts: Iterable[Post], visit: Revisit) -> bool:
    """Whether a post has the role, in the visiting unit or over it."""
    return any(
        post.role.key == visit.performer
        and (visit.unit is None or visit.unit.is_under(post.area) or post.unit_id == visit.unit_id)
        for post in posts
    )


def _reopen(case: Case, visit: Revisit, actor: User) -> None:
    """Let the case run again, where its procedure has a way and its window is still open."""
    step = procedure_of(case, desk()).procedure.steps[case.step]
    ways = [action.name for action in step.actions.values() if action.effect == REOPENING]
    if not ways:
        raise Problem(
            "no-reopening",
            _("The procedure knows no reopening."),
            where=case.number,
            hint=_("Record the visit without reopening: a new case is opened."),
        )
    reason = visit.note or str(_("found at a revisit"))
    advance_case(case, ways[0], actor=actor, given=Given(reason=reason))
    visit.is_reopened = True


def _open_again(visit: Revisit, case: Case, actor: User) -> Case:
    """Open the case anew, as a report of the visitor, and link it as a relapse."""
    place = Place.objects.filter(pk=case.place_id, until=None).first() if case.place_id else None
    report = Report(
        title=case.title,
        text=visit.note,
        category=case.category.key if case.category else None,
        area=case.area.code if case.area else None,
        place=place.code if place else None,
        address=case.address,
        lon=case.lon,
        lat=case.lat,
        channel=CHANNEL,
        procedure=case.procedure.key,
        kind=case.kind,
    )
    opened = open_case(report, actor=actor.username, request_key=f"revisit:{visit.pk}")
    pair = Pair(opened.id, case.pk, Recurrence.How.REVISIT, 0, {"draw": f"{visit.draw.on:%F}"})
    write_pairs([pair], actor=actor.username)
    return Case.objects.get(pk=opened.id)


@transaction.atomic
def drop_revisits(*, actor: str) -> int:
    """Drop waiting visits of cases that run again or were closed anew; return how many."""
    moot = list(
        Revisit.objects.waiting()
        .filter(~Q(case__stage=Stage.CLOSED) | ~Q(case__closed_at=F("closed_at")))
        .select_for_update(of=("self",))
        .select_related("case", "draw")
        .order_by("pk")
    )
    now = clock.now()
    for visit in moot:
        visit.dropped_at = now
        visit.save(update_fields=["dropped_at", "updated_at"])
    lines = [
        Line(visit.case.subject, "case.revisit-dropped", {"draw": f"{visit.draw.on:%F}"})
        for visit in moot
    ]
    append_entries(lines, actor=actor)
    return len(moot)
