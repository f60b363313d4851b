"""Makes an installation ready: Django set up, the database at the version of the code.

A new home needs no set-up step: whoever comes first brings the tables up to date under a lock,
everybody else waits for it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from townkeeper.cli import console
from townkeeper.cli.words import gettext as _
from townkeeper.cli.words import spoken
from townkeeper.kit.errors import Problem

ROOT = Path(__file__).resolve().parents[3]
"""The checkout."""
_ADVISORY_LOCK = 0x746F776E
"""`town`: the number by which processes on several machines agree on one PostgreSQL lock."""


def ready() -> Path:
    """Set Django up, migrate if needed, and return the home folder."""
    home = set_up()
    migrate(home)
    return home


def set_up() -> Path:
    """Set Django up in the language in use, touch no database, and return the home folder."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "townkeeper.config.settings")
    import django  # noqa: PLC0415 - `--help` and `check` do without
    from django.conf import settings  # noqa: PLC0415
    from django.utils import translation  # noqa: PLC0415

    try:
        django.setup()
    except SystemExit as error:
        raise Problem("wrong-setting", str(error.code), hint=_("See docs/settings.md.")) from error
    translation.activate(spoken())
    return Path(settings.HOME)


def migrate(home: Path) -> None:
    """Bring the tables up to date; costs one query when there is nothing to do."""
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import OperationalError  # noqa: PLC0415

    try:
        if not _is_behind():
            return
        with _lock(home):
            if _is_behind():
                console.note(_("Preparing the database …"))
                call_command("migrate", verbosity=0, interactive=False)
    except OperationalError as error:
        raise Problem(
            "database-unreachable",
            _("The database cannot be used: %(reason)s")
            % {"reason": str(error).strip().splitlines()[0]},
            hint=_("Check DATABASE_URL, and that the server runs and the database exists."),
        ) from error


def _is_behind() -> bool:
    """Return whether migrations are missing; refuse a home that a newer version has written."""
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    loader = executor.loader
    ours = loader.migrated_apps
    newer = sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in ours and (app, name) not in loader.disk_migrations
    )
    if newer:
        raise Problem(
            "home-is-newer",
            _("This home was written by a newer version of Townkeeper (%(names)s).")
            % {"names": ", ".join(newer[:3])},
            hint=_("Use that version, or another folder with --home."),
        )
    return bool(executor.migration_plan(loader.graph.leaf_nodes()))


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """Hold the right to migrate: a file for this machine, PostgreSQL's own lock beyond it."""
    from django.db import connection  # noqa: PLC0415

    with (home / "migrate.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY_LOCK])
        try:
            yield
        finally:
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY_LOCK])
