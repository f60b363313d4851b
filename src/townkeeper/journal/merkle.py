"""The hash tree under a seal: one root for many entries, and short proofs for single ones.

The tree of RFC 6962 (Certificate Transparency, section 2.1; RFC 9162 keeps it): a leaf is
SHA-256(00 ‖ entry hash), a node SHA-256(01 ‖ left ‖ right), an odd last node moves up as it is.
"""

import hashlib
from collections.abc import Iterable, Sequence


def leaf_hash(entry: bytes) -> bytes:
    """Return the leaf for the hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the node over two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def levels(entries: Iterable[bytes]) -> list[list[bytes]]:
    """Return the whole tree, leaves first; one empty level for no entries."""
    tree = [[leaf_hash(entry) for entry in entries]]
    while len(tree[-1]) > 1:
        below = tree[-1]
        above = [node_hash(*below[i : i + 2]) for i in range(0, len(below) - 1, 2)]
        tree.append(above + below[len(below) - len(below) % 2 :])
    return tree


def root_of(entries: Iterable[bytes]) -> bytes:
    """Return the root over entry hashes in their order; SHA-256 of nothing for none."""
    top = levels(entries)[-1]
    return top[0] if top else hashlib.sha256(b"").digest()


def path_in(tree: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """Return the sisters from leaf `index` up to the root: the proof that it is in the tree.

    Errors: IndexError where there is no such leaf.
    """
    if not 0 <= index < len(tree[0]):
        msg = f"leaf {index} of {len(tree[0])}"
        raise IndexError(msg)
    path = []
    for level in tree[:-1]:
        sister = index ^ 1
        if sister < len(level):
            path.append(level[sister])
        index //= 2
    return path


def root_from(entry: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that an entry and its path lead to; None where the path cannot be one."""
    if not 0 <= index < size:
        return None
    node, last, left = leaf_hash(entry), size - 1, list(path)
    while last:
        if index % 2 or index < last:
            if not left:
                return None
            sister = left.pop(0)
            node = node_hash(sister, node) if index % 2 else node_hash(node, sister)
        index, last = index // 2, last // 2
    return None if left else node
