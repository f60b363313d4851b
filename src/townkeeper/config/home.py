"""The home of one installation: database, files and keys below one folder."""

import os
import secrets
from collections.abc import Collection
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

ROOT = Path(__file__).resolve().parents[3]
"""The checkout; programs, docs and benchmarks lie beside `src`."""


def home() -> Path:
    """Return the folder of this installation, made if it is not there."""
    folder = Path(os.environ.get("TOWNKEEPER_HOME") or ROOT / "var").resolve()
    for part in ("", "keys", "files", "extracts", "out", "log", "static"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "keys").chmod(0o700)
    return folder


def secret_key(folder: Path) -> str:
    """Return the installation's secret, made once and readable by its owner only."""
    given = os.environ.get("TOWNKEEPER_SECRET_KEY")
    if given:
        return given
    path = folder / "keys" / "secret"
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def switch(name: str) -> bool:
    """Return whether a setting is on: `1`, `yes`, `true` or `on`."""
    return os.environ.get(name, "").lower() in {"1", "yes", "true", "on"}


def number(name: str, default: int) -> int:
    """Return a setting that is a positive whole number."""
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        msg = f"{name}: '{text}' is not a positive whole number"
        raise SystemExit(msg)
    return int(text)


def choice(name: str, default: str, known: Collection[str]) -> str:
    """Return a setting that is one of a few words."""
    text = os.environ.get(name, default).lower()
    if text not in known:
        msg = f"{name}: '{text}' is not known; use one of {', '.join(known)}"
        raise SystemExit(msg)
    return text


def database(folder: Path) -> dict[str, object]:
    """Return Django's settings for `DATABASE_URL`, or for SQLite in the home folder."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return _sqlite(folder / "townkeeper.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path("/" + unquote(parts.path).lstrip("/")))
    if parts.scheme not in {"postgres", "postgresql"}:
        msg = f"DATABASE_URL: '{parts.scheme}' is not known; use postgres:// or sqlite:///"
        raise SystemExit(msg)
    options: dict[str, object] = dict(parse_qsl(parts.query))
    host = str(options.pop("host", "")) or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": options,
    }


def _sqlite(path: Path) -> dict[str, object]:
    """Return SQLite in WAL; write transactions take the lock at once instead of failing late."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
            "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456;",
        },
    }
