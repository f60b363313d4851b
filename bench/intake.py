"""Opening a case through the JSON endpoint, against the floor of Python and of PostgreSQL.

All in one run on one PostgreSQL with 32 connections: our endpoint and the bare asynchronous
endpoint (`floor_app.py`) in alternating rounds, each with two server processes; then `pgbench`
writing the same rows. The load comes from `wrk` where it is installed, otherwise from Python,
which takes processor time from both alike.
"""

import asyncio
import json
import os
import pickle
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from townkeeper.cli.postgres import cluster, find_binaries

ROOT = Path(__file__).parents[1]
CONNECTIONS = 32
BODY = {
    "title": "農貿市場東門垃圾桶滿溢，垃圾散落人行道",
    "text": "市場東門兩個垃圾桶從昨晚就滿了，垃圾袋堆到人行道上，老人推車過不去。",
    "category": "matter/06010",
    "area": "511011001",
    "address": "東興街道大千路",
    "channel": "hotline",
}
WRK = """
wrk.method = "POST"
wrk.body = [[%s]]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %s"
done = function(summary, latency, requests)
  io.write(string.format("RESULT %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(95), summary.errors.status + summary.errors.connect + summary.errors.read))
end
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextmanager
def server(target, interface, environ, *, threads):
    port = free_port()
    words = [sys.executable, "-m", "granian", "--interface", interface, "--port", str(port)]
    words += ["--workers", "2", "--no-ws", "--log-level", "error", target]
    if threads:
        words += ["--blocking-threads", str(threads)]
    process = subprocess.Popen(words, env={**os.environ, **environ}, cwd=ROOT)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def wait_for(port):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def load(port, token, seconds):
    """(requests a second, p95 in ms, errors)"""
    url = f"http://127.0.0.1:{port}/api/v1/cases"
    if shutil.which("wrk"):
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(WRK % (json.dumps(BODY, ensure_ascii=False), token))
            script.flush()
            words = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script.name, url]
            text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", text)
        requests, micro, p95, errors = map(int, found.groups())
        return requests / micro * 1e6, p95 / 1000, errors
    return asyncio.run(load_from_python(port, token, seconds))


async def load_from_python(port, token, seconds):
    body = json.dumps(BODY, ensure_ascii=False).encode()
    head = (
        f"POST /api/v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    until, times, errors = time.perf_counter() + seconds, [], 0

    async def one():
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < until:
            begin = time.perf_counter()
            writer.write(head + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", answer.lower())[1])
            await reader.readexactly(length)
            times.append(time.perf_counter() - begin)
            errors += b" 201 " not in answer[:20]
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return len(times) / seconds, sorted(times)[int(len(times) * 0.95)] * 1000, errors


PREPARE = """
import django, json, os, pickle, sys
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from townkeeper.programs.load import load_program
from townkeeper.accounts.models import Token, User
from townkeeper.units.models import Post, Role, Unit
load_program(__import__("pathlib").Path("programs/dongxing"), actor="bench")
user = User.objects.create_user("bench")
Post.objects.create(user=user, unit=Unit.objects.get(path="0001."), role=Role.objects.get(key="operator"))
from django.utils import timezone
from townkeeper.cases import _write
from townkeeper.cases.desk import desk
from townkeeper.cases.intake import Report, prepare
ready = prepare(Report(**json.loads(sys.argv[1])), actor="bench", desk=desk(), now=timezone.now())
row = [ready.stamp, *_write.values(ready.case, _write._CASE), *_write.values(ready.task, _write._TASK),
       *_write.values(ready.entry, _write._ENTRY), *_write.values(ready.chain, _write._CHAIN),
       _write.searched(ready)]
names = ["stamp", *_write._CASE, *_write._TASK, *["e." + n for n in _write._ENTRY], *["h." + n for n in _write._CHAIN], "words"]
statement = _write._statement(with_reporter=False)
pickle.dump({
    "dsn": os.environ["DATABASE_URL"], "statement": statement, "row": row, "title": names.index("title"),
    "numbers": [names.index("number")], "subjects": [names.index("e.subject"), names.index("h.subject")],
}, open(os.environ["FLOOR_PLAN"], "wb"))
print(Token.issue(user, "bench"))
"""


def pgbench_script(plan):
    """The same rows as literals; number and subject from a sequence."""

    def literal(at, value):
        if at in plan["numbers"]:
            return "'P' || :n"
        if at in plan["subjects"]:
            return "'case:P' || :n"
        if value is None:
            return "NULL"
        if isinstance(value, bytes):
            return f"'\\x{value.hex()}'::bytea"
        if isinstance(value, bool | int | float):
            return str(value)
        return "'" + str(value).replace("'", "''").replace(":", "' || chr(58) || '") + "'"

    parts = [literal(at, value) for at, value in enumerate(plan["row"])]
    text = re.sub(r"\$(\d+)", lambda m: parts[int(m[1]) - 1], plan["statement"])
    text = typed(text.replace("::jsonb", "::jsonb"))
    return "\\set n random(1, 9000000000000000)\n" + " ".join(text.split()) + ";\n"


def typed(text):
    """Expressions of joined strings are text; times must be said to be times."""
    stamp = r"('\d{4}-\d\d-\d\d \d\d(?:' \|\| chr\(58\) \|\| '\d\d)+(?:\.\d+)?\+00' \|\| chr\(58\) \|\| '00')"
    return re.sub(stamp, r"(\1)::timestamptz", text)


def pgbench(dsn, plan, seconds):
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "insert.sql"
        script.write_text(pgbench_script(plan))
        words = [str(find_binaries() / "pgbench"), "-n", "-f", str(script), "-c", str(CONNECTIONS)]
        words += ["-j", "2", "-T", str(seconds), dsn]
        text = subprocess.run(words, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", text.stdout)
    if not found:
        raise SystemExit(f"pgbench: {text.stderr[-800:]}")
    return float(found[1])


def run(quick=False):
    seconds, rounds = (2, 1) if quick else (6, 5)
    with tempfile.TemporaryDirectory() as home, cluster() as dsn:
        environ = {
            "DATABASE_URL": dsn,
            "TOWNKEEPER_HOME": home,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "DJANGO_SETTINGS_MODULE": "townkeeper.config.settings",
            "FLOOR_PLAN": str(Path(home) / "plan"),
        }
        words = [sys.executable, "-c", PREPARE, json.dumps(BODY)]
        made = subprocess.run(
            words,
            env={**os.environ, **environ},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise SystemExit(made.stderr[-2000:])
        token = made.stdout.split()[-1]
        plan = pickle.loads(Path(environ["FLOOR_PLAN"]).read_bytes())
        ours, floor = [], []
        with (
            server("townkeeper.config.wsgi:application", "wsgi", environ, threads=8) as mine,
            server("bench.floor_app:app", "asgi", environ, threads=None) as bare,
        ):
            load(mine, token, 2), load(bare, token, 2)
            for _round in range(rounds):
                ours.append(load(mine, token, seconds))
                floor.append(load(bare, token, seconds))
        base = pgbench(dsn, plan, seconds)
    return rows_of(ours, floor, base)


def rows_of(ours, floor, base):
    mid = statistics.median
    rate, bare = mid(r for r, _p, _e in ours), mid(r for r, _p, _e in floor)
    p95, bare_p95 = mid(p for _r, p, _e in ours), mid(p for _r, p, _e in floor)
    ratio = mid(a[0] / b[0] for a, b in zip(ours, floor, strict=True))
    errors = sum(e for _r, _p, e in ours + floor)
    return [
        {"name": "open a case (JSON, PostgreSQL, 32 connections)", "value": round(rate), "unit": "1/s",
         "reference": f"bare asynchronous endpoint: {bare:.0f}/s", "ratio": round(ratio, 3)},
        {"name": "p95 of opening a case", "value": round(p95, 1), "unit": "ms",
         "reference": f"bare asynchronous endpoint: {bare_p95:.1f} ms", "ratio": round(p95 / bare_p95, 3)},
        {"name": "the same rows by pgbench", "value": round(base), "unit": "1/s",
         "reference": f"opening a case: {rate:.0f}/s", "ratio": round(rate / base, 3)},
        {"name": "errors", "value": errors, "unit": "requests", "reference": "none allowed", "ratio": None},
    ]  # fmt: skip
