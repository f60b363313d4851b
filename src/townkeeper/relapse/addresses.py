"""When two addresses are the same: written differently, meant alike."""

import re
import unicodedata
from hashlib import blake2b

NOISE = re.compile(r"[\W_]+")
NUMBER = re.compile(r"\d")
IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")
SHORTEST = 6
"""Letters that a name without digits needs in an alphabet; two ideographs say as much."""
SHORTEST_IDEOGRAPHS = 2


def address_key(text: str) -> str:
    """Return the address without case, width, spaces and marks; empty where it names no place.

    `１２３ Main St.` and `123 main st` are one address. Nothing is translated or corrected: two
    spellings of one street stay two.
    """
    key = NOISE.sub("", unicodedata.normalize("NFKC", text).casefold())
    if NUMBER.search(key):
        return key if len(key) > 1 and not key.isdigit() else ""
    if IDEOGRAPH.search(key):
        return key if len(key) >= SHORTEST_IDEOGRAPHS else ""
    return key if len(key) >= SHORTEST else ""


def address_hash(key: str) -> int:
    """Return 63 bits that stand for a key; 0 for none."""
    if not key:
        return 0
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 1) or 1
