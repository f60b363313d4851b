"""Installs a lock file into .venv for the launcher; needs nothing but Python itself.

pip comes from the wheel in `tools/pip`: Debian and Ubuntu ship Python without it (ADR 0002).
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

WHEELS = Path(__file__).parent / "pip"
PACKAGE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*==", re.MULTILINE)
SEEN = re.compile(r"^(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9][A-Za-z0-9._-]*)")
NETWORK = ("connection", "resolve", "timed out", "network is unreachable", "proxy", "ssl")
OTHER_LOCK = {"requirements-dev.lock": "requirements.lock"}
"""The development lock holds every package of the other one too."""


def show(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def show_progress(done: int, total: int, name: str) -> None:
    """Rewrite one line on a terminal; elsewhere print every tenth package."""
    if sys.stderr.isatty():
        print(f"\r\033[K  [{done}/{total}] {name}", end="", file=sys.stderr, flush=True)
    elif done % 10 == 0 or done == total:
        show(f"  [{done}/{total}] {name}")


def command(lock: Path) -> list[str]:
    """Return pip run straight from its wheel, so that .venv needs none."""
    wheel = next(WHEELS.glob("pip-*.whl"))
    return [
        sys.executable,
        str(wheel / "pip"),
        "install",
        "--require-hashes",
        "--disable-pip-version-check",
        "--no-input",
        "--root-user-action=ignore",
        "--progress-bar=off",
        "-r",
        str(lock),
    ]


def explain(output: list[str], log: Path) -> None:
    """Say what went wrong, first in general, then in pip's own last words."""
    text = "\n".join(output[-60:]).lower()
    if "hash" in text and "mismatch" in text:
        show("下載的套件與鎖定檔的指紋不符，已拒絕安裝。")
        show("A downloaded package does not have the fingerprint that the lock names; refused.")
    elif "no space left" in text:
        show("磁碟空間不足。 The disk is full.")
    elif any(word in text for word in NETWORK):
        show("無法連上套件庫：請檢查網絡、代理（HTTPS_PROXY）或 pip 設定後再試。")
        show("The package index cannot be reached: check the network, the proxy (HTTPS_PROXY)")
        show("or pip's configuration, and start again; what was downloaded is kept.")
    else:
        show("安裝套件失敗。 Installing the packages failed.")
    for line in [line for line in output if "ERROR" in line][-5:] or output[-5:]:
        show(f"  {line}")
    show(f"  → {log}")


def install(lock: Path, venv: Path) -> int:
    total = len(PACKAGE.findall(lock.read_text(encoding="utf-8")))
    show(f"安裝 {total} 個套件（首次需要下載，約一兩分鐘）……")
    show(f"Installing {total} packages from {lock.name} (the first time downloads them) …")
    began = time.monotonic()
    log = venv / "install.log"
    output: list[str] = []
    done = 0
    environment = {**os.environ, "PYTHONUTF8": "1"}
    environment.pop("PIP_REQUIRE_VIRTUALENV", None)
    environment.pop("PIP_USER", None)
    with (
        subprocess.Popen(
            command(lock),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env=environment,
        ) as pip,
        log.open("w", encoding="utf-8") as kept,
    ):
        for line in pip.stdout or ():
            kept.write(line)
            output.append(line.rstrip())
            found = SEEN.match(line)
            if found:
                done += 1
                show_progress(min(done, total), total, found[1])
            elif line.startswith("Installing collected"):
                show_progress(total, total, "…")
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if pip.returncode:
        explain(output, log)
        return 1
    show(
        f"完成，用時 {time.monotonic() - began:.0f} 秒。 Done in {time.monotonic() - began:.0f} s."
    )
    return 0


def stamp(lock: Path, venv: Path) -> None:
    """Leave a copy of the lock as the sign that everything in it is there; the last step."""
    names = [lock.name, *filter(None, [OTHER_LOCK.get(lock.name)])]
    for name in names:
        draft = venv / f"{name}.new"
        shutil.copyfile(lock.with_name(name), draft)
        draft.replace(venv / name)


def main() -> int:
    lock, venv = Path(sys.argv[1]), Path(sys.argv[2])
    for old in OTHER_LOCK.keys() | OTHER_LOCK.values():
        (venv / old).unlink(missing_ok=True)
    try:
        code = install(lock, venv)
    except KeyboardInterrupt:
        show("\n已中斷；再次啟動會繼續。 Interrupted; the next start continues.")
        return 130
    if code == 0:
        stamp(lock, venv)
    return code


if __name__ == "__main__":
    sys.exit(main())
