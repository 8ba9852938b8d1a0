"""Every signature of the catalogue: NULL in, NULL out, whichever argument it is; and more arguments than it takes
are an error that names the function. What functions do with values is in tests/slt/functions/.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import warehouse
from warehouse.planner.functions import SIGNATURES, Signature
from warehouse.planner.functions.catalogue import REFUSED

# A typed value for what a rule takes: the first that suits.
SAMPLES = (
    "1::integer", "1.5::numeric(4,2)", "1.5::double precision", "'a'::varchar(9)", "'2020-01-31'::date",
    "'2020-01-31 10:00'::timestamp", "'2020-01-31 10:00+00'::timestamptz", "'10:00'::time", "true",
    "'61'::varbyte(9)", "interval '3' day", "json_parse('[1]')",
)
# They answer for NULL (conditional functions), take constants, or say what a value is.
NOT_STRICT = {"coalesce", "nvl", "nvl2", "nullif", "decode", "greatest", "least", "isnull", "interval_cmp", "checksum"}
CONSTANTS = {"text_to_int_alt", "text_to_numeric_alt", "to_number", "collate", "convert_timezone", "timezone", "round",
             "trunc", "current_setting"}


@pytest.fixture(scope="module")
def cursor() -> Iterator[Any]:
    with warehouse.connect(":memory:", nodes=1, slices_per_node=1, autocommit=True) as connection:
        yield connection.cursor()


def types_of() -> dict[str, Any]:
    """The type of each sample."""
    from support_plans import bind

    return {sample: bind(f"select {sample}").columns[0].type for sample in SAMPLES}


def arguments(signature: Signature, types: dict[str, Any]) -> list[str] | None:
    found = [next((s for s, t in types.items() if rule(t) == t), None) or
             next((s for s, t in types.items() if rule(t) is not None), None) for rule in signature.takes]
    return None if None in found else [f for f in found if f is not None]


def named(signature: Signature) -> str:
    return f"{signature.names[0]}/{signature.key}/{len(signature.takes)}"


CALLED = [s for s in SIGNATURES if s.takes and s.key != REFUSED and s.strict and not s.leader_only
          and not NOT_STRICT & set(s.names)]


def test_null_gives_null(cursor: Any) -> None:
    """One statement asks for all places of one signature."""
    types, wrong, asked = types_of(), [], 0
    for signature in CALLED:
        given = arguments(signature, types)
        if given is None or CONSTANTS & set(signature.names):
            continue
        part = ["hour"] if signature.takes_part else []
        for name in signature.names[:1]:
            calls = []
            for place in range(len(given)):
                kind = given[place].partition("::")[2] or {"true": "boolean"}.get(given[place], "")
                if not kind:
                    continue
                with_null = [*given[:place], f"null::{kind}", *given[place + 1 :]]
                calls.append(f"{name}({', '.join([*part, *with_null])})")
            if not calls:
                continue
            asked += len(calls)
            try:
                row = cursor.execute("select " + ", ".join(calls)).fetchall()[0]
            except warehouse.Error as error:
                wrong.append(f"{named(signature)}: {error} in {calls}")
                continue
            wrong += [f"{call} gives {value!r}" for call, value in zip(calls, row) if value is not None]
    assert asked > 150
    assert not wrong, "\n".join(wrong)


def test_too_many_arguments(cursor: Any) -> None:
    wrong = []
    most: dict[str, int] = {}
    for signature in SIGNATURES:
        for name in signature.names:
            taken = 99 if signature.rest is not None else len(signature.takes) + signature.takes_part
            most[name] = max(most.get(name, 0), taken)
    for name, count in most.items():
        if count >= 99:
            continue
        try:
            cursor.execute(f"select {name}({', '.join(['day', *['null'] * count])})")
            wrong.append(f"{name} takes {count + 1} arguments")
        except warehouse.Error as error:
            if isinstance(error, warehouse.InternalError):
                wrong.append(f"{name}: {error}")
    assert not wrong, "\n".join(wrong)
