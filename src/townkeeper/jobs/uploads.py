"""Files that people have sent for long work, and when they are removed again.

They hold personal data and serve for one piece of work: once that has ended and some days for a
second look have passed, nothing keeps them. What the work wrote (`out/jobs`) stays.
"""

import logging
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from townkeeper.jobs.models import Job

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)
"""How long an upload stays after its last work has ended, or after it was sent for nothing."""


def uploads_root() -> Path:
    """Return the folder of all uploads: a folder for each person, in it one for each upload."""
    return Path(settings.HOME) / "out" / "uploads"


def clear_uploads(now: datetime | None = None) -> int:
    """Remove the uploads whose work has ended more than `KEPT` ago; returns how many."""
    old = (now or timezone.now()) - KEPT
    found = [folder for folder in uploads_root().glob("*/*") if _touched(folder) < old]
    if not found:
        return 0
    needed = _needed(old)
    gone = [folder for folder in found if str(folder) not in needed]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
        log.info("upload removed: %s", folder.name)
    return len(gone)


def _touched(folder: Path) -> datetime:
    return datetime.fromtimestamp(folder.stat().st_mtime, tz=timezone.get_current_timezone())


def _needed(old: datetime) -> set[str]:
    """Return the folders of work that is not over, or has ended since then."""
    jobs = Job.objects.filter(ended_at=None) | Job.objects.filter(ended_at__gte=old)
    places = (job["file"] if "file" in job else job.get("folder", "") for job in
              jobs.values_list("given", flat=True))  # fmt: skip
    root = uploads_root()
    inside = (Path(place).relative_to(root) for place in places if Path(place).is_relative_to(root))
    return {str(root.joinpath(*path.parts[:2])) for path in inside}
