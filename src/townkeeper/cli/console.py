"""What a command says: results on standard output, everything on the way on standard error."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import east_asian_width

from tqdm import tqdm

from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

_LONG = 2.0
"""Seconds after which a person wants to see progress."""

_quiet = False


@dataclass(frozen=True)
class Outcome:
    """What came out: text for a person, one object for a script, and whether there are findings."""

    data: Mapping[str, object] = field(default_factory=dict)
    text: str = ""
    findings: bool = False

    @property
    def code(self) -> int:
        """Return the exit code: 0 done, 1 done with findings or refused."""
        return 1 if self.findings else 0


def keep_stdout_clean(*, on: bool) -> None:
    """With `--json` whatever is told on the way goes to standard error."""
    global _quiet  # noqa: PLW0603 - one process has one standard output
    _quiet = on


def tell(line: str = "") -> None:
    """Say something on the way, at once."""
    print(line, file=sys.stderr if _quiet else sys.stdout, flush=True)


def note(line: str = "") -> None:
    """Say something about the work itself, always on standard error."""
    print(line, file=sys.stderr, flush=True)


def finish(outcome: Outcome, *, as_json: bool) -> int:
    """Print the outcome as the last thing and return the exit code."""
    if as_json:
        print(json.dumps(outcome.data, ensure_ascii=False, default=str), flush=True)
    elif outcome.text:
        print(outcome.text, flush=True)
    return outcome.code


@contextmanager
def progress(description: str, *, total: int | None = None, unit: str = "") -> Iterator[tqdm]:  # type: ignore[type-arg]
    """Show a bar with its rate on standard error once the work takes longer than two seconds."""
    terminal = sys.stderr.isatty()
    with tqdm(
        total=total,
        desc=description,
        unit=f" {unit}" if unit else "it",
        unit_scale=total is None or total > 10_000,  # noqa: PLR2004 - long figures are shortened
        delay=_LONG,
        mininterval=0.2 if terminal else 5.0,
        file=sys.stderr,
        dynamic_ncols=terminal,
        leave=True,
    ) as bar:
        yield bar


def existing(path: Path, *, folder: bool = False) -> Path:
    """Return the path if it can be read; a Problem says so before any work begins."""
    if (path.is_dir() if folder else path.is_file()) and os.access(path, os.R_OK):
        return path
    if folder:
        raise Problem("no-such-folder", _("There is no such folder."), where=str(path))
    raise Problem("no-such-file", _("There is no such file."), where=str(path))


def table(rows: Sequence[Sequence[object]], head: Sequence[str] = ()) -> str:
    """Return rows as aligned columns; figures stand right, Chinese counts two places."""
    cells = [[_cell(value) for value in row] for row in rows]
    lines = [list(head), *cells] if head else cells
    if not lines:
        return ""
    widths = [max(width(line[i]) for line in lines) for i in range(len(lines[0]))]
    right = [
        bool(rows) and all(isinstance(row[i], int | float) for row in rows)
        for i in range(len(lines[0]))
    ]
    return "\n".join(_line(line, widths, right) for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def _line(line: Iterable[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = []
    for text, size, to_right in zip(line, widths, right, strict=True):
        gap = " " * (size - width(text))
        parts.append(gap + text if to_right else text + gap)
    return "  ".join(parts).rstrip()


def width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
