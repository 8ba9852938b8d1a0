"""Who a session works as, and what lasts until its transaction ends.

    connect(user="ann")                       login ann, user ann
    SET SESSION AUTHORIZATION bob             login ann, user bob     (ann must be a superuser)
    SET LOCAL SESSION AUTHORIZATION carol     user carol until COMMIT or ROLLBACK
"""

from __future__ import annotations

import re
from collections.abc import Callable
from weakref import WeakKeyDictionary

from ..errors import OperationalError
from ..patterns import pattern
from ..storage.access.principals import SYSTEM_ID, User
from ..storage.database import Database

_logins: WeakKeyDictionary[Identity, Database] = WeakKeyDictionary()


class Identity:
    """See the module's text."""

    def __init__(self, login: str) -> None:
        self.login = login
        self.user = login
        self._undo: list[Callable[[], None]] = []

    def become(self, user: str, *, local: bool) -> None:
        """Go on as another user; `local`: until the transaction ends."""
        before, self.user = self.user, user
        if local:
            self.until_end(lambda: setattr(self, "user", before))

    def until_end(self, undo: Callable[[], None]) -> None:
        """Call `undo` when the transaction ends."""
        self._undo.append(undo)

    def transaction_ended(self) -> None:
        while self._undo:
            self._undo.pop()()


def admit(login: str, database: Database) -> tuple[Identity, User]:
    """A new session's identity; OperationalError when the database does not know the user, or its limit is reached."""
    user = database.newest.facts.directory.user(login)
    if user is None or user.id == SYSTEM_ID:
        raise OperationalError(f'user "{login}" does not exist', sqlstate="28000",
                               hint="A superuser makes users by CREATE USER.")
    limit = user.connection_limit
    if limit is not None and sum(i.login == login for i, d in _logins.items() if d is database) >= limit:
        raise OperationalError(f'too many connections for user "{login}"', sqlstate="53300")
    identity = Identity(login)
    _logins[identity] = database
    return identity, user


def leave(identity: Identity) -> None:
    """The session is closed."""
    _logins.pop(identity, None)


_TEXT = r"('(?:[^'\\]|\\.|'')*')"
_PASSWORD = pattern(r"(\bpassword\s+)" + _TEXT, re.IGNORECASE)
_KEYS = pattern(
    r"(\b(?:credentials|access_key_id|secret_access_key|session_token|master_symmetric_key)\s+(?:as\s+)?)" + _TEXT,
    re.IGNORECASE,
)
# What to leave out of a statement's text, by its kind.
_SECRETS = {
    "CreateUser": _PASSWORD, "AlterUser": _PASSWORD, "Copy": _KEYS, "CreateCopyJob": _KEYS, "Unload": _KEYS,
}  # fmt: skip


def without_secrets(text: str, kind: str) -> str:
    """A statement's text for the history: passwords and keys are left out."""
    secret = _SECRETS.get(kind)
    return text if secret is None else secret.sub(r"\1'***'", text)
