"""A real office in processes of its own, to be killed, and callers that never give up."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
REPORT = {
    "title": "農貿市場東門垃圾桶滿溢",
    "text": "垃圾袋堆到人行道上。",
    "category": "matter/06010",
    "area": "511011001",
    "channel": "hotline",
}


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Office:
    """The district with one caller's key; every command is a process, as for an administrator."""

    def __init__(self, home, database="", token=""):
        self.home = Path(home)
        self.port = free_port()
        self.environment = {
            **os.environ, "PYTHONPATH": str(ROOT / "src"), "TOWNKEEPER_HOME": str(home),
            "LANGUAGE": "en",
        }  # fmt: skip
        self.environment.pop("DJANGO_SETTINGS_MODULE", None)
        self.environment.pop("DATABASE_URL", None)
        if database:
            self.environment["DATABASE_URL"] = database
        self.server = None
        self.token = token or self.set_up()

    def set_up(self):
        """Load the district and give a caller a key; return the key."""
        assert self.run("program", "load", "programs/dongxing")["ok"]
        self.run(
            "user", "add", "caller", "--generate", "--role", "operator", "--unit", "511011-ZLB"
        )
        return self.run("token", "issue", "caller", "--label", "test")["token"]

    def run(self, *words, code=(0,)):
        done = subprocess.run(
            [sys.executable, "-m", "townkeeper.cli", *words, "--json"],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode in code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def begin(self, *words):
        """Start a command that goes on, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "townkeeper.cli", *words],
            cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def start(self, *, file_limit=None):
        """Start the server as `serve` does; no file may become larger than `file_limit` bytes."""
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", HOST,
            "--port", str(self.port), "--workers", "2", "--blocking-threads", "4",
            "--respawn-failed-workers", "--log-level", "error",
            "townkeeper.config.wsgi:application",
        ]  # fmt: skip
        if file_limit:
            command = ["prlimit", f"--fsize={file_limit}", *command]
        environment = {
            **self.environment, "DJANGO_SETTINGS_MODULE": "townkeeper.config.settings"
        }  # fmt: skip
        with (self.home / "server.log").open("ab") as log:
            self.server = subprocess.Popen(
                command, env=environment, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip
        end = time.monotonic() + 60
        while True:
            try:
                self.post({}, "")
            except OSError:
                assert time.monotonic() < end, "the server does not answer"
                assert self.server.poll() is None, "the server ended"
                time.sleep(0.1)
            else:
                return

    def kill(self):
        """Take the server away as a power cut does, its processes and all."""
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()

    def post(self, body, key):
        """Send one report; (status, answer). Errors: OSError where nobody answers."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            headers = {
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Accept-Language": "en",
                "Host": "localhost",
            }
            if key:
                headers["Idempotency-Key"] = key
            connection.request("POST", "/api/v1/cases", json.dumps(body), headers)
            response = connection.getresponse()
            said = response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        else:
            if response.headers.get_content_subtype() not in {"json", "problem+json"}:
                return response.status, {"type": "not json", "detail": said.decode()[:500]}
            return response.status, json.loads(said)
        finally:
            connection.close()


class Callers:
    """People who report until they are told a number, and remember what they were told."""

    def __init__(self, office, count=4):
        self.office = office
        self.acknowledged = {}
        self.refused = []
        self.surprises = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._call, args=(name,), daemon=True) for name in range(count)
        ]

    def _call(self, name):
        number = 0
        while not self._stop.is_set():
            number += 1
            self._insist(f"{name}-{number}")

    def _insist(self, key):
        while True:
            try:
                status, said = self.office.post(REPORT, key)
            except OSError:
                status, said = 0, {}
            if status in (200, 201):
                self.acknowledged[key] = said["number"]
                return
            if status >= 500 and said.get("type") != "urn:townkeeper:database-away":
                self.surprises.append((status, said))
            if status:
                self.refused.append((status, said))
            if self._stop.is_set():
                return
            time.sleep(0.05)

    @contextmanager
    def at_work(self):
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join(60)

    def wait_for(self, more, seconds=60):
        """Wait until so many more reports were acknowledged."""
        wanted, end = len(self.acknowledged) + more, time.monotonic() + seconds
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < end, f"{len(self.acknowledged)} of {wanted} came through"
            time.sleep(0.02)
