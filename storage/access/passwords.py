"""What is kept of a password: digests from which a server can check it, never the password (r_CREATE_USER).

    'Secret123'                     {"sha256": digest of password and salt, "salt": ..., "scram": verifier}
    'md5...', 'sha256|digest|salt'  taken as given

In the process nobody is asked for a password; a server in front of it will.
"""
from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from ...errors import ProgrammingError

_MD5 = re.compile(r"md5[0-9a-f]{32}\Z")
_SHA256 = re.compile(r"sha256\|([0-9a-fA-F]{64})(?:\|([!-~]*))?\Z")
_SCRAM_ROUNDS = 4096
_FORBIDDEN = frozenset("'\"\\/@ ")


def kept(password: str) -> dict[str, str]:
    """The digests of a password given in clear text or as one of the documented hashes."""
    if _MD5.match(password):
        return {"md5": password[3:]}
    if (found := _SHA256.match(password)) is not None:
        return {"sha256": found[1].lower(), "salt": found[2] or ""}
    _check(password)
    salt = secrets.token_hex(16)
    digest = hashlib.sha256((password + salt).encode()).hexdigest()
    return {"sha256": digest, "salt": salt, "scram": _scram(password)}


def _scram(password: str) -> str:
    """PostgreSQL's form of a SCRAM-SHA-256 verifier."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(part).decode() for part in (salt, client, server)]
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{text[0]}${text[1]}:{text[2]}"


def _check(password: str) -> None:
    problem = None
    if not 8 <= len(password) <= 64:
        problem = "it must be 8 to 64 characters in length"
    elif not (re.search("[A-Z]", password) and re.search("[a-z]", password) and re.search("[0-9]", password)):
        problem = "it must contain at least one upper case letter, one lower case letter, and one number"
    elif any(c in _FORBIDDEN or not "!" <= c <= "~" for c in password):
        problem = "it may contain the ASCII characters 33 to 126, except ' \" \\ / and @"
    if problem is not None:
        raise ProgrammingError(f"invalid password: {problem}", sqlstate="28P01")
