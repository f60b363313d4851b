"""Articles that are read to callers, and phrases that save typing; each change in the journal."""

from datetime import date
from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.accounts.models import User
from townkeeper.duties.models import Category
from townkeeper.kit import clock
from townkeeper.kit.names import pinyin_key
from townkeeper.units.models import Unit, permits, posts_of
from townkeeper.units.permissions import Permission


class ArticleQuerySet(models.QuerySet["Article"]):
    """Questions about many articles."""

    def visible_to(self, user: User | AnonymousUser) -> "ArticleQuerySet":
        """Articles are for those who answer callers or keep them."""
        return self if _may_read(user) else self.none()

    def used(self) -> "ArticleQuerySet":
        """Articles that are still read out."""
        return self.filter(is_used=True)


class PhraseQuerySet(models.QuerySet["Phrase"]):
    """Questions about many phrases."""

    def visible_to(self, user: User | AnonymousUser) -> "PhraseQuerySet":
        """Phrases are for whoever registers cases or keeps the articles."""
        return self if _may_read(user) else self.none()


def _may_read(user: User | AnonymousUser) -> bool:
    posts = posts_of(user, clock.today())
    reading = (
        Permission.KNOWLEDGE_ARTICLE_VIEW,
        Permission.KNOWLEDGE_ARTICLE_EDIT,
        Permission.CASES_CASE_OPEN,
    )
    return any(permits(posts, permission) for permission in reading)


class Article(models.Model):
    """One question that callers ask, with the words of the answer."""

    question = models.CharField(_("question"), max_length=200)
    wording = models.TextField(_("wording to read aloud"))
    words = models.CharField(_("other words for it"), max_length=300, blank=True)
    """What callers say instead, separated by spaces: it is found by them too."""
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="articles"
    )
    units = models.ManyToManyField(Unit, blank=True, related_name="articles")
    """Who answers for what it says, and is asked when it is reviewed."""
    review_on = models.DateField(_("to be reviewed by"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    is_example = models.BooleanField(_("example"), default=False)
    """Written for a demonstration: nobody may rely on it."""
    is_used = models.BooleanField(_("in use"), default=True)
    version = models.PositiveIntegerField(default=1)
    pinyin = models.CharField(max_length=120, editable=False)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=150)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pinyin", "pk"]

    @override
    def __str__(self) -> str:
        return self.question

    @property
    def subject(self) -> str:
        """Return the name of this article's chain in the journal."""
        return f"article:{self.pk}"

    def is_overdue(self, on: date) -> bool:
        """Whether the day of its review has passed: it is still read out, and marked."""
        return self.review_on is not None and self.review_on < on

    def set_question(self, question: str) -> None:
        """Set the question and the letters under which it sorts and is typed."""
        self.question = question
        self.pinyin = pinyin_key(question)


class Phrase(models.Model):
    """A piece of text that is put into a description by a few letters."""

    key = models.CharField(_("key"), max_length=20, unique=True)
    """What an operator types for it, such as `lj1`; its pinyin initials find it too."""
    text = models.CharField(_("text"), max_length=500)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="phrases"
    )
    is_used = models.BooleanField(_("in use"), default=True)
    pinyin = models.CharField(max_length=120, editable=False)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=150)

    objects = PhraseQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["key"]

    @override
    def __str__(self) -> str:
        return self.key
