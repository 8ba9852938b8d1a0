"""JSON objects, one a line, as delimited text: what COPY FORMAT JSON 'auto' reads fast.

    json_rows(data, at, stop, tree, count, out, capacity, state) -> where the first line begins that is not taken

    data   {"b": "x\\ty", "a": 1, "c": [2]}\\n{"a": null}\\n         columns a, b
    out    1<1f>x<tab>y\\n<1e><1f><1e>\\n                    0x1f between fields, 0x1e alone where there is no value

Values are put down as they stand, strings without their quotes and escapes: storage/formats/document_rows.py makes the
same text of documents that Python has read. Whatever is not sure to be that is not taken, and left to Python from
there on: broken JSON, arrays and objects in a column that is not SUPER, keys with escapes or twice, line ends and the
two marks inside a string, half a surrogate pair. What a SUPER column gets is not looked into, its reader does that;
what no column gets is.

Columns may lie inside members (JSONPaths). The tree of their paths is walked beside the document, with a stack of the
objects and arrays that are open:

    $.a, $.b.c, $.b.d[1]        root -- a (column 0)            {"a": 1, "b": {"d": [2, 3], "c": 4}}   -->   1 4 3
                                    `-- b -- c (column 1)
                                         `-- d -- [1] (column 2)

A path that ends on the way is no value where a member is missing or null, and has to be looked at where an element is.

`state` says how: FOLD finds keys in any case ('auto ignorecase'; keys that are not ASCII are not taken), WHOLE makes
the document itself the one value of its row ('noshred').

Lines end with a line end, the last one too: no loop here goes past one. The layouts are in json_rows_layout.py.
"""
from __future__ import annotations

from .intrinsics import i64p, inline, memory_copy, shared, u8p
from .json_rows_layout import (
    CHILDREN,
    ELEMENT,
    FIELD_END,
    FIRST,
    FOLD,
    FOUND,
    FRAME_WORDS,
    FRAMES,
    IS_SUPER,
    LIMIT,
    LINES,
    LISTS,
    MAX_LINE,
    NAME,
    NAME_BYTES,
    NEXT,
    NODE,
    NODE_WORDS,
    NULL,
    PLACE,
    ROWS,
    SLOT,
    SLOT_WORDS,
    SLOTS,
    STATE_WORDS,
    WHOLE,
    WRITTEN,
)  # fmt: skip
from .json_tokens import (
    BACKSLASH,
    CLOSE,
    COMMA,
    LINE_END,
    LIST,
    LIST_END,
    OPEN,
    QUOTE,
    behind_colon,
    blanks,
    checked,
    hex_code,
    nested,
    scalar,
    string,
)  # fmt: skip
from .registry import kernel

# What a slot holds: nothing, bytes as they are, a string with escapes.
_MISSING, _AS_IT_IS, _ESCAPED, _IS_NULL = 0, 1, 2, 3


@inline
def _lower(byte):
    return byte | 32 if byte >= 65 and byte <= 90 else byte


@shared
def _same(name, key, length, fold):
    """Is it the name? `fold`: in any case; the name is in lower case then."""
    x, y = u8p(name), u8p(key)
    differ = 0
    if fold != 0:
        for i in range(length):
            differ |= x[i] ^ _lower(y[i])
    else:
        for i in range(length):
            differ |= x[i] ^ y[i]
    return differ == 0


@shared
def _by_name(children, count, key, length, first, fold):
    """Which of the children has a key's name, looked for from number `first` on; -1: none."""
    for k in range(count):
        j = first + k
        if j >= count:
            j -= count
        name = i64p(children + 8 * NODE_WORDS * j)
        if name[NAME_BYTES] == length and _same(name[NAME], key, length, fold):
            return j
    return -1


@shared
def _by_place(children, count, place):
    """Which of the children is the element of a number; -1: none."""
    for j in range(count):
        if i64p(children + 8 * NODE_WORDS * j)[PLACE] == place:
            return j
    return -1


@shared
def _character(out, code):
    """A character in UTF-8; where it ends."""
    o = u8p(out)
    if code < 0x80:
        o[0] = code
        return out + 1
    if code < 0x800:
        o[0] = 0xC0 | code >> 6
        o[1] = 0x80 | code & 63
        return out + 2
    if code < 0x10000:
        o[0] = 0xE0 | code >> 12
        o[1] = 0x80 | code >> 6 & 63
        o[2] = 0x80 | code & 63
        return out + 3
    o[0] = 0xF0 | code >> 18
    o[1] = 0x80 | code >> 12 & 63
    o[2] = 0x80 | code >> 6 & 63
    o[3] = 0x80 | code & 63
    return out + 4


@shared
def _unescaped(out, start, length):
    """A string without its escapes; -1 for one that has to be looked at."""
    x = u8p(start)
    i = 0
    while i < length:
        byte = x[i]
        if byte != BACKSLASH:
            u8p(out)[0] = byte
            out += 1
            i += 1
            continue
        byte = x[i + 1]
        i += 2
        code = -1
        if byte in (QUOTE, BACKSLASH, 47):
            code = byte
        elif byte == 98:
            code = 8
        elif byte == 102:
            code = 12
        elif byte == 116:
            code = 9
        elif byte == 117 and i + 4 <= length:
            code = hex_code(start + i)
            i += 4
            if code < 32:
                code = -1
            if code >= 0xDC00 and code < 0xE000:
                code = -1
            if code >= 0xD800 and code < 0xDC00:
                low = -1
                if i + 6 <= length and x[i] == BACKSLASH and x[i + 1] == 117:
                    low = hex_code(start + i + 2)
                i += 6
                code = 0x10000 + (code - 0xD800) * 1024 + low - 0xDC00 if low >= 0xDC00 and low < 0xE000 else -1
        if code < 0:
            return -1
        out = _character(out, code)
    return out


@shared
def _key(data, i, fold):
    """Where a key ends that begins at i with its quote; -1 where it has escapes, or is to be folded and not ASCII."""
    x = u8p(data)
    end = string(data, i + 1) if x[i] == QUOTE else -1
    if end < 0 or end & 1:
        return -1
    end >>= 1
    if fold != 0:
        bits = 0
        for j in range(i + 1, end):
            bits |= x[j]
        if bits >= 128:
            return -1
    return end


@shared
def _is_first(node, slots):
    """Note that a member or element is there; is it so for the first time?"""
    slot = i64p(slots + 8 * SLOT_WORDS * i64p(node)[SLOT])
    first = slot[2] == _MISSING
    slot[2] = _IS_NULL
    return first


@shared
def _member(data, start, node, slots):
    """Note a column's value, which begins at `start`; behind it, or -1."""
    x, s = u8p(data), i64p(slots + 8 * SLOT_WORDS * i64p(node)[SLOT])
    if not _is_first(node, slots):
        return -1
    raw = i64p(node)[IS_SUPER] != 0
    kind, byte = _AS_IT_IS, x[start]
    if byte == QUOTE and not raw:
        end = string(data, start + 1)
        if end < 0:
            return -1
        kind = _ESCAPED if end & 1 else _AS_IT_IS
        end >>= 1
        s[0], s[1], s[2] = start + 1, end - start - 1, kind
        return end + 1
    if byte in (OPEN, LIST):
        end = nested(data, start) if raw else -1
    else:
        end = scalar(data, start)
        kind = _IS_NULL if byte == 110 else _AS_IT_IS  # n
    s[0], s[1], s[2] = start, end - start, kind
    return end


@shared
def _absent(data, i, node, slots):
    """A null where an object should be: its columns have no values. Behind it; -1 where it is something else."""
    if u8p(data)[i] != 110 or i64p(node)[LISTS] != 0 or not _is_first(node, slots):  # n
        return -1
    return scalar(data, i)


@shared
def _unused(data, i):
    """Behind a value that no column gets, or -1."""
    return checked(data, i) if u8p(data)[i] in (OPEN, LIST) else scalar(data, i)


@shared
def _next(data, i, closing):
    """At what comes next in an object or array, or at the bracket that closes it; -1."""
    x = u8p(data)
    i = blanks(data, i)
    if x[i] == COMMA:
        i = blanks(data, i + 1)
        return i if x[i] != closing else -1
    return i if x[i] == closing else -1


@shared
def _begin(frame, node):
    """Open an object or array."""
    f = i64p(frame)
    f[NODE], f[NEXT], f[ELEMENT] = node, 0, 0 if i64p(node)[LISTS] != 0 else -1


@shared
def _is_whole(frame, tree, slots):
    """Has an array the elements that paths name, or an object the arrays that they lead into?"""
    f = i64p(frame)
    node = i64p(f[NODE])
    for j in range(node[CHILDREN]):
        child = i64p(tree + 8 * NODE_WORDS * (node[FIRST] + j))
        if f[ELEMENT] >= 0:
            if child[PLACE] >= f[ELEMENT]:
                return False
        elif child[LISTS] != 0 and i64p(slots + 8 * SLOT_WORDS * child[SLOT])[2] == _MISSING:
            return False
    return True


@shared
def _value(data, i, frame, tree, fold):
    """The place of the value of the member or element at i, or -1; the frame says which node it is, 0 for none."""
    f = i64p(frame)
    node = i64p(f[NODE])
    children, count = tree + 8 * NODE_WORDS * node[FIRST], node[CHILDREN]
    if f[ELEMENT] >= 0:
        found = _by_place(children, count, f[ELEMENT])
        f[ELEMENT] += 1
    else:
        end = _key(data, i, fold)
        if end < 0:
            return -1
        found = _by_name(children, count, data + i + 1, end - i - 1, f[NEXT], fold)
        i = behind_colon(data, end + 1)
    f[FOUND] = 0
    if found >= 0:
        f[NEXT] = found + 1 if found + 1 < count else 0
        f[FOUND] = children + 8 * NODE_WORDS * found
    return i


@shared
def _document(data, i, tree, frames, slots, fold):
    """Note where the values of the document at i are; behind it, or -1 where it has to be looked at."""
    x, frame = u8p(data), frames
    _begin(frame, tree)
    i = blanks(data, i + 1)
    while True:
        f = i64p(frame)
        if x[i] == (LIST_END if f[ELEMENT] >= 0 else CLOSE):
            if not _is_whole(frame, tree, slots):
                return -1
            i += 1
            if frame == frames:
                return i
            frame -= 8 * FRAME_WORDS
        else:
            i = _value(data, i, frame, tree, fold)
            if i < 0:
                return -1
            node = f[FOUND]
            if node == 0:
                i = _unused(data, i)
            elif i64p(node)[CHILDREN] == 0:
                i = _member(data, i, node, slots)
            elif x[i] != (LIST if i64p(node)[LISTS] != 0 else OPEN):
                i = _absent(data, i, node, slots)
            elif not _is_first(node, slots):
                return -1
            else:
                frame += 8 * FRAME_WORDS
                _begin(frame, node)
                i = blanks(data, i + 1)
                continue
        if i >= 0:
            i = _next(data, i, LIST_END if i64p(frame)[ELEMENT] >= 0 else CLOSE)
        if i < 0:
            return -1


@shared
def _whole(data, i, slots):
    """Note the object or array at i as the one value of its row; behind it, or -1."""
    end = nested(data, i)
    slot = i64p(slots)
    slot[0], slot[1], slot[2] = i, end - i, _AS_IT_IS
    return end


@shared
def _row(out, data, count, slots):
    """The values as a line; where it ends, or -1."""
    for j in range(count):
        if j:
            u8p(out)[0] = FIELD_END
            out += 1
        slot = i64p(slots + 8 * SLOT_WORDS * j)
        kind = slot[2]
        if kind == _AS_IT_IS:
            memory_copy(out, data + slot[0], slot[1])
            out += slot[1]
        elif kind == _ESCAPED:
            out = _unescaped(out, data + slot[0], slot[1])
            if out < 0:
                return -1
        else:
            u8p(out)[0] = NULL
            out += 1
    u8p(out)[0] = LINE_END
    return out + 1


@shared
def _is_document(byte, tree, whole):
    """May a line's first byte begin one?"""
    if whole != 0:
        return byte in (OPEN, LIST)
    return byte == (LIST if i64p(tree)[LISTS] != 0 else OPEN)


@kernel("json_rows", arity=8)
def json_rows(data, at, stop, tree, count, out, capacity, state):
    x, s = u8p(data), i64p(state)
    frames = state + 8 * STATE_WORDS
    slots = frames + 8 * FRAMES * FRAME_WORDS
    written, rows, lines = out, 0, 0
    while at < stop and rows < s[LIMIT]:
        i = blanks(data, at)
        if x[i] != LINE_END:
            if not _is_document(x[i], tree, s[WHOLE]):
                break
            for j in range(s[SLOTS]):
                i64p(slots + 8 * SLOT_WORDS * j)[2] = _MISSING
            i = _whole(data, i, slots) if s[WHOLE] != 0 else _document(data, i, tree, frames, slots, s[FOLD])
            if i < 0:
                break
            i = blanks(data, i)
            length = i - at
            if x[i] != LINE_END or length > MAX_LINE or length + 2 * count + 2 > out + capacity - written:
                break
            end = _row(written, data, count, slots)
            if end < 0:
                break
            written = end
            rows += 1
        at = i + 1
        lines += 1
    s[WRITTEN], s[ROWS], s[LINES] = written - out, rows, lines
    return at
