"""COPY: options in any order, clauses without meaning off AWS, refusals by name."""
from __future__ import annotations

from typing import Any

import pytest
from warehouse.errors import NotSupportedError, ProgrammingError, SqlSyntaxError
from warehouse.planner import statements as s
from warehouse.planner.parse import parse_script


def parse(text: str) -> Any:
    (parsed,) = parse_script(text)
    return parsed.statement


def test_plain() -> None:
    assert parse("copy t from '/data/t.tbl'") == s.Copy(s.RelationName(None, "t"), (), "/data/t.tbl", "delimited", {})


def test_csv_with_options() -> None:
    copy = parse(
        """copy s.t (a, b) from 's3://b/p' iam_role 'arn:aws:iam::1:role/r' region as 'eu-west-1' format as csv
           quote as '~' delimiter ';' ignoreheader as 1 null as 'NA' dateformat 'auto' gzip compupdate off
           statupdate on maxerror 3 truncatecolumns"""
    )
    assert (str(copy.table), copy.columns, copy.format) == ("s.t", ("a", "b"), "csv")
    assert copy.options == {
        "QUOTE": "~", "DELIMITER": ";", "IGNOREHEADER": 1, "NULL": "NA", "DATEFORMAT": "auto", "GZIP": True,
        "COMPUPDATE": "off", "STATUPDATE": "on", "MAXERROR": 3, "TRUNCATECOLUMNS": True,
    }


@pytest.mark.parametrize("text", ["parquet", "format parquet", "format as parquet", "iam_role default parquet",
                                  "with credentials as 'x' parquet", "access_key_id 'a' secret_access_key 'b' parquet"])
def test_parquet(text: str) -> None:
    copy = parse(f"copy t from 'x' {text}")
    assert (copy.format, copy.options) == ("parquet", {})


def test_switches_default_to_on() -> None:
    assert parse("copy t from 'x' compupdate preset").options == {"COMPUPDATE": "preset"}
    assert parse("copy t from 'x' statupdate").options == {"STATUPDATE": "on"}


@pytest.mark.parametrize("option", ["json 'auto'", "avro 'auto'", "manifest", "bzip2", "acceptinvchars", "format orc",
                                    "fixedwidth 'a:1'", "encoding utf16"])
def test_refused_by_name(option: str) -> None:
    name = option.split()[-1 if option.startswith("format") else 0].upper()
    with pytest.raises(NotSupportedError, match=f"COPY (option )?{name}"):
        parse(f"copy t from 'x' {option}")


def test_contradictions() -> None:
    with pytest.raises(ProgrammingError, match="two formats: CSV and PARQUET"):
        parse("copy t from 'x' csv parquet")
    with pytest.raises(ProgrammingError, match="GZIP is given twice"):
        parse("copy t from 'x' gzip gzip")


@pytest.mark.parametrize("text", ["copy t 'x'", "copy t from x", "copy t from 'x' foo", "copy t from 'x' delimiter",
                                  "copy t from 'x' ignoreheader a", "copy t from 'x' region 1"])
def test_syntax_errors(text: str) -> None:
    with pytest.raises(SqlSyntaxError):
        parse(text)
