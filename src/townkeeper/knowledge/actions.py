"""Writing and changing articles and phrases: each version stands in the journal as a whole."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from townkeeper.accounts.models import User
from townkeeper.duties.models import Category
from townkeeper.journal.actions import record
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.names import pinyin_key
from townkeeper.knowledge.models import Article, Phrase
from townkeeper.units.models import Unit, permits, posts_of
from townkeeper.units.permissions import Permission


@dataclass(frozen=True, slots=True)
class Wording:
    """What an article says."""

    question: str
    wording: str
    words: str = ""
    category: str = ""
    """The category's key, empty for none."""
    units: Sequence[str] = ()
    """Codes of the units that answer for it."""
    review_on: date | None = None
    source: str = ""
    is_used: bool = True


@transaction.atomic
def write_article(
    said: Wording,
    *,
    actor: User,
    article: Article | None = None,
    seen_version: int | None = None,
    is_example: bool = False,
) -> Article:
    """Write a new article, or the next version of one; the journal keeps every version whole.

    Raises Problem: `not-permitted`, `question-missing`, `wording-missing`, `article-moved-on`,
    `category-unknown`, `unit-unknown`.
    """
    _refuse_others(actor)
    question, wording = " ".join(said.question.split()), said.wording.strip()
    if not question:
        raise Problem("question-missing", _("Write the question."), where="question")
    if not wording:
        raise Problem("wording-missing", _("Write what is read to the caller."), where="wording")
    row = _held(article, seen_version)
    row.set_question(question)
    row.wording, row.words, row.source = wording, said.words.strip(), said.source.strip()
    row.review_on, row.is_used = said.review_on, said.is_used
    row.category = _category(said.category)
    if article is None:
        row.is_example = is_example
    row.changed_at, row.changed_by = clock.now(), actor.username
    row.save()
    row.units.set(_units(said.units))
    data = asdict(said) | {
        "version": row.version,
        "question": question,
        "units": list(said.units),
        "review_on": said.review_on.isoformat() if said.review_on else None,
    }
    act = "article.written" if article is None else "article.changed"
    record(subject=row.subject, act=act, actor=actor.username, data=data)
    return row


def _refuse_others(actor: User) -> None:
    posts = posts_of(actor, clock.today())
    if not permits(posts, Permission.KNOWLEDGE_ARTICLE_EDIT):
        raise Problem("not-permitted", _("Your posts do not allow this."))


def _held(article: Article | None, seen_version: int | None) -> Article:
    """Return the row to write: a new one, or the present version, held, if it is the one seen."""
    if article is None:
        return Article()
    row = Article.objects.select_for_update().get(pk=article.pk)
    if seen_version is not None and row.version != seen_version:
        raise Problem(
            "article-moved-on",
            _("%(who)s has changed this article since you opened it.") % {"who": row.changed_by},
            hint=_("Your words are still here: compare, and save again from the present version."),
        )
    row.version += 1
    return row


def _category(key: str) -> Category | None:
    if not key:
        return None
    row = Category.objects.filter(key=key).first()
    if row is None:
        raise Problem(
            "category-unknown",
            _("There is no category “%(key)s”.") % {"key": key},
            where="category",
        )
    return row


def _units(codes: Sequence[str]) -> list[Unit]:
    found = {unit.code: unit for unit in Unit.objects.filter(code__in=codes).defer("outline")}
    for code in codes:
        if code not in found:
            raise Problem(
                "unit-unknown",
                _("There is no unit with the code “%(code)s”.") % {"code": code},
                where="units",
            )
    return list(found.values())


@transaction.atomic
def write_phrase(
    key: str, text: str, *, actor: User, phrase: Phrase | None = None, is_used: bool = True
) -> Phrase:
    """Write a phrase, or change one. Raises Problem: `not-permitted`, `key-missing`, `key-taken`,
    `text-missing`.
    """  # noqa: D205
    _refuse_others(actor)
    key, text = key.strip().lower(), text.strip()
    if not key:
        raise Problem("key-missing", _("Give it a few letters to type."), where="key")
    if not text:
        raise Problem("text-missing", _("Write the text."), where="text")
    row = Phrase() if phrase is None else Phrase.objects.select_for_update().get(pk=phrase.pk)
    if Phrase.objects.filter(key=key).exclude(pk=row.pk).exists():
        raise Problem("key-taken", _("“%(key)s” stands for another phrase.") % {"key": key},
                      where="key")  # fmt: skip
    row.key, row.text, row.pinyin, row.is_used = key, text, pinyin_key(text[:60]), is_used
    row.changed_at, row.changed_by = clock.now(), actor.username
    row.save()
    record(
        subject=f"phrase:{row.pk}",
        act="phrase.written" if phrase is None else "phrase.changed",
        actor=actor.username,
        data={"key": key, "text": text, "is_used": is_used},
    )
    return row
