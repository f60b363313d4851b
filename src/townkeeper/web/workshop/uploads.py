"""Files that a person has sent and not yet done anything with, in a folder of their own."""

import re
import uuid
from pathlib import Path
from typing import Any

from django.http import Http404

from townkeeper.accounts.models import User
from townkeeper.jobs.uploads import uploads_root

TOKEN = re.compile(r"^[0-9a-f]{32}$")
NAME = re.compile(r"[^\w.() -]+")
LONGEST = 120


def keep_upload(file: Any, *, user: User, name: str = "") -> str:  # noqa: ANN401 - an uploaded file
    """Store an uploaded file under a new token and return the token."""
    token = uuid.uuid4().hex
    folder = folder_for(user, token, made=True)
    with (folder / (name or safe_name(file.name))).open("wb") as stream:
        for chunk in file.chunks():
            stream.write(chunk)
    return token


def safe_name(name: str) -> str:
    """Return a file's name without anything that leads elsewhere."""
    plain = NAME.sub("_", Path(name.replace("\\", "/")).name).strip(". ")
    return plain[-LONGEST:] or "file"


def folder_for(user: User, token: str, *, made: bool = False) -> Path:
    """Return the folder of one upload of one person; absent and another's answer alike (404)."""
    if not TOKEN.match(token):
        raise Http404
    folder = uploads_root() / str(user.pk) / token
    if made:
        folder.mkdir(parents=True)
    elif not folder.is_dir():
        raise Http404
    return folder


def the_file(folder: Path) -> Path:
    """Return the one file that was sent; 404 where it has gone."""
    found = next((path for path in sorted(folder.iterdir()) if path.name != "mapping.yaml"), None)
    if found is None:
        raise Http404
    return found


def token_of(user: User, file: str) -> str:
    """Return the token of the upload that a file lies in; empty if gone, or another's."""
    folder = Path(file).parent
    mine = folder.parent == uploads_root() / str(user.pk) and TOKEN.match(folder.name)
    return folder.name if mine and folder.is_dir() else ""
