"""COPY: options in any order, who may read apart, jobs, refusals by name."""
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


@pytest.mark.parametrize(
    ("text", "format", "options"),
    [
        ("json", "json", {"JSON": "auto"}),
        ("format as json 's3://b/paths' gzip", "json", {"JSON": "s3://b/paths", "GZIP": True}),
        ("avro as 'auto ignorecase'", "avro", {"AVRO": "auto ignorecase"}),
        ("format orc fillrecord", "orc", {"FILLRECORD": True}),
        ("fixedwidth 'a:1' manifest", "fixedwidth", {"FIXEDWIDTH": "a:1", "MANIFEST": True}),
        ("acceptinvchars acceptanydate", "delimited", {"ACCEPTINVCHARS": "?", "ACCEPTANYDATE": True}),
        ("acceptinvchars as '^' encoding 'utf-16'", "delimited", {"ACCEPTINVCHARS": "^", "ENCODING": "UTF16"}),
        (r"null as '\N' delimiter '\t'", "delimited", {"NULL": r"\N", "DELIMITER": "\t"}),
    ],
)
def test_formats_and_conversions(text: str, format: str, options: dict[str, object]) -> None:
    copy = parse(f"copy t from 'x' {text}")
    assert (copy.format, copy.options) == (format, options)


def test_authorization_is_kept_apart() -> None:
    copy = parse("copy t from 'x' access_key_id 'a' secret_access_key as 'b' session_token 'c' region 'r'")
    assert copy.options == {} and copy.authorization == {
        "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "SESSION_TOKEN": "c", "REGION": "r",
    }  # fmt: skip
    assert parse("copy t from 'x' iam_role default").authorization == {"IAM_ROLE": "default"}


@pytest.mark.parametrize("text", ["copy t from 'x' csv job create j auto off", "copy t from 'x' job create j"])
def test_jobs(text: str) -> None:
    made = parse(text)
    assert isinstance(made, s.CreateCopyJob) and made.name == "j" and made.auto is not text.endswith("off")
    assert made.text == text[: text.index(" job")] and isinstance(made.copy, s.Copy)
    assert parse("copy job alter j auto on") == s.CopyJob("alter", "j", True)
    assert parse("copy job list") == s.CopyJob("list")


@pytest.mark.parametrize("option", ["shapefile", "format shapefile", "lzop", "encrypted", "ssh", "readratio 5",
                                    "encoding latin1"])
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
