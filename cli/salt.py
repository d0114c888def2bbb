"""The `encryptionsalt` line of a stack file whose passphrase is ours.

Pulumi writes that line into the stack file at the first use of a stack. The local stack's file is shared by
everybody, its passphrase is each host's own: so the line is added before a run, replaced when it was made
with another host's (or a lost) passphrase, and removed again.
"""

import base64
import os
import re
from hashlib import pbkdf2_hmac
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hybrid_mesh.cli.errors import CommandError

KEY = "encryptionsalt:"
ROUNDS = 1_000_000


def new_salt(passphrase: str) -> str:
    """A salt that Pulumi accepts for `passphrase`.

    Source: NewPassphraseSecretsManager in pulumi/pkg/v3/secrets/passphrase/manager.go and the symmetric
    crypter in pulumi/sdk/v3/go/common/resource/config/crypt.go: PBKDF2 with SHA-256, 1,000,000 rounds;
    AES-256-GCM of `pulumi`.
    """
    salt, nonce = os.urandom(8), os.urandom(12)
    key = pbkdf2_hmac("sha256", passphrase.encode(), salt, ROUNDS, 32)
    proof = AESGCM(key).encrypt(nonce, b"pulumi", None)
    return "v1:" + ":v1:".join([_text(salt), f"{_text(nonce)}:{_text(proof)}"])


def ensure_salt(stack_file: Path, passphrase_file: Path) -> str | None:
    """Makes the file's salt that of our passphrase. Returns the salt that was there instead, if one was.

    A file with secrets in it is left as it is: they need the passphrase that they were made with. Raises
    CommandError when the file cannot be written.
    """
    record = _record(passphrase_file)
    if not record.exists():
        record.touch(mode=0o600)
        record.write_text(new_salt(passphrase_file.read_text().strip()))
    ours, text = record.read_text(), stack_file.read_text()
    found = _find(text)
    if found == ours or _has_secrets(text):
        return None
    try:
        stack_file.write_text(f"{without_salt(text)}{KEY} {ours}\n")
    except OSError as error:
        raise CommandError(
            f"{stack_file} cannot be written: {error.strerror}.",
            "Pulumi keeps a line `encryptionsalt` in it: make it writable, or work in a copy of the project.",
        ) from None
    return found


def _record(passphrase_file: Path) -> Path:
    """Where our salt is kept."""
    return passphrase_file.with_name(f"{passphrase_file.name}.salt")


def has_salt(stack_file: Path, passphrase_file: Path) -> bool:
    """Whether the file has the salt of our passphrase."""
    record = _record(passphrase_file)
    return stack_file.exists() and record.exists() and _find(stack_file.read_text()) == record.read_text()


def remove_salt(stack_file: Path, passphrase_file: Path) -> None:
    """Takes our salt out of the file again, which is then as it was before the first up."""
    if has_salt(stack_file, passphrase_file) and not _has_secrets(text := stack_file.read_text()):
        stack_file.write_text(without_salt(text))


def _find(text: str) -> str | None:
    return next((line.removeprefix(KEY).strip() for line in text.splitlines() if line.startswith(KEY)), None)


def without_salt(text: str) -> str:
    """The text of a stack file but for the line with the salt."""
    kept = "\n".join(line for line in text.splitlines() if not line.startswith(KEY))
    return f"{kept}\n" if kept else ""


def _has_secrets(text: str) -> bool:
    return re.search(r"^[^#]*\bsecure:", text, re.MULTILINE) is not None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
