"""The pages of this face, for the gallery and the browser tests."""

from townkeeper.accounts.models import User
from townkeeper.calls.backlog import waiting_calls
from townkeeper.calls.supporters import waiting_supporters
from townkeeper.cases.models import Case
from townkeeper.kit import clock
from townkeeper.knowledge.models import Article, Phrase
from townkeeper.web.gallery import Shot, Someone


def _callback(user: Someone) -> str | None:
    page = waiting_calls(Case.objects.visible_to(user), now=clock.now(), size=1)
    return f"/office/hotline/callbacks/{page.rows[0].case.number}/" if page.rows else None


def _too(user: Someone) -> str | None:
    page = waiting_supporters(Case.objects.visible_to(user), now=clock.now(), size=1)
    if not page.rows:
        return None
    row = page.rows[0]
    return f"/office/hotline/callbacks/{row.case.number}/too/{row.follow.pk}/"


def _done(user: Someone) -> str | None:
    if not isinstance(user, User):
        return None
    cases = Case.objects.visible_to(user).filter(registration__isnull=False)
    number = cases.order_by("-pk").values_list("number", flat=True).first()
    return f"/office/hotline/?done={number}" if number else None


def _article(user: Someone) -> str | None:
    row = Article.objects.visible_to(user).first()
    return f"/office/hotline/articles/{row.pk}/" if row else None


def _phrase(user: Someone) -> str | None:
    row = Phrase.objects.visible_to(user).first()
    return f"/office/hotline/phrases/{row.pk}/" if row else None


SHOTS: tuple[Shot, ...] = (
    Shot("desk", "/office/hotline/", "operator"),
    Shot("desk-done", _done, "operator"),
    Shot("register", "/office/register/", "inspector"),
    Shot("callbacks", "/office/hotline/callbacks/", "operator"),
    Shot("callbacks-later", "/office/hotline/callbacks/?tab=later", "operator"),
    Shot("callbacks-too", "/office/hotline/callbacks/?tab=too", "operator"),
    Shot("callback-too", _too, "operator"),
    Shot("callback", _callback, "operator"),
    Shot("shift", "/office/hotline/shift/", "operator"),
    Shot("articles", "/office/hotline/articles/", "supervisor"),
    Shot("articles-none", "/office/hotline/articles/?q=zzzz", "operator"),
    Shot("article-new", "/office/hotline/articles/new/", "supervisor"),
    Shot("article", _article, "supervisor"),
    Shot("phrases", "/office/hotline/phrases/", "supervisor"),
    Shot("phrase", _phrase, "supervisor"),
)
