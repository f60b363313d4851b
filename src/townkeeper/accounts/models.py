"""Users, and tokens for programs that act for them."""

import hashlib
import secrets
from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class User(AbstractUser):
    """A person of the office, or a program that acts for it; never deleted, only closed."""

    name = models.CharField(_("name"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    is_demo = models.BooleanField(default=False)
    """Made for a demonstration; refused outside `townkeeper demo`."""

    held_posts: tuple[date, tuple[Any, ...]] | None = None
    """The posts of a day, where whoever answers a request has read them for all of it."""

    @override
    def __str__(self) -> str:
        return self.name or self.username


class Token(models.Model):
    """A key with which another program speaks for a user; only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    @override
    def __str__(self) -> str:
        return self.label

    @staticmethod
    def hash_of(secret: str) -> str:
        """Return what is stored of a secret; 256 random bits need no slow hash."""
        return hashlib.sha256(secret.encode(errors="replace")).hexdigest()

    @classmethod
    def issue(cls, user: User, label: str) -> str:
        """Make a token and return its secret, which is shown once and never again."""
        secret = "tk_" + secrets.token_urlsafe(32)
        cls.objects.create(user=user, label=label, digest=cls.hash_of(secret))
        return secret


class SavedView(models.Model):
    """A list as somebody wants to find it again: its page and what narrows it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=40)
    """URL name of the list, such as `office:cases`."""
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(max_length=600, blank=True)
    """The query string of its address."""
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "page", "name"], name="accounts_view_name"),
        ]
        ordering: ClassVar = ["pk"]

    @override
    def __str__(self) -> str:
        return self.name
