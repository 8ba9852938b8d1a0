"""SUPER: column forms give what row forms give; keys order and equate values as the row-at-a-time rules say."""
from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse.engine.compile import arrow_slots
from warehouse.engine.evaluate import cast as cast_value
from warehouse.engine.functions import columns, scalar
from warehouse.engine.functions.columns import Argument
from warehouse.storage.semistructured import form, keys
from warehouse.storage.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, SUPER, TEXT, SqlType, char, decimal, varchar

VALUES = ["1", "-20", "1.50", "2.22e+0", "true", "false", '"abc"', '""', '"a\\"b"', '"ü "', "[1,null]", "{}", '{"a":1}',
          "123456789012345678901234567890", None]
BATCHES = [[v] * 2 + [None] for v in VALUES] + [VALUES, ["1", "2", None], ['"a"', '"b c"'], ['"a"', "true", "7"], []]
RESULTS = {"super_normal": SUPER, "json_serialize": TEXT, "json_size": INTEGER, "json_typeof": TEXT}


def array(values: list[Any]) -> pa.Array:
    return pa.array([None, *values], pa.large_string()).slice(1)


@pytest.mark.parametrize("key", sorted(columns.semistructured.FORMS))
def test_both_forms_agree(key: str) -> None:
    to, taken = RESULTS.get(key, BOOLEAN), 0
    for batch in BATCHES:
        made = columns.FORMS[key]([Argument(array(batch))], [SUPER], to)
        if made is not None:
            taken += 1
            strict = key not in scalar.NULL_TOLERANT
            assert made.to_pylist() == [
                None if v is None and strict else scalar.FUNCTIONS[key]([v], [SUPER], to) for v in batch]
    assert taken


@pytest.mark.parametrize("to", [varchar(3), TEXT, char(3), INTEGER, BIGINT, DOUBLE, BOOLEAN, decimal(5, 2),
                                decimal(38, 3), decimal(3, 0)])
def test_casts_out_agree(to: SqlType) -> None:
    for batch in [*BATCHES, ["1.5", "-2", None, "0.25"], ["7", "999"], [None, "-3.250"]]:
        made = columns.casts.cast(Argument(array(batch)), SUPER, to)
        assert made is None or arrow_slots.as_values(made) == [cast_value(v, SUPER, to, False) for v in batch]


@pytest.mark.parametrize(("source", "values"), [
    (INTEGER, [0, -5, None]), (BOOLEAN, [True, None, False]), (TEXT, ["a", " b ", "", "ü", None]),
    (TEXT, ['"', "\\", "\n"]), (DOUBLE, [1.0, None]),
])
def test_casts_in_agree(source: SqlType, values: list[Any]) -> None:
    kind = pa.large_string() if source == TEXT else None
    made = columns.casts.cast(Argument(pa.array(values, kind)), source, SUPER)
    assert made is None or made.to_pylist() == [cast_value(v, source, SUPER) for v in values]


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.decimals(-1000, 1000, places=3)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text('ab"\\ \x00\x01é', max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\x01 ", max_size=2), inner, max_size=3),
    max_leaves=6,
)


def written(value: Any) -> str:
    """JSON as another writer spells it: blanks, escapes, exponents."""
    if isinstance(value, list):
        return "[ " + " , ".join(map(written, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} : {written(v)}" for k, v in value.items()) + " }"
    return str(value) if isinstance(value, Decimal) and "E" not in str(value) else json.dumps(value, default=float)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS)
def test_canonical_text_is_json_and_stays_itself(document: Any) -> None:
    text = form.parse(written(document))
    if text is None:
        assert document is None
        return
    assert json.loads(text) == json.loads(written(document))
    assert form.parse(text) == text == form.dump(form.load(text))
    assert form.parse(keys.normal(text)) == keys.normal(text) == keys.normal(keys.normal(text))
    assert keys.of_ranked(keys.ranked(text)) == text


def same(a: Any, b: Any) -> bool:
    """Deep equality as PartiQL has it."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, form.Number) and isinstance(b, form.Number):
        return Decimal(a) == Decimal(b)
    if type(a) is str and type(b) is str:
        return a.rstrip(" ") == b.rstrip(" ")
    return type(a) is type(b) and a == b


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_keys_are_equal_for_equal_values_only(a: Any, b: Any) -> None:
    texts = [t for t in (form.parse(written(a)), form.parse(written(b))) if t is not None]
    for x in texts:
        for y in (*texts, keys.normal(x)):
            equal = same(form.load(x), form.load(y))
            assert (keys.normal(x) == keys.normal(y)) is equal
            assert (keys.rank(x) == keys.rank(y)) is equal


def test_ranks_sort_as_order_by_does() -> None:
    ordered = ["false", "true", "-1e+300", "-12", "-2.5", "-1.23", "-1.2", "-1e-300", "0", "1e-300", "1", "1.5", "2e+0",
               "10", "1e+300", '""', '"A"', '"a"', '"a\\u0000"', '"a\\u0001"', '"aa"', '"b"', "[]", "[null]", "[1]",
               '["a"]', '["a",1]', '["aa"]', "{}", '{"a":1}', '{"a":2}', '{"b":1}']
    assert sorted(ordered, key=lambda v: keys.rank(v).encode()) == ordered


def test_depth_and_size_are_limited() -> None:
    with pytest.raises(form.DataError, match="deeper than 1000 levels"):
        form.parse("[" * 1001 + "]" * 1001)
    with pytest.raises(form.StringTooLong, match="at most 16777216 bytes"):
        form.parse("[" + ",".join(['"' + "x" * 65000 + '"'] * 260) + "]")
