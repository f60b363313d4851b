#!/usr/bin/env python3
"""Check a history that Townkeeper gave out, off line, with nothing but Python and the public key.

    python3 verify_history.py HISTORY.json --key PUBLIC_KEY
    python3 verify_history.py HISTORY.json --key public_key.txt

It checks that the entries follow from each other (SHA-256), that they lie under the seals that the
file names (hash tree of RFC 6962), and that the seals were signed (Ed25519, RFC 8032) with the key
that you got from the office by another way than this file. 核對一宗案件的歷史：離線，只需公鑰。

Exit code 0: everything holds. 1: something does not, and which. 2: the file cannot be read.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FORMAT = "townkeeper-history-1"

# --- Ed25519, as RFC 8032 section 5.1 writes it; only checking, which needs no secret ---
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def _add(a: Point, b: Point) -> Point:
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)


def _times(factor: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, point)
        point, factor = _add(point, point), factor >> 1
    return total


def _same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def _x_of(y: int, sign: int) -> int | None:
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x % 2 != sign else x


def _point(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = _x_of(BASE_Y, 0) or 0
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is the key's over `message`."""
    if len(public) != 32 or len(signature) != 64:  # noqa: PLR2004
        return False
    key, start = _point(public), _point(signature[:32])
    value = int.from_bytes(signature[32:], "little")
    if key is None or start is None or value >= L:
        return False
    mark = hashlib.sha512(signature[:32] + public + message).digest()
    factor = int.from_bytes(mark, "little") % L
    return _same(_times(value, BASE), _add(start, _times(factor, key)))


# --- the chain of one history ---


def entry_hash(previous: bytes, entry: dict[str, Any]) -> bytes:
    """Return the hash that an entry must carry after `previous`."""
    names = ("subject", "seq", "time", "actor", "act", "origin", "data")
    line = "\n".join(str(entry[name]) for name in names)
    return hashlib.sha256(previous + line.encode()).digest()


def chain_findings(history: dict[str, Any]) -> Iterator[str]:
    """Yield where the entries do not follow from each other."""
    previous = bytes(32)
    for place, entry in enumerate(history["entries"], start=1):
        if entry["subject"] != history["subject"] or entry["seq"] != place:
            yield f"entry {place}: it is not the next one of this history"
        if entry_hash(previous, entry).hex() != entry["hash"]:
            yield f"entry {place}: changed after it was written"
        previous = bytes.fromhex(entry["hash"])


# --- the seals over it ---


def root_from(entry: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root that an entry and its sisters lead to (RFC 6962, section 2.1.1)."""
    if not 0 <= index < size:
        return None
    node, last, left = hashlib.sha256(b"\x00" + entry).digest(), size - 1, list(path)
    while last:
        if index % 2 or index < last:
            if not left:
                return None
            sister = left.pop(0)
            pair = sister + node if index % 2 else node + sister
            node = hashlib.sha256(b"\x01" + pair).digest()
        index, last = index // 2, last // 2
    return None if left else node


def seal_findings(history: dict[str, Any], keys: list[bytes]) -> Iterator[str]:
    """Yield which seals none of the keys has signed, or do not follow from each other."""
    before: dict[str, Any] | None = None
    for seal in history["seals"]:
        said = json.loads(seal["statement"])
        number = said["number"]
        message, signature = seal["statement"].encode(), bytes.fromhex(seal["signature"])
        if not any(is_signed(key, message, signature) for key in keys):
            yield f"seal {number}: not signed with this key"
        if before is not None and said["number"] == before["number"] + 1:
            digest = hashlib.sha256(before["text"].encode()).hexdigest()
            if said["previous"] != digest:
                yield f"seal {number}: does not follow from seal {number - 1}"
        before = {"number": number, "text": seal["statement"]}


def proof_findings(history: dict[str, Any]) -> Iterator[str]:
    """Yield which entries do not lie under the seal that is said to cover them."""
    statements = {(s := json.loads(seal["statement"]))["number"]: s for seal in history["seals"]}
    for entry in history["entries"]:
        proof = entry.get("proof")
        if proof is None:
            continue
        seal = statements.get(proof["seal"])
        if seal is None:
            yield f"entry {entry['seq']}: its seal {proof['seal']} is not in the file"
            continue
        path = [bytes.fromhex(sister) for sister in proof["path"]]
        root = root_from(bytes.fromhex(entry["hash"]), proof["index"], seal["count"], path)
        if root is None or root.hex() != seal["root"]:
            yield f"entry {entry['seq']}: does not lie under seal {proof['seal']}"


def findings(history: dict[str, Any], keys: list[bytes]) -> list[str]:
    """Return everything that is wrong with a history; nothing if all is well."""
    if history.get("format") != FORMAT:
        return [f"the file has the format {history.get('format')!r}, not {FORMAT!r}"]
    if not history["entries"]:
        return ["the file has no entries"]
    return [
        *chain_findings(history),
        *seal_findings(history, keys),
        *proof_findings(history),
    ]


def _key(text: str) -> bytes:
    path = Path(text)
    return bytes.fromhex(path.read_text().split()[0] if path.is_file() else text.strip())


def main(arguments: list[str] | None = None) -> int:
    """Check a file and say what was found."""
    parser = argparse.ArgumentParser(description="Check a history that Townkeeper gave out.")
    parser.add_argument("history", type=Path)
    told = "public key: 64 hexadecimal digits, or a file; again where the office changed its key"
    parser.add_argument("--key", required=True, action="append", help=told)
    given = parser.parse_args(arguments)
    say = sys.stdout.write
    try:
        history = json.loads(given.history.read_text("utf-8"))
        found = findings(history, [_key(text) for text in given.key])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        say(f"cannot be read: {type(error).__name__}: {error}\n")
        return 2
    for line in found:
        say(line + "\n")
    entries = history.get("entries", [])
    sealed = [entry for entry in entries if entry.get("proof")]
    say(f"{history.get('subject')}: {len(entries)} entries, {len(sealed)} under a seal\n")
    if len(sealed) < len(entries):
        say(f"the last {len(entries) - len(sealed)} were not sealed yet when the file was made\n")
    say("does NOT hold 不符\n" if found else "everything holds 相符\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
