"""Clauses that COPY and UNLOAD have in common."""
from __future__ import annotations

from ...errors import ProgrammingError
from .cursor import Cursor

_KEYS = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")


def authorization(cursor: Cursor, into: dict[str, str]) -> bool:
    """Read one clause that says who may read or write, or where; False when the present word begins none.
    storage/objects/options.py honours them."""
    if cursor.at("with", "credentials"):
        cursor.next()
    position = cursor.position
    word = cursor.accept_any("IAM_ROLE", "CREDENTIALS", "REGION", *_KEYS)
    if word is None:
        return False
    if word in into:
        raise ProgrammingError(f"{word} is given twice", position=position)
    if word == "IAM_ROLE" and cursor.accept("default"):
        into[word] = "default"
    else:
        cursor.accept("as")
        into[word] = cursor.string()
    ways = [w for w in ("IAM_ROLE", "CREDENTIALS") if w in into] + [w for w in _KEYS if w in into][:1]
    if len(ways) > 1:
        raise ProgrammingError(f"{ways[0]} cannot be used with {ways[1]}", position=position)
    return True


def null_string(cursor: Cursor) -> str:
    r"""NULL's argument: '\N' means itself, though a backslash before N means nothing in other texts."""
    token, text = cursor.token, cursor.string()
    if token is not None and cursor.text[token.start : token.end + 1] == r"'\N'":
        return r"\N"
    return text
