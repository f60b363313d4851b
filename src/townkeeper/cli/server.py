"""Runs the web server: refuses a taken port, says when it answers, and ends together with it."""

import errno
import http
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from townkeeper.cli.background import do_jobs_until, work_until
from townkeeper.cli.ready import ROOT
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

_PATIENCE = 60.0
"""Seconds until the pages must answer."""
_THREADS = 4
"""Requests that one process works on at a time; each keeps its own database connection."""


def is_free(host: str, port: int) -> bool:
    """Return whether a server could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise Problem(
                "cannot-listen",
                _("Cannot listen on %(host)s port %(port)s: %(reason)s")
                % {"host": host, "port": port, "reason": error.strerror},
            ) from error
    return True


def check_port(host: str, port: int) -> None:
    """Raise a Problem when another program has the port."""
    if not 0 < port < 65536:  # noqa: PLR2004 - what TCP has
        raise Problem("no-such-port", _("A port is a number from 1 to 65535."))
    if not is_free(host, port):
        raise Problem(
            "port-in-use",
            _("Port %(port)s is used by another program.") % {"port": port},
            hint=_("Choose another one with --port."),
        )


def free_port(host: str, port: int) -> int:
    """Return `port`, or the next free one after it."""
    for candidate in range(port, port + 50):
        if is_free(host, candidate):
            return candidate
    raise Problem("port-in-use", _("Port %(port)s is used by another program.") % {"port": port})


def serve(
    *,
    home: Path,
    host: str,
    port: int,
    workers: int,
    with_work: bool,
    on_ready: Callable[[str], object],
) -> None:
    """Serve until stopped; `on_ready` is told the address once it answers."""
    done = threading.Event()
    workers_beside = [
        threading.Thread(target=target, args=(done,), name=target.__name__, daemon=True)
        for target in (work_until, do_jobs_until)
    ]
    with _started(home, host, port, workers) as server:
        try:
            _wait_until_it_answers(server, host, port)
            on_ready(f"http://{_spoken(host)}:{port}/")
            if with_work:
                for worker in workers_beside:
                    worker.start()
            code = server.wait()
        except KeyboardInterrupt:
            code = 0
        finally:
            done.set()
            _stop(server)
    for worker in workers_beside:
        if worker.is_alive():
            worker.join(10)
    if code:
        raise Problem(
            "server-ended", _("The server ended by itself (code %(code)s).") % {"code": code}
        )


@contextmanager
def answering(*, home: Path, host: str, port: int, workers: int = 1) -> Iterator[str]:
    """Serve without background work while the block runs; gives the address."""
    with _started(home, host, port, workers) as server:
        try:
            _wait_until_it_answers(server, host, port)
            yield f"http://{_spoken(host)}:{port}/"
        finally:
            _stop(server)


def _started(home: Path, host: str, port: int, workers: int) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "TOWNKEEPER_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "townkeeper.config.settings",
    }
    return subprocess.Popen(_command(host, port, workers), env=environment)  # noqa: S603 - our own command


def _command(host: str, port: int, workers: int) -> list[str]:
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws",
        "--host", host, "--port", str(port), "--workers", str(max(1, workers)),
        "--blocking-threads", str(_THREADS), "--respawn-failed-workers",
        "--log-level", os.environ.get("TOWNKEEPER_LOG", "WARNING").lower(),
        "townkeeper.config.wsgi:application",
    ]  # fmt: skip


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()


def _spoken(host: str) -> str:
    """Return the address to open in a browser."""
    if host in {"0.0.0.0", "::", "127.0.0.1"}:  # noqa: S104 - compared, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _wait_until_it_answers(server: subprocess.Popen[bytes], host: str, port: int) -> None:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if server.poll() is not None:
            raise Problem(
                "server-ended",
                _("The server ended by itself (code %(code)s).") % {"code": server.returncode},
            )
        connection = http.client.HTTPConnection(target, port, timeout=10)
        try:
            connection.request("GET", "/")
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
            continue
        finally:
            connection.close()
        if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Problem("server-broken", _("The pages do not work; the reason is above."))
        return
    raise Problem("server-silent", _("The server did not answer in time."))
