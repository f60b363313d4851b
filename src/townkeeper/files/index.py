"""Finds stored pictures that look like a given one, among a million, without asking the database.

Each process keeps all fingerprints in memory, 40 bytes a photo, and compares with every one of
them: on 256 bits that is faster than any index of the database, and needs no extension.
"""

import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from townkeeper.files.models import StoredFile
from townkeeper.files.resemblance import BYTES, RADIUS, mirrored

SETTLED: Final = timedelta(minutes=2)
"""Rows younger than this are read anew each time: a transaction that began before them may still
be committed after them, or they may yet be rolled back."""
NEAREST: Final = 12
"""So many are compared in detail; more at once come from a camera that never moves."""
_WORDS: Final = BYTES // 8
_FIRST: Final = 1024

Found = tuple[int, int, bool]
"""(stored file, bits apart, whether mirrored)"""


class FingerprintIndex:
    """All fingerprints of one installation, as far as this process has read them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = np.empty(_FIRST, dtype=np.int64)
        self._marks = np.empty((_WORDS, _FIRST), dtype=np.uint64)
        self._count = 0
        self._read_to = 0
        """The highest id that has been read for good."""

    def __len__(self) -> int:
        return self._count

    def nearest(self, mark: bytes, *, radius: int = RADIUS, limit: int = NEAREST) -> list[Found]:
        """Return the pictures within `radius` bits, the nearest first, mirrored ones too."""
        with self._lock:
            fresh = self._refresh()
            ids, marks = self._ids[: self._count], self._marks[:, : self._count]
        found: dict[int, Found] = {}
        for looked, is_mirrored in ((mark, False), (mirrored(mark), True)):
            for some_ids, some_marks in ((ids, marks), fresh):
                for pk, bits in _within(looked, some_ids, some_marks, radius):
                    if pk not in found or bits < found[pk][1]:
                        found[pk] = (pk, bits, is_mirrored)
        return sorted(found.values(), key=lambda row: (row[1], row[0]))[:limit]

    def _refresh(self) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Take in what has settled since the last time; return what is too young for that."""
        edge = timezone.now() - SETTLED
        rows = (
            StoredFile.objects.filter(pk__gt=self._read_to)
            .order_by("pk")
            .values_list("pk", "fingerprint", "stored_at")
        )
        young: list[tuple[int, bytes]] = []
        old: list[tuple[int, bytes]] = []
        is_settled, read_to = True, self._read_to
        for pk, mark, stored_at in rows.iterator(chunk_size=10_000):
            is_settled = is_settled and stored_at < edge
            if is_settled:
                read_to = pk
            if mark is not None:
                (old if is_settled else young).append((pk, bytes(mark)))
        self._append(*_arrays(old))
        self._read_to = read_to
        return _arrays(young)

    def _append(self, ids: NDArray[np.int64], marks: NDArray[np.uint64]) -> None:
        needed = self._count + len(ids)
        if needed > len(self._ids):
            room = max(needed, 2 * len(self._ids))
            # new arrays, not resized ones: another thread may be reading the old
            grown_ids = np.empty(room, dtype=np.int64)
            grown_marks = np.empty((_WORDS, room), dtype=np.uint64)
            grown_ids[: self._count] = self._ids[: self._count]
            grown_marks[:, : self._count] = self._marks[:, : self._count]
            self._ids, self._marks = grown_ids, grown_marks
        self._ids[self._count : needed] = ids
        self._marks[:, self._count : needed] = marks
        self._count = needed


def _arrays(rows: Iterable[tuple[int, bytes]]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    listed = list(rows)
    ids = np.fromiter((pk for pk, _mark in listed), dtype=np.int64, count=len(listed))
    joined = b"".join(mark for _pk, mark in listed)
    return ids, np.frombuffer(joined, dtype=np.uint64).reshape(-1, _WORDS).T


def _within(
    mark: bytes, ids: NDArray[np.int64], marks: NDArray[np.uint64], radius: int
) -> list[tuple[int, int]]:
    if not len(ids):
        return []
    looked = np.frombuffer(mark, dtype=np.uint64)
    apart = np.zeros(len(ids), dtype=np.uint16)
    for word in range(_WORDS):
        # word by word: what is in between never needs more memory than one word of each
        apart += np.bitwise_count(marks[word] ^ looked[word])
    hits = np.flatnonzero(apart <= radius)
    return [(int(ids[row]), int(apart[row])) for row in hits]


_kept = FingerprintIndex()


def nearest_pictures(mark: bytes) -> list[Found]:
    """Return stored pictures whose fingerprint is near, the nearest first."""
    return _kept.nearest(mark)
