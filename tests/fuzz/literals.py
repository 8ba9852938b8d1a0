"""Random literals, in both dialects. Their values come from a random generator of their own, so that one
query can be written again with other literals (the plan cache is asked the same shape twice)."""

from __future__ import annotations

import datetime
from random import Random

from .nodes import Node, Type, literal_text, value

INT = Type("int", "smallint", bound=20)
PARTS = ("year", "quarter", "month", "month", "month", "week", "day", "day")  # of dates and timestamps
EPOCH = datetime.date(1970, 1, 1)


def literal(sort: str, random: Random, values: Random) -> Node:
    """A literal of the sort; one in twelve is NULL."""
    null = random.random() < 0.08
    type = TYPES[sort]
    if null:
        return value(type, f"cast(null as {_NAMES[sort]})")
    match sort:
        case "int":
            return value(type, str(values.randint(0, 9)) if random.random() < 0.8 else f"({-values.randint(1, 9)})")
        case "dec":
            return value(type, f"{values.randint(0, 19)}.{values.randint(0, 99):02}")
        case "flt":
            return value(type, f"cast({values.randint(-20, 40) / 4} as double precision)")
        case "text":
            return text_of(values, "ab %日" if random.random() < 0.2 else "ab")
        case "date":
            days = values.randint(8000, 12000)
            day = (EPOCH + datetime.timedelta(days=days // 200 * 200 if values.random() < 0.5 else days)).isoformat()
            return value(type, f"date '{day}'")
        case "ts":
            moment = datetime.datetime(1992, 1, 1) + datetime.timedelta(seconds=values.randint(0, 3000 * 86400))
            return value(type, f"timestamp '{moment}'")
        case _:
            return value(type, "true" if values.random() < 0.5 else "false")


def text_of(values: Random, letters: str) -> Node:
    text = "".join(values.choice(letters) for _ in range(values.randint(0, 3))).rstrip(" ")
    return value(Type("text", length=3, ascii=letters.isascii()), "'" + literal_text(text) + "'")


def nonzero(random: Random, values: Random) -> Node:
    if random.random() < 0.7:
        return value(INT, str(values.randint(1, 12)))
    return value(INT, f"({-values.randint(1, 12)})")


def part_value(part: str, values: Random) -> Node:
    """A number that the part of a date may be."""
    low, high = {"year": (1991, 2003), "quarter": (1, 4), "month": (1, 12), "week": (1, 53), "day": (1, 31)}[part]
    return value(INT, str(values.randint(low, high)))


def count(values: Random, low: int, high: int) -> Node:
    """A whole number, not negative."""
    return value(INT, str(values.randint(low, high)))


TYPES = {
    "int": INT,
    "dec": Type("dec", precision=4, scale=2, bound=20),
    "flt": Type("flt", "double", bound=10),
    "text": Type("text", length=3, ascii=False),
    "date": Type("date"),
    "ts": Type("ts"),
    "bool": Type("bool"),
}
_NAMES = {
    "int": "int",
    "dec": "decimal(9,2)",
    "flt": "double precision",
    "text": "varchar(5)",
    "date": "date",
    "ts": "timestamp",
    "bool": "boolean",
}
