"""One piece of long work: what for whom, how far it is, and what came of it."""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.accounts.models import User


class JobQuerySet(models.QuerySet["Job"]):
    """Questions about many jobs."""

    def visible_to(self, user: User | AnonymousUser, *, all_of_them: bool = False) -> "JobQuerySet":
        """Return a person's own jobs; `all_of_them` for whoever looks after the machine."""
        if not user.is_authenticated:
            return self.none()
        return self if all_of_them else self.filter(user_id=user.pk)


class Job(models.Model):
    """A piece of work that takes longer than a page may."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("in progress")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")

    kind = models.CharField(max_length=40)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="jobs")
    title = models.CharField(max_length=200)
    """What it is about as people say it, such as a file's name."""
    given = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    """Pieces done and pieces there are; 0 while nobody knows."""
    stop_wanted = models.BooleanField(default=False)
    result = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    """Why it failed, in words for people."""
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    """When whoever does it last said so; long ago means that the process has gone."""
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["waiting", "running"]),
                name="jobs_job_open",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in {self.State.WAITING, self.State.RUNNING}

    @property
    def percent(self) -> int | None:
        """Return the done part in percent; none while the whole is not known."""
        return min(100, 100 * self.done // self.total) if self.total else None
