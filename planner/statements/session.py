"""SET, RESET, SHOW and transactions."""
from __future__ import annotations

from ...errors import NotSupportedError, SqlSyntaxError
from ...storage.dateparts import interval
from . import AlterSystem, CancelQuery, Lock, SetOption, SetUser, Show, ShowObjects, Transaction
from .cursor import Cursor
from .show import parse_show_objects


def parse_set(cursor: Cursor) -> SetOption | SetUser:
    """What follows SET: [LOCAL] SESSION AUTHORIZATION user, or
    [SESSION|LOCAL] name { TO | = } value, ... | DEFAULT; TIME ZONE value."""
    local = cursor.accept("local")
    if not local and not cursor.at("session", "authorization"):
        cursor.accept("session")
    if cursor.accept("session", "authorization"):
        user = None if cursor.accept("default") else cursor.user()
        cursor.finish()
        return SetUser(user, local)
    if cursor.accept("time", "zone"):
        name = "timezone"
    elif cursor.at("timezone", "interval"):
        name = dotted(cursor)
    elif cursor.at("role"):
        raise NotSupportedError("SET ROLE is not supported by Redshift: a user has all of its roles at once",
                                position=cursor.position)
    elif cursor.at("transaction"):
        raise NotSupportedError("SET TRANSACTION is not supported yet", position=cursor.position)
    else:
        name = dotted(cursor)
        if not cursor.accept("to"):
            cursor.expect("=")
    if cursor.accept("default"):
        cursor.finish()
        return SetOption(name, None, local)
    if name == "timezone" and cursor.accept("interval"):
        value = _distance(cursor)
    else:
        value = ", ".join(cursor.list_of(lambda: _value(cursor)))
    cursor.finish()
    return SetOption(name, value, local)


def _value(cursor: Cursor) -> str:
    """A string, a number, or a bare word (a quoted identifier keeps its quotes)."""
    if cursor.at_string():
        return cursor.string()
    if cursor.at_number() or cursor.at_any("-", "+", "."):
        sign = "-" if cursor.accept("-") else ""
        cursor.accept("+")
        return sign + ("0." if cursor.accept(".") else "") + cursor.next().text
    token = cursor.token
    cursor.any_word()
    assert token is not None
    quoted = cursor.text[token.start] == '"'
    return f'"{token.text}"' if quoted else token.text


def _distance(cursor: Cursor) -> str:
    """INTERVAL '-8 hours' as the distance from UTC, +hh:mm."""
    position = cursor.position
    months, micros = interval(cursor.string(), None, position)
    minutes = abs(micros) // 60_000_000
    if months or micros % 60_000_000:
        raise SqlSyntaxError("a time zone's interval has hours and minutes only", position=position, sqlstate="22023")
    return f"{'-' if micros < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def dotted(cursor: Cursor) -> str:
    """A parameter's name, which may have a dot."""
    name = cursor.any_word()
    while cursor.accept("."):
        name += "." + cursor.any_word()
    return name


def parse_reset(cursor: Cursor) -> SetOption | SetUser:
    """What follows RESET; RESET ALL is the option 'all'."""
    if cursor.accept("session", "authorization"):
        cursor.finish()
        return SetUser(None)
    name = "timezone" if cursor.accept("time", "zone") else dotted(cursor)
    cursor.finish()
    return SetOption(name, None)


def parse_alter_system(cursor: Cursor) -> AlterSystem:
    """What follows ALTER SYSTEM: SET name TO | = 'value', or RESET name. Redshift has it for other parameters."""
    if cursor.accept("reset"):
        name = dotted(cursor)
        cursor.finish()
        return AlterSystem(name, None)
    cursor.expect("set")
    name = dotted(cursor)
    if not cursor.accept("to"):
        cursor.expect("=")
    value = None if cursor.accept("default") else cursor.string()
    cursor.finish()
    return AlterSystem(name, value)


def parse_show(cursor: Cursor) -> Show | ShowObjects:
    """What follows SHOW: a parameter, ALL, or what show.py reads."""
    if cursor.accept("all"):
        cursor.finish()
        return Show("ALL")
    if cursor.accept("time", "zone"):
        cursor.finish()
        return Show("timezone")
    if cursor.accept("transaction", "isolation", "level"):
        cursor.finish()
        return Show("transaction_isolation")
    found = parse_show_objects(cursor)
    if found is not None:
        return found
    name = dotted(cursor)
    cursor.finish()
    return Show(name)


def parse_cancel(cursor: Cursor) -> CancelQuery:
    """What follows CANCEL (r_CANCEL.md)."""
    session = cursor.integer()
    message = None if cursor.done else cursor.string()
    cursor.finish()
    return CancelQuery(session, message)


def parse_lock(cursor: Cursor) -> Lock:
    """[ TABLE ] name [, ...]"""
    cursor.accept("table")
    tables = tuple(cursor.list_of(cursor.relation))
    cursor.finish()
    return Lock(tables)


def parse_transaction(cursor: Cursor, word: str) -> Transaction:
    """What follows BEGIN, START, COMMIT, END, ROLLBACK, ABORT."""
    if word == "START":
        cursor.expect("transaction")
    else:
        cursor.accept_any("work", "transaction")
    if word in ("BEGIN", "START"):
        _modes(cursor)
    cursor.finish()
    action = {"BEGIN": "begin", "START": "begin", "COMMIT": "commit", "END": "commit"}.get(word, "rollback")
    return Transaction(action)


def _modes(cursor: Cursor) -> None:
    """ISOLATION LEVEL ..., READ WRITE | READ ONLY. All levels mean SERIALIZABLE, as in Redshift."""
    while not cursor.done:
        if cursor.accept("isolation", "level"):
            if not (cursor.accept("serializable") or cursor.accept("repeatable", "read")
                    or cursor.accept("read", "committed") or cursor.accept("read", "uncommitted")):
                raise cursor.error()
        elif cursor.at("read", "only"):
            raise NotSupportedError("READ ONLY transactions are not supported yet", position=cursor.position)
        else:
            cursor.expect("read", "write")
        cursor.accept(",")
