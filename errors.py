"""The one error hierarchy: PEP 249's classes, each with a SQLSTATE and a position where known.

    Exception
    +-- Warning
    +-- Error                        .sqlstate .message .detail .hint .position
        +-- InterfaceError           the interface was misused (closed cursor, bad parameter)
        +-- DatabaseError
            +-- DataError            a value is wrong: overflow, division by zero, bad load row
            +-- OperationalError     the surroundings failed: I/O, memory, cancel, lock
            +-- IntegrityError       NOT NULL violated
            +-- InternalError        a defect of ours; the message says how to report it
            +-- ProgrammingError     the SQL text is wrong: syntax, unknown name, type mismatch
            +-- NotSupportedError    Redshift or this engine refuses it, by name

What a user can cause is never the same class as what only a bug can cause. The leaf classes below
carry their SQLSTATE, so that code raises `UndefinedTable(...)` and never spells a code twice.
Words follow PostgreSQL's and Redshift's messages (`relation "x" does not exist`).
"""
from __future__ import annotations

import errno


class Warning(Exception):
    """An important notice that is not an error (PEP 249)."""


class Error(Exception):
    """Base of all errors. `position` is a 0-based offset into the statement's text."""

    sqlstate = "XX000"

    def __init__(
        self,
        message: str,
        *,
        detail: str | None = None,
        hint: str | None = None,
        position: int | None = None,
        sqlstate: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint
        self.position = position
        if sqlstate is not None:
            self.sqlstate = sqlstate


class InterfaceError(Error):
    """The programming interface was misused."""

    sqlstate = "08000"


class DatabaseError(Error):
    """Base of everything the database itself reports."""


class DataError(DatabaseError):
    """A value is out of range, malformed or otherwise unusable."""

    sqlstate = "22000"


class OperationalError(DatabaseError):
    """Something around the statement failed: files, memory, locks, a cancel."""

    sqlstate = "58000"


class IntegrityError(DatabaseError):
    """A constraint that is enforced was violated."""

    sqlstate = "23000"


class InternalError(DatabaseError):
    """A defect of the engine. Please report the statement and this message."""

    sqlstate = "XX000"


class ProgrammingError(DatabaseError):
    """The statement itself is wrong."""

    sqlstate = "42000"


class NotSupportedError(DatabaseError):
    """The feature is refused by name."""

    sqlstate = "0A000"


# -- the statement is wrong --------------------------------------------------------------------


class SqlSyntaxError(ProgrammingError):
    """The text does not parse."""

    sqlstate = "42601"


class UndefinedTable(ProgrammingError):
    """A relation is not there. `relation`: (schema, name) as they were written, where it was looked for by name."""

    sqlstate = "42P01"
    relation: tuple[str | None, str] | None = None


class PermissionDenied(ProgrammingError):
    """The user has no privilege for what the statement does."""

    sqlstate = "42501"


class UndefinedColumn(ProgrammingError):
    """A column is not there."""

    sqlstate = "42703"


class UndefinedFunction(ProgrammingError):
    """No function (or operator) of that name takes those types."""

    sqlstate = "42883"


class UndefinedObject(ProgrammingError):
    """A schema, user, type or setting is not there."""

    sqlstate = "42704"


class AmbiguousColumn(ProgrammingError):
    """A column name fits more than one relation."""

    sqlstate = "42702"


class DuplicateTable(ProgrammingError):
    """A relation of that name is there already."""

    sqlstate = "42P07"


class DuplicateColumn(ProgrammingError):
    """A column name stands twice."""

    sqlstate = "42701"


class GroupingError(ProgrammingError):
    """A column must appear in GROUP BY or be used in an aggregate."""

    sqlstate = "42803"


class DatatypeMismatch(ProgrammingError):
    """An expression has another type than the place asks for."""

    sqlstate = "42804"


class InvalidDefinition(ProgrammingError):
    """A table's or column's definition is not allowed (encoding, keys, lengths)."""

    sqlstate = "42P16"


class DependentObjects(ProgrammingError):
    """Other objects depend on the one to be dropped."""

    sqlstate = "2BP01"


class CardinalityViolation(ProgrammingError):
    """A scalar subquery returned more than one row."""

    sqlstate = "21000"


# -- a value is wrong --------------------------------------------------------------------------


class NumericOutOfRange(DataError):
    """A number does not fit its type."""

    sqlstate = "22003"


class DivisionByZero(DataError):
    """Division by zero."""

    sqlstate = "22012"


class InvalidText(DataError):
    """Text that cannot be read as a value of the type."""

    sqlstate = "22P02"


class InvalidDatetime(DataError):
    """A date or time field out of range or not readable."""

    sqlstate = "22007"


class StringTooLong(DataError):
    """A string is longer, in bytes, than its column."""

    sqlstate = "22001"


class LoadError(DataError):
    """COPY met a row it cannot load; the message names file, row and column."""

    sqlstate = "22P04"


class NotNullViolation(IntegrityError):
    """A NULL for a NOT NULL column."""

    sqlstate = "23502"


# -- the surroundings failed -------------------------------------------------------------------


class SerializationFailure(OperationalError):
    """The transaction cannot be put into one order with those that ran beside it."""

    sqlstate = "40001"


class QueryCanceled(OperationalError):
    """The user, a timeout or a rule stopped the statement."""

    sqlstate = "57014"


class OutOfMemory(OperationalError):
    """The statement's memory budget does not suffice; the message names the step."""

    sqlstate = "53200"


class DiskFull(OperationalError):
    """No room is left on the disk for what a statement wants to write."""

    sqlstate = "53100"


class FileError(OperationalError):
    """A file could not be read or written."""

    sqlstate = "58030"


def file_failure(text: str, error: OSError) -> DiskFull | FileError:
    """The error for what the system says of a file, in our words."""
    return (DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else FileError)(text)


class FileMissing(OperationalError):
    """A file or folder that a statement or connection names is not there."""

    sqlstate = "58P01"


class NodeLost(OperationalError):
    """A node stopped answering; never raised while all slices are in this process."""

    sqlstate = "57P01"


class DataCorrupted(OperationalError):
    """A checksum or a length on disk is wrong; the message names file and block."""

    sqlstate = "XX001"


class DatabaseInUse(OperationalError):
    """Another process holds the database folder."""

    sqlstate = "55006"


class FormatTooNew(OperationalError):
    """The folder was written by a newer release."""

    sqlstate = "58P02"


class TopologyMismatch(OperationalError):
    """The folder has another number of nodes or slices than asked for."""

    sqlstate = "55000"


class ReadOnly(OperationalError):
    """A write on a read-only connection."""

    sqlstate = "25006"
