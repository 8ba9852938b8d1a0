"""Column forms give what the row forms give, row by row; where one declines, the row form is used anyway."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse.engine.compile.arrow_slots import ARROW_TYPES
from warehouse.engine.evaluate import cast as cast_value
from warehouse.engine.functions import columns, scalar
from warehouse.engine.functions.columns import Argument
from warehouse.errors import DataError
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TIMESTAMP,
    TIMESTAMPTZ,
    SqlType,
    varbyte,
    varchar,
)

TEXT = varchar(200)
TEXTS = ["", "a", "abc", "a,b,,c", "zürich", "two words", "@mail.x.org", "ab12 cd345", None, "x\ny", "  pad ", "漢字 a"]
PLAIN = [t for t in TEXTS if t is None or t.isascii()]
DAYS = [0, -1, 19_000, 10_957, -25_567, 59, 31, 60, None, 700_000, -719_000, 2_900_000]
MICROS = [None if d is None else d * 86_400_000_000 + 3_723_004_005 * (d % 23) for d in DAYS]
FLOATS = [0.0, -1.5, 2.0, 1e10, None, -8.0, 0.25]

BINARY = varbyte(200)
DIGITS = [None if t is None else t.encode().hex() for t in TEXTS]
WHOLE = [0, 1, -1, 300, None, (1 << 31) - 1]

PATTERNS = ["a", "[a-z]+", "[[:digit:]]{2,}", "(a|b)", "b,", r"\d+", r"\s", "^a", "c$", "[^,]", ".", r"\.", "(x|y|z)+",
            "A", "ü", "(ab)1?", "@.*\\.(org|com)$", "a|ab", "x*", "[]x]", "a{1,2}b?"]
ZONES = ["UTC", "America/New_York", "US/Pacific", "PST", "Europe/London", "Asia/Kolkata", "GMT+2", "Africa/Casablanca"]
FORMATS = ["YYYY-MM-DD HH24:MI:SS.US", "MONTH-DY-DD-YYYY HH12:MIPM", "FMDay, DDth Mon YY", "IYYY-IW-ID IDDD",
           "J Q WW W D RM", "Y,YYY a.m. SSSS MS TZ", "", "no fields!", '"T"HH', "CC AD"]

CASES: list[tuple[str, SqlType, Sequence[Any], SqlType, Sequence[Any]]] = [
    *(("ascii", TEXT, texts, INTEGER, ()) for texts in (TEXTS, PLAIN)),
    ("reverse", TEXT, TEXTS, TEXT, ()),
    *((key, TEXT, texts, TEXT, ()) for key in ("initcap", "md5", "sha1", "crc32") for texts in (TEXTS, PLAIN)),
    *(("translate", TEXT, TEXTS, TEXT, a) for a in (("abc", "xyz"), ("a ,", "b"), ("", "x"), ("aa", "xy"), ("ü", "u"))),
    *(("fnv_hash", TEXT, TEXTS, BIGINT, a) for a in ((), (5,), (-7,))),
    *(("fnv_hash", type, [0, 1, -1, 300, None, type.integer_limits[0]], BIGINT, ())
      for type in (SMALLINT, INTEGER, BIGINT)),
    ("chr", BIGINT, [65, 0, 127, 128, -5, None, 10, 1 << 40], varchar(1), ()),
    *(("replace", TEXT, TEXTS, TEXT, a) for a in (("a", "xy"), ("", "q"), (",", ""), ("ü", "u"))),
    *(("lpad", TEXT, TEXTS, TEXT, a) for a in ((5,), (0,), (-3,), (3, "*"), (4, "xy"), (2, ""))),
    *(("rpad", TEXT, TEXTS, TEXT, a) for a in ((5,), (0,), (-3,), (3, "*"), (4, "xy"))),
    *(("repeat", TEXT, TEXTS, TEXT, (n,)) for n in (0, 1, 3, -1)),
    *(("split_part", TEXT, TEXTS, TEXT, (d, n)) for d in (",", " ", "", "漢") for n in (1, 2, 9)),
    *(("regexp_count", TEXT, TEXTS, INTEGER, (p, n, f)) for p in PATTERNS for n in (1, 2) for f in ("", "i")),
    *(("regexp_found", TEXT, TEXTS, BOOLEAN, (p, f)) for p in PATTERNS for f in ("", "i")),
    *(("regexp_instr", TEXT, texts, INTEGER, (p, 1, n, 0, f)) for p in PATTERNS for n in (1, 2) for f in ("", "ie")
      for texts in (TEXTS, PLAIN)),
    *(("regexp_replace", TEXT, TEXTS, TEXT, (p, n, 1, f)) for p in PATTERNS for n in ("", "<$1>", r"\1")
      for f in ("", "i")),
    *(("regexp_substr", TEXT, TEXTS, TEXT, (p, n, 1, f)) for p in PATTERNS for n in (1, 3) for f in ("", "i", "e")),
    ("cbrt", DOUBLE, FLOATS, DOUBLE, ()),
    *(("power", DOUBLE, FLOATS, DOUBLE, (n,)) for n in (2.0, 0.0)),
    *(("atan2", DOUBLE, FLOATS, DOUBLE, (n,)) for n in (2.0, 0.0, -1.0)),
    *(("to_zone", t, MICROS, TIMESTAMP, (z,)) for z in ZONES for t in (TIMESTAMP, TIMESTAMPTZ)),
    *(("from_zone", TIMESTAMP, MICROS, TIMESTAMPTZ, (z,)) for z in ZONES),
    *(("convert_timezone", TIMESTAMP, MICROS, TIMESTAMP, (a, b)) for a in ZONES[1:4] for b in ZONES[3:6]),
    *(("add_months", TIMESTAMP, MICROS, TIMESTAMP, (n,)) for n in (0, 1, -1, 12, 11)),
    *(("last_day", t, v, DATE, ()) for t, v in ((DATE, DAYS), (TIMESTAMP, MICROS))),
    *(("next_day", DATE, DAYS, DATE, (d,)) for d in ("Mo", "tuesday", "SUN")),
    ("binary_length", BINARY, DIGITS, INTEGER, ()),
    ("to_hex_binary", BINARY, DIGITS, TEXT, ()),
    *(("bit_not", t, v, t, ()) for t, v in ((BINARY, DIGITS), (INTEGER, WHOLE))),
    *((key, BIGINT, WHOLE, BIGINT, (n,)) for key in ("bit_and", "bit_or", "bit_xor") for n in (0, 5, -1)),
    *(("hll_coupon", t, v, BIGINT, ()) for t, v in (
        (TEXT, TEXTS), (SMALLINT, [0, -1, 300]), (INTEGER, WHOLE), (BIGINT, [0, 1 << 62, -(1 << 63)]), (DATE, DAYS),
        (TIMESTAMP, MICROS), (DOUBLE, [*FLOATS, -0.0]), (REAL, FLOATS))),
    *(("to_char_datetime", t, MICROS, TEXT, (f,)) for f in FORMATS for t in (TIMESTAMP, TIMESTAMPTZ)),
]


def by_rows(key: str, type: SqlType, values: Sequence[Any], to: SqlType, rest: Sequence[Any]) -> list[Any] | None:
    """The row form's results; None where a row fails."""
    types = [type, *(TEXT if isinstance(a, str) else DOUBLE if isinstance(a, float) else INTEGER for a in rest)]
    try:
        return [None if v is None else scalar.FUNCTIONS[key]([v, *rest], types, to) for v in values]
    except DataError:
        return None


def by_column(key: str, type: SqlType, values: Sequence[Any], to: SqlType, rest: Sequence[Any]) -> pa.Array | None:
    types = [type, *(TEXT if isinstance(a, str) else INTEGER for a in rest)]
    array = pa.array([None, *values, None], ARROW_TYPES[type.physical]).slice(1, len(values))  # with an offset
    made: pa.Array | None = columns.FORMS[key]([Argument(array), *(Argument(constant=a) for a in rest)], types, to)
    if made is not None:
        assert made.type == ARROW_TYPES[to.physical]
    return made


@pytest.mark.parametrize("key", sorted({case[0] for case in CASES}))
def test_both_forms_agree(key: str) -> None:
    taken = 0
    for _, type, values, to, rest in (c for c in CASES if c[0] == key):
        want = by_rows(key, type, values, to, rest)
        if want is None:
            continue
        made = by_column(key, type, values, to, rest)
        if made is not None:
            taken += 1
            got = made.to_pylist()
            assert got == (pytest.approx(want, nan_ok=True) if to == DOUBLE else want), (key, rest)
    assert taken, f"no case of {key} took the column form"


def test_every_form_is_tried() -> None:
    assert {case[0] for case in CASES} == set(columns.FORMS) - set(columns.semistructured.FORMS)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab,.c 1é", max_size=8), min_size=1, max_size=8), st.sampled_from(PATTERNS),
       st.sampled_from(["", "i"]))
def test_patterns_agree_on_any_text(texts: list[str], pattern: str, flags: str) -> None:
    for key, to, rest in (
        ("regexp_count", INTEGER, (pattern, 1, flags)), ("regexp_instr", INTEGER, (pattern, 1, 1, 0, flags)),
        ("regexp_replace", TEXT, (pattern, "-", 1, flags)), ("regexp_substr", TEXT, (pattern, 1, 1, flags)),
    ):
        made = by_column(key, TEXT, texts, to, rest)
        assert made is None or made.to_pylist() == by_rows(key, TEXT, texts, to, rest)


@pytest.mark.parametrize(("source", "to", "values"), [
    (INTEGER, varchar(11), [0, -5, None, 2147483647, -2147483648]),
    (BIGINT, varchar(20), [-(1 << 63), 7]),
    (DATE, varchar(20), [0, 19_000, None, -354_285]),
    (TEXT, INTEGER, ["1", " -20 ", None, "007"]),
    (TEXT, SMALLINT, ["1", "32767"]),
])
def test_casts_agree(source: SqlType, to: SqlType, values: list[Any]) -> None:
    made = columns.casts.cast(Argument(pa.array(values, ARROW_TYPES[source.physical])), source, to)
    assert made is not None
    assert made.to_pylist() == [cast_value(v, source, to, False) for v in values]


@pytest.mark.parametrize("values", [["x"], ["99999"], [""], ["1.5"]])
def test_casts_that_fail_are_left_to_the_row_form(values: list[Any]) -> None:
    assert columns.casts.cast(Argument(pa.array(values, pa.large_string())), TEXT, SMALLINT) is None
