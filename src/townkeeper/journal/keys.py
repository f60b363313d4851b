"""The installation's signing key: made once, kept in the home folder, readable by its owner only.

Ed25519 (RFC 8032). A key's id is the first 16 hexadecimal digits of the SHA-256 of its 32 bytes of
public key, so that an id cannot be given to another key. Replacing a key means moving the old
`signing.pem` away; its `.pub` stays, so that what it signed can still be told from a forgery.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature with what is needed to check it."""

    key_id: str
    public_key: str
    """32 bytes in hexadecimal."""
    value: str
    """64 bytes in hexadecimal."""


def key_folder() -> Path:
    """Return the folder of this installation's keys."""
    folder = Path(settings.HOME) / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def sign(data: bytes) -> Signature:
    """Sign with the installation's key, which is made at the first use."""
    key = _private_key(key_folder())
    public = key.public_key().public_bytes_raw()
    return Signature(key_id_of(public), public.hex(), key.sign(data).hex())


def is_signed(data: bytes, *, signature: str, public_key: str) -> bool:
    """Whether a signature fits data and key; malformed ones do not."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        public.verify(bytes.fromhex(signature), data)
    except (ValueError, InvalidSignature):
        return False
    return True


def key_id_of(public: bytes) -> str:
    """Return the id of a public key."""
    return hashlib.sha256(public).hexdigest()[:ID_LENGTH]


def known_keys() -> dict[str, str]:
    """Return id → public key of every key that this installation has ever signed with."""
    return {path.stem: path.read_text().strip() for path in sorted(key_folder().glob("*.pub"))}


def _private_key(folder: Path) -> Ed25519PrivateKey:
    path = folder / "signing.pem"
    if not path.exists():
        _make(folder, path)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        msg = f"{path} is not an Ed25519 key"
        raise TypeError(msg)
    return key


def _make(folder: Path, path: Path) -> None:
    """Write a new key pair; if two processes do so at once, the first one's counts."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    draft = folder / f"signing.{os.getpid()}.tmp"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        os.link(draft, path)
        (folder / f"{key_id_of(public)}.pub").write_text(public.hex() + "\n")
    except FileExistsError:
        pass
    finally:
        draft.unlink()
