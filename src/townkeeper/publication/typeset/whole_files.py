"""Writes a file whole or not at all, and says in words why it could not."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from townkeeper.kit.errors import Problem

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; rename it onto `path` when all went well."""
    try:
        handle, name = tempfile.mkstemp(path.suffix, f".{path.stem[:80]}.", path.parent)
        os.close(handle)
    except OSError as error:
        raise unwritable(path, error) from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> Problem:
    """Return the problem that a failed write is to a person."""
    if error.errno in FULL:
        return Problem(
            "file-full",
            _("The disk is full; the file was not written."),
            where=str(path),
            hint=_("Free some space and make the document again."),
        )
    return Problem(
        "file-unwritable",
        _("The file cannot be written: %(reason)s.") % {"reason": error.strerror or error},
        where=str(path),
        hint=_("Check that the folder exists and that this program may write into it."),
    )
