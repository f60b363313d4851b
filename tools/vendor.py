"""Fetch the third-party browser files of vendor.lock.json: users need neither npm nor a CDN.

`python tools/vendor.py` downloads each npm tarball (sha512 checked against the lock), takes the
files named there and writes them beside our own static files. `--check` compares the committed
files with the lock without any network. Icons are drawn from the Lucide set into one sprite.
"""

import argparse
import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).with_name("vendor.lock.json")
STATIC = Path(__file__).parents[1] / "src" / "townkeeper" / "web" / "static" / "townkeeper"
# ManifestStaticFilesStorage stops at a source map that is not shipped.
SOURCE_MAP = re.compile(rb"\n?(//# sourceMappingURL=.*|/\*# sourceMappingURL=.*?\*/)\s*$")
LAYER = b"@layer vendor {\n%s}\n"
"""Our own rules go before those of others; a linked sheet cannot be given a layer."""
SYMBOL = (
    '<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
    ' stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def download(name: str, version: str) -> bytes:
    """Return the npm tarball as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", "--pack-destination", folder, f"{name}@{version}"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return next(Path(folder).glob("*.tgz")).read_bytes()


def read_member(tar: tarfile.TarFile, path: str) -> bytes:
    member = tar.extractfile(f"package/{path}")
    if member is None:
        msg = f"{path} is not a file in the package"
        raise SystemExit(msg)
    return member.read()


def draw_sprite(tar: tarfile.TarFile, names: list[str]) -> bytes:
    """Join the named icons into one SVG of symbols."""
    symbols = []
    for name in names:
        svg = read_member(tar, f"icons/{name}.svg").decode()
        svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
        found = re.search(r"<svg[^>]*>(.*)</svg>", svg, flags=re.DOTALL)
        body = re.sub(r"\s+", " ", found.group(1)).strip() if found else ""
        symbols.append(SYMBOL.format(name=name, body=body))
    lines = ['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""]
    return "\n".join(lines).encode()


def fetch(package: dict[str, Any]) -> None:
    """Download one package and write its files; the lock entry receives the sums."""
    tarball = download(package["name"], package["version"])
    digest = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    integrity = f"sha512-{digest}"
    if package.get("integrity") not in {None, integrity}:
        sys.exit(f"{package['name']}: the tarball differs from the lock")
    package["integrity"] = integrity
    package["sha256"] = {}
    with tarfile.open(fileobj=io.BytesIO(tarball)) as tar:
        for source, target in package["files"].items():
            data = read_member(tar, source)
            if target.endswith((".js", ".css")):
                data = SOURCE_MAP.sub(b"\n", data)
            if target.endswith(".css"):
                data = LAYER % data
            write(package, target, data)
        if "sprite" in package:
            write(package, package["sprite"], draw_sprite(tar, package["symbols"]))


def write(package: dict[str, Any], target: str, data: bytes) -> None:
    path = STATIC / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    package["sha256"][target] = sha256(data)


def changed(lock: dict[str, Any]) -> list[str]:
    """Name the committed files that are missing or differ from the lock."""
    return [
        target
        for package in lock["packages"]
        for target, digest in package["sha256"].items()
        if not (STATIC / target).is_file() or sha256((STATIC / target).read_bytes()) != digest
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="compare files with the lock, offline")
    lock = json.loads(LOCK.read_text())
    if parser.parse_args().check:
        bad = changed(lock)
        sys.exit("changed: " + ", ".join(bad) if bad else 0)
    for package in lock["packages"]:
        fetch(package)
    LOCK.write_text(json.dumps(lock, indent=1) + "\n")
    print("written:", sum(len(package["sha256"]) for package in lock["packages"]), "files")


if __name__ == "__main__":
    main()
