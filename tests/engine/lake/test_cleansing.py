"""data_cleansing_enabled and its kin: values that do not fit their columns, in Parquet, ORC and as dictionaries."""
from __future__ import annotations

import pyarrow as pa
import pytest
import warehouse
from lake_tables import Lake
from pyarrow import orc


def properties(lake: Lake, **given: str) -> None:
    pairs = ", ".join(f"'{name}'='{value}'" for name, value in given.items())
    lake.sql(f"alter table lake.t set table properties ({pairs})")


@pytest.mark.parametrize("dictionary", [True, False])
def test_surplus_characters(lake: Lake, dictionary: bool) -> None:
    lake.parquet("t/1.parquet", {"s": ["abcdef", "äöü", None, "ab"] * 50}, use_dictionary=dictionary)
    lake.sql("create external table lake.t (s varchar(3)) stored as parquet location '{root}/t/'")
    query = "select s, count(*) from lake.t group by 1 order by 1 nulls last"
    assert lake.sql(query) == [("ab", 50), ("abc", 50), ("ä", 50), (None, 50)]
    properties(lake, data_cleansing_enabled="true")
    assert lake.sql(query) == [("ab", 50), (None, 150)]
    properties(lake, surplus_char_handling="TRUNCATE")
    assert lake.sql(query) == [("ab", 50), ("abc", 50), ("ä", 50), (None, 50)]
    properties(lake, surplus_char_handling="FAIL")
    with pytest.raises(warehouse.Error, match="value too long for type character varying"):
        lake.sql(query)


def test_cut_texts_are_not_pruned_away(lake: Lake) -> None:
    """Statistics speak of whole texts, filters of cut ones."""
    lake.parquet("t/1.parquet", {"s": ["abcdef", "abcxyz", "b\u00e4"]})
    lake.sql("create external table lake.t (s varchar(3)) stored as parquet location '{root}/t/'")
    assert lake.sql("select count(*) from lake.t where s = 'abc'") == [(2,)]
    lake.sql("create external table lake.u (s varchar(2)) stored as parquet location '{root}/t/'")
    assert lake.sql("select count(*) from lake.u where s = 'b'") == [(1,)]
    properties(lake, data_cleansing_enabled="true")
    assert lake.sql("select count(*) from lake.t where s is null") == [(2,)]


@pytest.mark.parametrize("dictionary", [True, False])
def test_invalid_characters(lake: Lake, dictionary: bool) -> None:
    offsets, data = pa.array([0, 2, 4, 5], pa.int32()).buffers()[1], pa.py_buffer(b"ok\xff\xfe\xc3")
    lake.parquet("t/1.parquet", pa.table({"s": pa.Array.from_buffers(pa.string(), 3, [None, offsets, data])}),
                 use_dictionary=dictionary)
    lake.sql("create external table lake.t (s varchar(9)) stored as parquet location '{root}/t/'")
    with pytest.raises(warehouse.Error, match='invalid UTF-8 in column "s"'):
        lake.sql("select s from lake.t")
    properties(lake, data_cleansing_enabled="true", invalid_char_handling="SET_TO_NULL")
    assert lake.sql("select s from lake.t order by 1 nulls last") == [("ok",), (None,), (None,)]
    properties(lake, invalid_char_handling="REPLACE", replacement_char="*")
    assert lake.sql("select s from lake.t order by 1") == [("*",), ("**",), ("ok",)]


@pytest.mark.parametrize("rows", [
    "row format delimited fields terminated by ','", "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'",
    "row format serde 'org.apache.hadoop.hive.serde2.RegexSerDe' "
    "with serdeproperties ('input.regex'='([^,]*),([^,]*)')",
], ids=["delimited", "csv", "regex"])  # fmt: skip
def test_invalid_characters_in_text(lake: Lake, rows: str) -> None:
    lake.path("t/1.txt").write_bytes(b"ok,1\nx\xff,2\ny,\xff\n")
    lake.sql(f"create external table lake.t (s varchar(9), a int) {rows} stored as textfile location '{{root}}/t/'")
    assert lake.sql("select a from lake.t order by 1") == [(1,), (2,), (None,)]
    with pytest.raises(warehouse.Error, match='invalid UTF-8 in column "s"'):
        lake.sql("select s from lake.t")
    properties(lake, data_cleansing_enabled="true", invalid_char_handling="SET_TO_NULL")
    assert lake.sql("select s, a from lake.t order by 1") == [("ok", 1), ("y", None), (None, 2)]
    properties(lake, invalid_char_handling="REPLACE", replacement_char="*")
    assert lake.sql("select s from lake.t order by 1") == [("ok",), ("x*",), ("y",)]


def test_numbers_that_are_too_wide(lake: Lake) -> None:
    orc.write_table(pa.table({"a": pa.array([1, 1 << 40, None], pa.int64())}), lake.path("t/1.orc"))
    lake.sql("create external table lake.t (a int) stored as orc location '{root}/t/'")
    with pytest.raises(warehouse.Error, match='out of range for column "a"'):
        lake.sql("select a from lake.t")
    properties(lake, data_cleansing_enabled="true", numeric_overflow_handling="SET_TO_NULL")
    assert lake.sql("select a from lake.t order by 1 nulls last") == [(1,), (None,), (None,)]


def test_surplus_bytes(lake: Lake) -> None:
    lake.parquet("t/1.parquet", {"b": [b"abc", b"abcdef"]})
    lake.sql("create external table lake.t (b varbyte(3)) stored as parquet location '{root}/t/' "
             "table properties ('data_cleansing_enabled'='true')")
    assert lake.sql("select to_hex(b) from lake.t order by 1 nulls last") == [("616263",), (None,)]
    properties(lake, surplus_bytes_handling="TRUNCATE")
    assert lake.sql("select distinct to_hex(b) from lake.t") == [("616263",)]


def test_values_that_mean_nothing(lake: Lake) -> None:
    lake.sql("create external table lake.t (a int) stored as orc location '{root}/t/'")
    for name, value, message in (("surplus_char_handling", "DROP_ROW", "'DROP_ROW' is not supported"),
                                 ("invalid_char_handling", "GUESS", "It takes one of|invalid value"),
                                 ("replacement_char", "??", "invalid value")):
        with pytest.raises(warehouse.Error, match=message):
            properties(lake, **{name: value})


def test_what_was_changed_is_not_kept(lake: Lake) -> None:
    with pytest.raises(warehouse.NotSupportedError, match="svl_spectrum_scan_error is not kept"):
        lake.sql("select * from svl_spectrum_scan_error")
