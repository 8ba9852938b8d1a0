"""\\df: functions, how they are called, and which are refused."""
from __future__ import annotations

from warehouse.client.repl import describe


def lines(pattern: str) -> list[tuple[str, ...]]:
    table = describe.functions(pattern).table
    return list(zip(*(table.column(n).to_pylist() for n in table.column_names)))


def test_df_lists_calls_and_refusals() -> None:
    assert lines("lpad") == [("lpad", "String", "lpad(text, integer [, text]) -> varchar", "supported")]
    assert [name for name, *_ in lines("json_array*")] == ["json_array_length"]
    assert all(call.startswith("trunc(") for _, _, call, _ in lines("pg_catalog.TRUNC"))
    assert lines("reboot_cluster")[0][3] == "refused: it has no meaning outside of AWS"
    assert lines("now")[0][3] == "leader-only"
    assert lines("nothing?") == []


def test_df_lists_everything() -> None:
    assert len({name for name, *_ in lines("")}) > 200
