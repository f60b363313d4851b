"""Makes the home of a demonstration: a district, its made-up people, simulated months, a ranking.

Everything is deterministic, so a finished home is used again: a stamp says from which program,
seed and months it was made.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path

from townkeeper.cli import console
from townkeeper.cli.ready import ROOT, migrate
from townkeeper.cli.rounds import assess
from townkeeper.cli.simulation import simulate_months
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

PROGRAM = ROOT / "programs" / "dongxing"
PASSWORD = "townkeeper"  # noqa: S105 - for made-up people on the computer of whoever looks
MONTHS = 6
PUBLISHED = 3
"""Months that are scored: a trend needs more than one, and each takes some seconds."""
SEED = 1
PER_DAY = 3.5
"""Reports on an ordinary day: enough to rank by, few enough to be ready within two minutes."""
ACTOR = "demo"
STAMP = "demo.json"
_DATA = ("townkeeper.sqlite3", "townkeeper.sqlite3-wal", "townkeeper.sqlite3-shm", "extracts",
         "files", "out")  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """From what a demonstration was made; the same recipe gives the same town."""

    program: str
    seed: int
    months: int
    per_day: float
    last_month: str


@dataclass(frozen=True)
class SignIn:
    """One person of the demonstration."""

    role: str
    username: str
    unit: str


def last_full_month(today: date) -> str:
    """Return the month before the one of `today`, `2026-10`."""
    year, month = (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)
    return f"{year:04d}-{month:02d}"


def full_months(today: date, count: int) -> list[str]:
    """Return the full months before the one of `today`, oldest first: trends need more than one."""
    last = today.year * 12 + today.month - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(last - count, last)]


def prepare(home: Path, today: date) -> bool:
    """Bring the home to what a demonstration shows; return whether anything had to be made."""
    from townkeeper.programs.folder import read_folder  # noqa: PLC0415 - Django is set up by now

    recipe = Recipe(read_folder(PROGRAM).digest, SEED, MONTHS, PER_DAY, last_full_month(today))
    if _is_made(home, recipe):
        migrate(home)
        return False
    _clear(home)
    migrate(home)
    _step(_("Loading the district …"), _load)
    console.note(_("Simulating %(months)s months …") % {"months": MONTHS})
    simulate_months(months=MONTHS, seed=SEED, per_day=PER_DAY)
    _step(_("Issuing orders …"), _order)
    for month in full_months(today, PUBLISHED):
        _step(
            _("Scoring and publishing %(month)s …") % {"month": month},
            partial(_publish, month, last=recipe.last_month),
        )
    (home / STAMP).write_text(json.dumps(asdict(recipe)), encoding="utf-8")
    return True


def _step(words: str, work: Callable[[], object]) -> None:
    console.note(words)
    work()


def _is_made(home: Path, recipe: Recipe) -> bool:
    try:
        found = json.loads((home / STAMP).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return bool(found == asdict(recipe)) and (home / _DATA[0]).exists()


def _clear(home: Path) -> None:
    """Empty an older demonstration; a home with anything else in it is left alone."""
    if (home / _DATA[0]).exists() and not (home / STAMP).exists():
        started = home / "demo.started"
        if not started.exists():
            raise Problem(
                "not-a-demo",
                _("This home holds real work; a demonstration would erase it."),
                where=str(home),
                hint=_("Give another folder with --home."),
            )
    (home / "demo.started").touch()
    (home / STAMP).unlink(missing_ok=True)
    for name in _DATA:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
            path.mkdir()
        else:
            path.unlink(missing_ok=True)


def _load() -> None:
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415

    from townkeeper.accounts.models import User  # noqa: PLC0415
    from townkeeper.knowledge.examples import write_examples  # noqa: PLC0415
    from townkeeper.programs.load import load_program  # noqa: PLC0415

    loaded = load_program(PROGRAM, actor=ACTOR, with_people=True)
    if not loaded.ok:
        first = loaded.report.errors[0]
        raise Problem("program-broken", str(first))
    User.objects.filter(is_demo=True).update(password=make_password(PASSWORD))
    keeper = User.objects.filter(is_demo=True, posts__role__key="supervisor").first()
    if keeper is not None:
        write_examples(actor=keeper)


def _order() -> None:
    """Let the supervision office and the leader issue some orders, so that there are replies."""
    from townkeeper.kit import clock  # noqa: PLC0415
    from townkeeper.programs.simulation.orders import simulate_orders  # noqa: PLC0415

    simulate_orders(clock.now())


def _publish(month: str, *, last: str) -> None:
    """Publish a month; the last one gets its bulletin at once, so that there is one to open."""
    from townkeeper.publication.actions import issue_bulletin  # noqa: PLC0415

    round_ = assess(month, publish=True, actor=ACTOR)
    if month == last:
        issue_bulletin(round_, actor=ACTOR)


def sign_ins() -> list[SignIn]:
    """Return one person for each role, in the order of the program."""
    from townkeeper.units.models import Post  # noqa: PLC0415

    found: dict[str, SignIn] = {}
    posts = Post.objects.filter(user__is_demo=True).select_related("user", "role", "unit")
    for post in posts.order_by("pk"):
        found.setdefault(
            post.role.key, SignIn(post.role.title, post.user.username, post.unit.title)
        )
    return list(found.values())
