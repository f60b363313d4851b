"""Style sheets, scripts and icons as the server sends them: compressed, under lasting names.

Each state of the files is published once into a folder of its own below the home, its name drawn
from what they contain: a browser keeps such a file for good and never asks again, and a newer
program never shows an older look. Until then (tests, commands) files are taken as they lie.
"""

import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from townkeeper.config.home import ROOT

SOURCE = ROOT / "src" / "townkeeper" / "web" / "static"
PUBLISHING = "STATICS_BEING_PUBLISHED"
MANIFEST = "staticfiles.json"
KEPT = 3
"""Published states that stay: processes of an older program may still be running."""


@lru_cache(maxsize=1)
def digest() -> str:
    """Return a name for the present state of the files."""
    found = hashlib.sha256()
    for path in sorted(path for path in SOURCE.rglob("*") if path.is_file()):
        found.update(f"{path.relative_to(SOURCE)}\n".encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]


def statics_folder(home: Path) -> Path:
    """Return where the present state of the files is published, or written while it is."""
    folder = home / "static" / digest()
    return folder.with_suffix(".part") if PUBLISHING in os.environ else folder


def are_published(home: Path) -> bool:
    """Whether the published files are there, or are just being written."""
    return PUBLISHING in os.environ or (statics_folder(home) / MANIFEST).is_file()


def publish_statics(home: Path) -> None:
    """Publish the present state of the files unless it is there; one process at a time.

    Where that fails the files are sent as they lie: slower, but the office works.
    """
    try:
        with (home / "static" / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not are_published(home):
                _publish(home, statics_folder(home))
    except (OSError, subprocess.CalledProcessError) as error:
        logging.getLogger(__name__).warning("styles and scripts are not published: %s", error)


def _publish(home: Path, folder: Path) -> None:
    draft = folder.with_suffix(".part")
    shutil.rmtree(draft, ignore_errors=True)
    environment = {
        **os.environ,
        "TOWNKEEPER_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "townkeeper.config.settings",
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), os.environ.get("PYTHONPATH", ""))),
        PUBLISHING: "1",
    }
    command = ["-m", "django", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run([sys.executable, *command], env=environment, check=True)  # noqa: S603 - ours
    draft.rename(folder)
    _clear(home / "static", folder)


def _clear(published: Path, present: Path) -> None:
    """Remove older states."""
    others = [path for path in published.iterdir() if path.is_dir() and path != present]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
