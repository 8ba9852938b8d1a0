"""JSON objects, one a line, as delimited text: what COPY FORMAT JSON 'auto' reads fast.

    json_rows(data, at, stop, names, count, out, capacity, state) -> where the first line begins that is not taken

    data   {"b": "x\\ty", "a": 1, "c": [2]}\\n{"a": null}\\n         columns a, b
    out    1<1f>x<tab>y\\n<1e><1f><1e>\\n                    0x1f between fields, 0x1e alone where there is no value

Values are put down as they stand, strings without their quotes and escapes: storage/formats/document_rows.py makes the
same text of documents that Python has read. Whatever is not sure to be that is not taken, and left to Python from
there on: broken JSON, arrays and objects in a column that is not SUPER, keys with escapes or twice, line ends and the
two marks inside a string, half a surrogate pair. What a SUPER column gets is not looked into, its reader does that;
what no column gets is.

`state` says how: FOLD finds keys in any case ('auto ignorecase'; keys that are not ASCII are not taken), WHOLE makes
the document itself the one value of its row ('noshred').

Lines end with a line end, the last one too: no loop here goes past one. The layouts are in json_rows_layout.py.
"""
from __future__ import annotations

from .intrinsics import i64p, inline, memory_copy, shared, u8p
from .json_rows_layout import (
    COLUMN_WORDS,
    FIELD_END,
    FOLD,
    IS_SUPER,
    LIMIT,
    LINES,
    MAX_LINE,
    NAME,
    NAME_BYTES,
    NULL,
    ROWS,
    SLOT_WORDS,
    STATE_WORDS,
    WHOLE,
    WRITTEN,
)  # fmt: skip
from .registry import kernel

_LINE_END, _QUOTE, _BACKSLASH, _COMMA, _COLON, _MINUS, _POINT, _ZERO, _NINE = 10, 34, 92, 44, 58, 45, 46, 48, 57
_OPEN, _CLOSE, _LIST, _LIST_END = 123, 125, 91, 93
_DEEPEST = 60  # brackets in one another that a word has bits for
# What a slot holds: nothing, bytes as they are, a string with escapes.
_MISSING, _AS_IT_IS, _ESCAPED, _IS_NULL = 0, 1, 2, 3


@inline
def _digit(byte):
    return byte >= _ZERO and byte <= _NINE


@shared
def _blanks(data, i):
    """Behind blanks; a line end is none here."""
    x = u8p(data)
    while x[i] == 32 or x[i] == 9 or x[i] == 13:
        i += 1
    return i


@shared
def _code(data):
    """Four hexadecimal digits; -1 where they are none."""
    x = u8p(data)
    code = 0
    for i in range(4):
        byte = x[i]
        if _digit(byte):
            value = byte - _ZERO
        elif byte >= 97 and byte <= 102:
            value = byte - 87
        elif byte >= 65 and byte <= 70:
            value = byte - 55
        else:
            return -1
        code = 16 * code + value
    return code


@shared
def _string(data, i):
    """Where a string ends that begins at i: 2 * place + (has it escapes?); -1 where it is none."""
    x = u8p(data)
    escapes = 0
    while True:
        byte = x[i]
        if byte == _QUOTE:
            return 2 * i + escapes
        if byte < 32:
            return -1
        if byte == _BACKSLASH:
            escapes = 1
            i += 1
            if x[i] == 117:  # u
                if _code(data + i + 1) < 0:
                    return -1
            elif x[i] not in (_QUOTE, _BACKSLASH, 47, 98, 102, 110, 114, 116):  # quote, \\ / b f n r t
                return -1
        i += 1


@shared
def _number(data, i):
    """Behind a number; -1 where it is none."""
    x = u8p(data)
    if x[i] == _MINUS:
        i += 1
    if not _digit(x[i]):
        return -1
    zero = x[i] == _ZERO
    i += 1
    while not zero and _digit(x[i]):
        i += 1
    if x[i] == _POINT:
        i += 1
        if not _digit(x[i]):
            return -1
        while _digit(x[i]):
            i += 1
    if x[i] == 101 or x[i] == 69:  # e, E
        i += 1
        if x[i] == _MINUS or x[i] == 43:
            i += 1
        if not _digit(x[i]):
            return -1
        while _digit(x[i]):
            i += 1
    return i


@shared
def _nested(data, i):
    """Behind an array or object, by its brackets alone; -1 where the line ends before."""
    x = u8p(data)
    depth = 0
    while True:
        byte = x[i]
        if byte < 32:
            return -1
        if byte == _QUOTE:
            end = _string(data, i + 1)
            if end < 0:
                return -1
            i = end >> 1
        elif byte in (_OPEN, _LIST):
            depth += 1
        elif byte in (_CLOSE, _LIST_END):
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1


@shared
def _word(data, i):
    """The bytes of true, false or null; 0 for anything else."""
    x = u8p(data)
    if x[i] == 116 and x[i + 1] == 114 and x[i + 2] == 117 and x[i + 3] == 101:
        return 4
    if x[i] == 110 and x[i + 1] == 117 and x[i + 2] == 108 and x[i + 3] == 108:
        return 4
    if x[i] == 102 and x[i + 1] == 97 and x[i + 2] == 108 and x[i + 3] == 115 and x[i + 4] == 101:
        return 5
    return 0


@shared
def _scalar(data, i):
    """Behind a string, number, true, false or null; -1 where there is none."""
    byte = u8p(data)[i]
    if byte == _QUOTE:
        end = _string(data, i + 1)
        return (end >> 1) + 1 if end >= 0 else -1
    if byte == _MINUS or _digit(byte):
        return _number(data, i)
    length = _word(data, i)
    return i + length if length > 0 else -1


@shared
def _behind_colon(data, i):
    """The place of a member's value, from behind its key; -1."""
    i = _blanks(data, i)
    return _blanks(data, i + 1) if u8p(data)[i] == _COLON else -1


@shared
def _checked(data, i):
    """Behind an array or object whose every value is looked at; -1 where that is broken, or nested deeply."""
    x = u8p(data)
    depth, objects = 0, 0  # a bit for each open bracket: is it an object's?
    while True:
        if x[i] in (_OPEN, _LIST):
            if depth == _DEEPEST:
                return -1
            depth += 1
            objects = 2 * objects + (1 if x[i] == _OPEN else 0)
            i = _blanks(data, i + 1)
            more = x[i] != (_CLOSE if objects & 1 else _LIST_END)
        else:
            i = _scalar(data, i)
            if i < 0:
                return -1
            i = _blanks(data, i)
            more = x[i] == _COMMA
            i = _blanks(data, i + 1) if more else i
        while not more:
            if x[i] != (_CLOSE if objects & 1 else _LIST_END):
                return -1
            i += 1
            depth -= 1
            objects >>= 1
            if depth == 0:
                return i
            i = _blanks(data, i)
            more = x[i] == _COMMA
            i = _blanks(data, i + 1) if more else i
        if objects & 1:
            end = _string(data, i + 1) if x[i] == _QUOTE else -1
            i = _behind_colon(data, (end >> 1) + 1) if end >= 0 else -1
            if i < 0:
                return -1


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
def _column(names, count, key, length, first, fold):
    """The column of a key, looked for from `first` on; -1: none."""
    for k in range(count):
        j = first + k
        if j >= count:
            j -= count
        name = i64p(names + 8 * COLUMN_WORDS * j)
        if name[NAME_BYTES] == length and _same(name[NAME], key, length, fold):
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
        if byte != _BACKSLASH:
            u8p(out)[0] = byte
            out += 1
            i += 1
            continue
        byte = x[i + 1]
        i += 2
        code = -1
        if byte in (_QUOTE, _BACKSLASH, 47):
            code = byte
        elif byte == 98:
            code = 8
        elif byte == 102:
            code = 12
        elif byte == 116:
            code = 9
        elif byte == 117 and i + 4 <= length:
            code = _code(start + i)
            i += 4
            if code < 32:
                code = -1
            if code >= 0xDC00 and code < 0xE000:
                code = -1
            if code >= 0xD800 and code < 0xDC00:
                low = -1
                if i + 6 <= length and x[i] == _BACKSLASH and x[i + 1] == 117:
                    low = _code(start + i + 2)
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
    end = _string(data, i + 1) if x[i] == _QUOTE else -1
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
def _member(data, start, name, slot):
    """Note a column's value, which begins at `start`; behind it, or -1."""
    x, s = u8p(data), i64p(slot)
    if s[2] != _MISSING:
        return -1
    raw = i64p(name)[IS_SUPER] != 0
    kind, byte = _AS_IT_IS, x[start]
    if byte == _QUOTE and not raw:
        end = _string(data, start + 1)
        if end < 0:
            return -1
        kind = _ESCAPED if end & 1 else _AS_IT_IS
        end >>= 1
        s[0], s[1], s[2] = start + 1, end - start - 1, kind
        return end + 1
    if byte in (_OPEN, _LIST):
        end = _nested(data, start) if raw else -1
    else:
        end = _scalar(data, start)
        kind = _IS_NULL if byte == 110 else _AS_IT_IS  # n
    s[0], s[1], s[2] = start, end - start, kind
    return end


@shared
def _next(data, i):
    """At the key of the next member, or at the bracket that closes the object; -1."""
    x = u8p(data)
    i = _blanks(data, i)
    if x[i] == _COMMA:
        i = _blanks(data, i + 1)
        return i if x[i] == _QUOTE else -1
    return i if x[i] == _CLOSE else -1


@shared
def _object(data, i, names, count, slots, fold):
    """Note where the values of the object at i are; behind it, or -1 where it has to be looked at."""
    x = u8p(data)
    for j in range(count):
        i64p(slots + 8 * SLOT_WORDS * j)[2] = _MISSING
    i = _blanks(data, i + 1)
    expected = 0
    while x[i] != _CLOSE:
        end = _key(data, i, fold)
        if end < 0:
            return -1
        column = _column(names, count, data + i + 1, end - i - 1, expected, fold)
        i = _behind_colon(data, end + 1)
        if i < 0:
            return -1
        if column >= 0:
            i = _member(data, i, names + 8 * COLUMN_WORDS * column, slots + 8 * SLOT_WORDS * column)
            expected = column + 1 if column + 1 < count else 0
        elif x[i] in (_OPEN, _LIST):
            i = _checked(data, i)
        else:
            i = _scalar(data, i)
        if i >= 0:
            i = _next(data, i)
        if i < 0:
            return -1
    return i + 1


@shared
def _whole(data, i, slots):
    """Note the object or array at i as the one value of its row; behind it, or -1."""
    end = _nested(data, i)
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
    u8p(out)[0] = _LINE_END
    return out + 1


@kernel("json_rows", arity=8)
def json_rows(data, at, stop, names, count, out, capacity, state):
    x, s = u8p(data), i64p(state)
    slots = state + 8 * STATE_WORDS
    written, rows, lines = out, 0, 0
    while at < stop and rows < s[LIMIT]:
        i = _blanks(data, at)
        if x[i] != _LINE_END:
            if x[i] != _OPEN and not (x[i] == _LIST and s[WHOLE] != 0):
                break
            i = _whole(data, i, slots) if s[WHOLE] != 0 else _object(data, i, names, count, slots, s[FOLD])
            if i < 0:
                break
            i = _blanks(data, i)
            length = i - at
            if x[i] != _LINE_END or length > MAX_LINE or length + 2 * count + 2 > out + capacity - written:
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
