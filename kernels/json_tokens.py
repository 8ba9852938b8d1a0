"""What JSON is made of, in lines of UTF-8: where a string, a number or a nested value ends.

Each takes the address of the bytes and a place in them, and gives the place behind what stands there, or -1 where it
is broken. Lines end with a line end, the last one too: no loop here goes past one. Who uses it: json_rows.py.
"""
from __future__ import annotations

from .intrinsics import inline, shared, u8p

LINE_END, QUOTE, BACKSLASH, COMMA, COLON, MINUS, POINT, ZERO, NINE = 10, 34, 92, 44, 58, 45, 46, 48, 57
OPEN, CLOSE, LIST, LIST_END = 123, 125, 91, 93
DEEPEST = 60  # brackets in one another that a word has bits for


@inline
def digit(byte):
    return byte >= ZERO and byte <= NINE


@shared
def blanks(data, i):
    """Behind blanks; a line end is none here."""
    x = u8p(data)
    while x[i] == 32 or x[i] == 9 or x[i] == 13:
        i += 1
    return i


@shared
def hex_code(data):
    """Four hexadecimal digits; -1 where they are none."""
    x = u8p(data)
    code = 0
    for i in range(4):
        byte = x[i]
        if digit(byte):
            value = byte - ZERO
        elif byte >= 97 and byte <= 102:
            value = byte - 87
        elif byte >= 65 and byte <= 70:
            value = byte - 55
        else:
            return -1
        code = 16 * code + value
    return code


@shared
def string(data, i):
    """Where a string ends that begins at i: 2 * place + (has it escapes?); -1 where it is none."""
    x = u8p(data)
    escapes = 0
    while True:
        byte = x[i]
        if byte == QUOTE:
            return 2 * i + escapes
        if byte < 32:
            return -1
        if byte == BACKSLASH:
            escapes = 1
            i += 1
            if x[i] == 117:  # u
                if hex_code(data + i + 1) < 0:
                    return -1
            elif x[i] not in (QUOTE, BACKSLASH, 47, 98, 102, 110, 114, 116):  # quote, \\ / b f n r t
                return -1
        i += 1


@shared
def number(data, i):
    """Behind a number; -1 where it is none."""
    x = u8p(data)
    if x[i] == MINUS:
        i += 1
    if not digit(x[i]):
        return -1
    zero = x[i] == ZERO
    i += 1
    while not zero and digit(x[i]):
        i += 1
    if x[i] == POINT:
        i += 1
        if not digit(x[i]):
            return -1
        while digit(x[i]):
            i += 1
    if x[i] == 101 or x[i] == 69:  # e, E
        i += 1
        if x[i] == MINUS or x[i] == 43:
            i += 1
        if not digit(x[i]):
            return -1
        while digit(x[i]):
            i += 1
    return i


@shared
def nested(data, i):
    """Behind an array or object, by its brackets alone; -1 where the line ends before."""
    x = u8p(data)
    depth = 0
    while True:
        byte = x[i]
        if byte < 32:
            return -1
        if byte == QUOTE:
            end = string(data, i + 1)
            if end < 0:
                return -1
            i = end >> 1
        elif byte in (OPEN, LIST):
            depth += 1
        elif byte in (CLOSE, LIST_END):
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1


@shared
def word(data, i):
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
def scalar(data, i):
    """Behind a string, number, true, false or null; -1 where there is none."""
    byte = u8p(data)[i]
    if byte == QUOTE:
        end = string(data, i + 1)
        return (end >> 1) + 1 if end >= 0 else -1
    if byte == MINUS or digit(byte):
        return number(data, i)
    length = word(data, i)
    return i + length if length > 0 else -1


@shared
def behind_colon(data, i):
    """The place of a member's value, from behind its key; -1."""
    i = blanks(data, i)
    return blanks(data, i + 1) if u8p(data)[i] == COLON else -1


@shared
def checked(data, i):
    """Behind an array or object whose every value is looked at; -1 where that is broken, or nested deeply."""
    x = u8p(data)
    depth, objects = 0, 0  # a bit for each open bracket: is it an object's?
    while True:
        if x[i] in (OPEN, LIST):
            if depth == DEEPEST:
                return -1
            depth += 1
            objects = 2 * objects + (1 if x[i] == OPEN else 0)
            i = blanks(data, i + 1)
            more = x[i] != (CLOSE if objects & 1 else LIST_END)
        else:
            i = scalar(data, i)
            if i < 0:
                return -1
            i = blanks(data, i)
            more = x[i] == COMMA
            i = blanks(data, i + 1) if more else i
        while not more:
            if x[i] != (CLOSE if objects & 1 else LIST_END):
                return -1
            i += 1
            depth -= 1
            objects >>= 1
            if depth == 0:
                return i
            i = blanks(data, i)
            more = x[i] == COMMA
            i = blanks(data, i + 1) if more else i
        if objects & 1:
            end = string(data, i + 1) if x[i] == QUOTE else -1
            i = behind_colon(data, (end >> 1) + 1) if end >= 0 else -1
            if i < 0:
                return -1
