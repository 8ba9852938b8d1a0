"""DELETE, UPDATE and MERGE: what they change, and the query that finds it.

    delete from t using u where t.a = u.a        select <row id of t> from t, u where t.a = u.a
    update t set b = b + 1 where a = 3           select <row id of t> from t where a = 3       b <- b + 1
    merge into t using s on t.a = s.a ...        matched, and not matched:  s, its alias, the condition

The query is put together from the statement's own tokens, so that errors keep their places. The binder gives
a table whose node is marked (`ROW_ID_WANTED`) one more column, the row id (binder/dml.py).
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.tokens import Token

from ...errors import NotSupportedError, SqlSyntaxError
from ..syntax import parse_query, tokenize
from . import Assignment, Delete, Merge, RelationName, Update
from .cursor import Cursor

ROW_ID_WANTED = "row id wanted"


def parse_delete(cursor: Cursor, ctes: list[Token] | None = None) -> Delete:
    """What follows DELETE; `ctes`: the tokens of a WITH clause before it."""
    had_from = cursor.accept("from")
    table, alias, tokens = _target(cursor, "using", "where")
    using: list[Token] = []
    if cursor.at("using"):
        if not had_from:
            raise cursor.error()
        cursor.next()
        using = _until(cursor, "where")
    query = _query(cursor, ctes, tokens, using)
    return Delete(table, alias, query)


def parse_update(cursor: Cursor, ctes: list[Token] | None = None) -> Update:
    """What follows UPDATE."""
    table, alias, tokens = _target(cursor, "set")
    cursor.expect("set")
    assignments = _assignments(cursor, "from", "where")
    sources = _until(cursor, "where") if cursor.accept("from") else []
    query = _query(cursor, ctes, tokens, sources)
    return Update(table, alias, assignments, query)


def parse_merge(cursor: Cursor) -> Merge:
    """What follows MERGE."""
    cursor.expect("into")
    table, alias, tokens = _target(cursor, "using")
    cursor.expect("using")
    if cursor.at("("):
        raise NotSupportedError("the source of MERGE can't be a subquery", position=cursor.position)
    start = cursor.index
    source = cursor.relation()
    source_alias = _alias(cursor, "on")
    source_tokens = list(cursor.tokens[start : cursor.index])
    cursor.expect("on")
    condition = cursor.index
    _until(cursor, "when", "remove")
    on = cursor.expression(condition, cursor.index)
    merge = Merge(table, alias, source, source_alias, on, _select(cursor.text, tokens + _comma() + source_tokens))
    if cursor.accept("remove", "duplicates"):
        cursor.finish()
        return merge
    return _actions(cursor, merge)


def _actions(cursor: Cursor, merge: Merge) -> Merge:
    """WHEN MATCHED ... WHEN NOT MATCHED ..., in either order."""
    delete, update, insert = False, None, None
    columns: tuple[str, ...] = ()
    while cursor.accept("when"):
        position = cursor.position
        if cursor.accept("matched", "then"):
            if delete or update is not None:
                raise SqlSyntaxError("WHEN MATCHED is given twice", position=position)
            delete = cursor.accept("delete")
            if not delete:
                cursor.expect("update", "set")
                update = _assignments(cursor, "when")
        else:
            cursor.expect("not", "matched", "then", "insert")
            if insert is not None:
                raise SqlSyntaxError("WHEN NOT MATCHED is given twice", position=position)
            columns = cursor.names() if cursor.at("(") else ()
            cursor.expect("values")
            first, end = cursor.group()
            insert = _values(cursor, first, end)
    cursor.finish()
    if insert is None or not (delete or update):
        raise SqlSyntaxError("MERGE needs a WHEN MATCHED and a WHEN NOT MATCHED clause, or REMOVE DUPLICATES")
    return merge.acting(update, columns, insert)


# -- pieces ------------------------------------------------------------------------------------------


def _target(cursor: Cursor, *ends: str) -> tuple[RelationName, str | None, list[Token]]:
    """table [[AS] alias], and its tokens."""
    start = cursor.index
    table = cursor.relation()
    alias = _alias(cursor, *ends)
    return table, alias, list(cursor.tokens[start : cursor.index])


def _alias(cursor: Cursor, *ends: str) -> str | None:
    if cursor.accept("as"):
        return cursor.name()
    return None if cursor.done or any(cursor.at(word) for word in ends) else cursor.name()


def _until(cursor: Cursor, *words: str) -> list[Token]:
    """The tokens up to one of the words outside parentheses, or to the end; at least one."""
    start = cursor.index
    _skip(cursor, words)
    if cursor.index == start:
        raise cursor.error()
    return list(cursor.tokens[start : cursor.index])


def _skip(cursor: Cursor, words: tuple[str, ...]) -> None:
    """Move to the next of `words` outside parentheses and CASE, or to the end."""
    cases = 0
    while not cursor.done and (cases or cursor.word() not in {w.upper() for w in words}):
        if cursor.at("("):
            cursor.group()
            continue
        cases += (cursor.word() == "CASE") - (cursor.word() == "END")
        cursor.next()


def _assignments(cursor: Cursor, *ends: str) -> tuple[Assignment, ...]:
    """column = expression | DEFAULT, ..."""

    def one() -> Assignment:
        position = cursor.position
        column = cursor.name()
        cursor.expect("=")
        start = cursor.index
        _skip(cursor, (",", *ends))
        is_default = cursor.index == start + 1 and cursor.tokens[start].text.upper() == "DEFAULT"
        return Assignment(column, None if is_default else cursor.expression(start, cursor.index), position)

    return cursor.list_of(one)


def _values(cursor: Cursor, first: int, end: int) -> tuple[Any, ...]:
    """The expressions of a VALUES row; None = DEFAULT."""
    inner = Cursor(cursor.tokens[:end], cursor.text, first, cursor.exact_names)

    def one() -> Any:
        start = inner.index
        _skip(inner, (",",))
        is_default = inner.index == start + 1 and inner.tokens[start].text.upper() == "DEFAULT"
        return None if is_default else inner.expression(start, inner.index)

    return inner.list_of(one)


def _comma() -> list[Token]:
    return tokenize(",")


def _query(cursor: Cursor, ctes: list[Token] | None, target: list[Token], sources: list[Token]) -> Any:
    """select 1 from <target> [, sources] [where ...]; the target's node is marked."""
    where = list(cursor.tokens[cursor.index :])
    cursor.index = len(cursor.tokens)
    between = _comma() + sources if sources else []
    return _select(cursor.text, target + between + where, ctes)


def _select(text: str, tokens: list[Token], ctes: list[Token] | None = None) -> exp.Expr:
    tree = parse_query(text, [*(ctes or []), *tokenize("select 1 from"), *tokens])
    if not isinstance(tree, exp.Select) or any(
        tree.args.get(k) for k in ("group", "having", "order", "limit", "offset", "distinct", "qualify")
    ):
        raise SqlSyntaxError("only FROM and WHERE are expected here", position=tokens[0].start)
    tree.args["from_"].this.meta[ROW_ID_WANTED] = True
    return tree
