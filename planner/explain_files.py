"""EXPLAIN's words for scans of external tables (c-spectrum-external-performance).

    XN Partition Loop                                      of a partitioned table: for each partition
      ->  XN Seq Scan PartitionInfo of lake.sales            that is read
            Filter: (saledate = '2008-01')
      ->  XN S3 Query Scan sales                           the rows that come out of the files
            ->  S3 Seq Scan lake.sales location:"s3://..." format:PARQUET
                  Filter: (pricepaid > 30.00)
"""
from __future__ import annotations

from collections.abc import Sequence

from .columns import columns_of
from .expressions import Expr
from .physical import ExternalScan

# Titles of lines that have no numbers of their own: those of the S3 Query Scan are the scan's.
PARTS = ("S3 ", "XN Partition Loop", "XN Seq Scan PartitionInfo")


def query_scan(node: ExternalScan) -> str:
    alias = "" if node.alias == node.table.name else f" {node.alias}"
    return f"XN S3 Query Scan {node.table.name}{alias}"


def seq_scan(node: ExternalScan) -> str:
    source = node.table.source
    return (f'S3 Seq Scan {node.table.schema}.{node.table.name} location:"{source.location}" '
            f"format:{source.format.upper()}")


def partition_tests(node: ExternalScan, tests: Sequence[Expr]) -> tuple[list[Expr], list[Expr]]:
    """Those of the filter's conjuncts that choose partitions, and those that choose rows."""
    first = len(node.table.source.columns)
    keys = {ref.id for ref, place in node.columns if first <= place < first + len(node.table.source.keys)}
    own = [test for test in tests if columns_of(test) and columns_of(test) <= keys]
    return own, [test for test in tests if test not in own]
