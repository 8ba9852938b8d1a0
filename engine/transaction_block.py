"""Which transaction a session's statements are in: one of their own, or an open block.

    autocommit on    select | insert | BEGIN  update  delete  COMMIT | select
    autocommit off            insert          update  commit()          the first statement opens the block

An error inside a block fails it: nothing but its end is accepted then, and the end is a rollback.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import OperationalError
from .session_transaction import SessionTransaction

if TYPE_CHECKING:
    from .cursors import OpenCursor

ABORTED = "current transaction is aborted, commands ignored until end of transaction block"


class TransactionBlock:
    """See the module's text."""

    def __init__(
        self, make: Callable[[bool], SessionTransaction], ended: Callable[[], None] = lambda: None
    ) -> None:
        """`make(single)`: a new transaction; `ended` is called when a block has ended."""
        self.autocommit = True
        self.failed = False
        self._make = make
        self._ended = ended
        self._open: SessionTransaction | None = None
        self.cursor: OpenCursor | None = None  # ends with the block

    @property
    def is_open(self) -> bool:
        return self._open is not None

    @property
    def is_aside(self) -> bool:
        """Whether the next statement is in no block and begins none."""
        return self.autocommit and self._open is None and not self.failed

    def for_statement(self, *, ends: bool = False, apart: bool = False) -> SessionTransaction:
        """The transaction that the next statement runs in; `ends`: it is a statement about transactions itself;
        `apart`: it has one of its own whatever the session does."""
        if apart:
            return self._make(True)
        if ends:
            return self._open or self._make(True)
        if self.failed:
            raise OperationalError(ABORTED, sqlstate="25P02", hint="ROLLBACK ends the transaction.")
        if self._open is None and not self.autocommit:
            self._open = self._make(False)
        return self._open or self._make(True)

    def owns(self, transaction: object) -> bool:
        return transaction is self._open

    def begin(self, *, read_only: bool = False) -> bool:
        """Open a block; False when one is open already."""
        if self._open is not None:
            return False
        self._open = self._make(False)
        self._open.read_only = read_only
        return True

    def fail(self) -> None:
        """A statement in the block ended with an error: what the block changed is gone already."""
        self.close_cursor()
        if self._open is not None:
            self.failed = True
            self._open.rollback()

    def commit(self) -> bool:
        """End the block; False when it had failed and is rolled back."""
        self.close_cursor()
        ended, self._open = self._open, None
        failed, self.failed = self.failed, False
        if ended is not None:
            try:
                if not failed:
                    ended.commit()
            finally:
                self._ended()
        return not failed

    def rollback(self) -> None:
        self.close_cursor()
        ended, self._open = self._open, None
        self.failed = False
        if ended is not None:
            ended.rollback()
            self._ended()

    def close_cursor(self) -> None:
        """End the block's cursor, if one is open."""
        ended, self.cursor = self.cursor, None
        if ended is not None:
            ended.close()
