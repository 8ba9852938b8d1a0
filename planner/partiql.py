"""PartiQL's FROM items and paths, put into words that sqlglot's parser reads.

It knows neither `AT` behind an alias, nor brackets in FROM, nor UNPIVOT before a path; and `array[0]` makes an array
of its own, whatever `array` is. So tokens are changed before it sees them:

    from t, t.a[0].b as x at i        from t, "unnest array"(t.a[0].b, i) as x
    from t, unpivot t.a as v at k     from t, "unnest object"(t.a, k) as v
    f.array[1]                        (f.array)[1]

Plain paths (`from t, t.a x`) look like tables; the binder tells them apart (binder/unnesting.py), as it does all
meaning. The names of the calls hold a blank, so nobody can write them.
"""
from __future__ import annotations

from collections.abc import Sequence

from sqlglot.tokens import Token, TokenType

UNNEST, UNPIVOT = "unnest array", "unnest object"
MARKS = ("AT", "UNPIVOT", "[")  # without one of them nothing of PartiQL stands in a text
_CONSTRUCTORS = ("ARRAY", "LIST")
_ENDS_FROM = frozenset((
    "WHERE", "GROUP", "HAVING", "QUALIFY", "ORDER", "LIMIT", "OFFSET", "UNION", "INTERSECT", "EXCEPT", "MINUS",
    "WINDOW", "FETCH", "START", "CONNECT",
))
_NOT_ALIASES = _ENDS_FROM | {"ON", "USING", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL", "AT", "AS"}


def rewritten(tokens: Sequence[Token]) -> list[Token]:
    """The tokens as the parser wants them; the same list where nothing of PartiQL stands in it."""
    found = list(tokens)
    words = {_word(t) for t in found if len(t.text) <= 7}
    if "AT" in words or "UNPIVOT" in words or ("[" in words and "FROM" in words):
        found = _items(found)
    if "[" in words and not words.isdisjoint(_CONSTRUCTORS):
        found = _parenthesised(found)
    return found


# -- items of FROM -----------------------------------------------------------------------------------


def _items(tokens: list[Token]) -> list[Token]:
    """Calls for the items of FROM that are paths with brackets, AT or UNPIVOT."""
    out: list[Token] = []
    clauses = [""]  # of each open parenthesis: "" before SELECT, then select, from, on, or another
    at = 0
    while at < len(tokens):
        out.append(tokens[at])
        begins = _follow(clauses, tokens[at])
        at += 1
        if begins:
            made, at = _item(tokens, at)
            out.extend(made)
    return out


def _follow(clauses: list[str], token: Token) -> bool:
    """Note what a token does to the clauses around; whether an item of FROM begins behind it."""
    word, clause = _word(token), clauses[-1]
    if token.token_type is TokenType.L_PAREN:
        clauses.append("")
    elif token.token_type is TokenType.R_PAREN and len(clauses) > 1:
        clauses.pop()
    elif word == "SELECT":
        clauses[-1] = "select"
    elif (clause == "select" and word == "FROM") or (clause in ("from", "on") and word in ("JOIN", ",")):
        clauses[-1] = "from"
        return True
    elif clause == "from" and word == "ON":
        clauses[-1] = "on"
    elif clause in ("from", "on") and word in _ENDS_FROM:
        clauses[-1] = "rest"
    return False


def _word(token: Token) -> str:
    """A token that may be a word of SQL; not what stands in quotes."""
    return "" if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER) else token.text.upper()


def _item(tokens: list[Token], start: int) -> tuple[list[Token], int]:
    """(tokens for the item at `start`, or none; where to go on)."""
    unpivot = start < len(tokens) and _word(tokens[start]) == "UNPIVOT"
    first = start + 1 if unpivot else start
    end = _path_end(tokens, first)
    if end == first:
        return [], start
    alias, index, behind = _names(tokens, end)
    brackets = any(t.token_type is TokenType.L_BRACKET for t in tokens[first:end])
    if not (unpivot or brackets or index is not None):
        return [], start
    opening, last = tokens[start], tokens[end - 1]
    made = [
        _token(TokenType.VAR, UNPIVOT if unpivot else UNNEST, opening), _token(TokenType.L_PAREN, "(", opening),
        *_items(tokens[first:end]),
        *((_token(TokenType.COMMA, ",", last), index) if index is not None else ()),
        _token(TokenType.R_PAREN, ")", last), *((alias,) if alias is not None else ()),
    ]
    return made, behind


def _path_end(tokens: list[Token], at: int) -> int:
    """Behind the path that begins at `at`: names with dots and brackets; `at` itself where there is none."""
    if at >= len(tokens) or not _is_name(tokens[at]):
        return at
    at += 1
    while at < len(tokens):
        if tokens[at].token_type is TokenType.DOT and at + 1 < len(tokens):
            at += 2
        elif tokens[at].token_type is TokenType.L_BRACKET:
            depth = 1
            at += 1
            while at < len(tokens) and depth:
                depth += {TokenType.L_BRACKET: 1, TokenType.R_BRACKET: -1}.get(tokens[at].token_type, 0)
                at += 1
        else:
            break
    return at


def _names(tokens: list[Token], at: int) -> tuple[Token | None, Token | None, int]:
    """(alias, name behind AT, where to go on) of `[AS] x [AT i]`, or of `AT i AS x` as PartiQL has it too."""
    alias = index = None
    for _ in range(2):
        word = _word(tokens[at]) if at < len(tokens) else ""
        named = at + 1 < len(tokens) and _is_name(tokens[at + 1])
        if index is None and word == "AT" and named and _word(tokens[at + 1]) != "TIME":
            index, at = tokens[at + 1], at + 2
        elif alias is None and word == "AS" and named:
            alias, at = tokens[at + 1], at + 2
        elif alias is None and at < len(tokens) and _is_name(tokens[at]) and word not in _NOT_ALIASES:
            alias, at = tokens[at], at + 1
    return alias, index, at


def _is_name(token: Token) -> bool:
    return token.token_type is TokenType.IDENTIFIER or (
        token.text.replace("_", "a").replace("$", "a").isalnum() and not token.text[0].isdigit()
        and token.token_type not in (TokenType.STRING, TokenType.NUMBER) and _word(token) != "SELECT"
    )


def _token(kind: TokenType, text: str, place: Token) -> Token:
    return Token(kind, text, place.line, place.col, place.start, place.end)


# -- array[0] ----------------------------------------------------------------------------------------


def _parenthesised(tokens: list[Token]) -> list[Token]:
    """Parentheses round what ends in a name that the parser would take for a constructor before a bracket."""
    out = list(tokens)
    for at in range(len(tokens) - 2, -1, -1):
        if tokens[at].text.upper() not in _CONSTRUCTORS:
            continue
        if tokens[at + 1].token_type is TokenType.L_BRACKET and tokens[max(at - 1, 0)].token_type is not TokenType.DOT:
            continue  # ARRAY[...], or a column of that name: the binder knows
        end = _call_end(tokens, at + 1)
        if end < len(tokens) and tokens[end].token_type is TokenType.L_BRACKET:
            start = _path_start(tokens, at)
            out.insert(end, _token(TokenType.R_PAREN, ")", tokens[end - 1]))
            out.insert(start, _token(TokenType.L_PAREN, "(", tokens[start]))
    return out


def _call_end(tokens: Sequence[Token], at: int) -> int:
    """Behind the parentheses that open at `at`, if any do."""
    if at >= len(tokens) or tokens[at].token_type is not TokenType.L_PAREN:
        return at
    depth = 0
    while at < len(tokens):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(tokens[at].token_type, 0)
        at += 1
        if not depth:
            break
    return at


def _path_start(tokens: Sequence[Token], at: int) -> int:
    """Where the names with dots begin that end at `at`."""
    while at >= 2 and tokens[at - 1].token_type is TokenType.DOT and _is_name(tokens[at - 2]):
        at -= 2
    return at
