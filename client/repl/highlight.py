"""Colours for SQL in Redshift's dialect, and the words that completion offers."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pygments.lexers.sql import PostgresLexer
from pygments.token import Keyword, Name

# What Redshift adds to PostgreSQL's words.
_REDSHIFT = """
    all allowoverwrite analyze approximate az64 backup blanksasnull bytedict compound compression
    compupdate copy credentials csv delimiter delta delta32k diststyle distkey emptyasnull encode even
    exclude explicit_ids fillrecord getdate iam_role ignoreheader interleaved json key listagg lzo manifest
    maxerror median minus mostly16 mostly32 mostly8 noload nvl parquet pivot qualify raw recluster region
    reindex removequotes runlength sortkey statupdate super text255 text32k top truncatecolumns unload
    unpivot vacuum zstd
"""
_COMMON = """
    alter and any as asc avg between bigint boolean by case cast char coalesce count create cross
    current_date date date_part date_trunc dateadd datediff decimal decode default delete desc
    distinct drop else end except exists explain extract false from full group having ilike in inner insert
    integer intersect interval into is join left length like limit lower max min not null nullif
    numeric offset on or order outer primary real replace right round select set show smallint
    substring sum table temp then time timestamp timestamptz trim true truncate union unique update
    upper using values varchar view when where with
"""
REDSHIFT_WORDS = frozenset(_REDSHIFT.split())
COMMON_WORDS = tuple(sorted(REDSHIFT_WORDS | frozenset(_COMMON.split())))


class RedshiftLexer(PostgresLexer):
    """PostgreSQL's lexer with Redshift's words as keywords."""

    name = "Redshift"
    aliases = ("redshift",)

    def get_tokens_unprocessed(self, text: str, *arguments: Any) -> Iterator[tuple[int, Any, str]]:
        for at, kind, value in super().get_tokens_unprocessed(text, *arguments):
            yield at, Keyword if kind in Name and value.lower() in REDSHIFT_WORDS else kind, value
