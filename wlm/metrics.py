"""What rules may look at: the metrics of a running query and the values they may be compared with.

Names, units and limits are those of cm-c-wlm-query-monitoring-rules.md. A query's metrics are a dictionary by these
names; what is not measured is absent and counts as 0. `query_priority` is compared as a priority, not as a number.

TEMPLATES are the console's: predicates to begin a rule with, as wlm_json_configuration writes them.
"""
from __future__ import annotations

from ..records import dataclass

PRIORITY = "query_priority"
QUEUE_TIME = "query_queue_time"
EXECUTION_TIME = "query_execution_time"
ROWS = 999_999_999_999_999
DAY = 86_399


@dataclass(frozen=True, slots=True)
class Metric:
    """The largest value a predicate may have; `unit` is for people."""

    most: int
    unit: str


METRICS: dict[str, Metric] = {
    "query_cpu_time": Metric(999_999, "seconds"),
    "query_blocks_read": Metric(1_048_575, "blocks of 1 MB"),
    "scan_row_count": Metric(ROWS, "rows"),
    EXECUTION_TIME: Metric(DAY, "seconds"),
    QUEUE_TIME: Metric(DAY, "seconds"),
    "query_cpu_usage_percent": Metric(6_399, "percent"),
    "query_temp_blocks_to_disk": Metric(319_815_679, "blocks of 1 MB"),
    "cpu_skew": Metric(99, "ratio"),
    "io_skew": Metric(99, "ratio"),
    "join_row_count": Metric(ROWS, "rows"),
    "nested_loop_join_row_count": Metric(ROWS, "rows"),
    "return_row_count": Metric(ROWS, "rows"),
    "segment_execution_time": Metric(86_388, "seconds"),
    "spectrum_scan_row_count": Metric(ROWS, "rows"),
    "spectrum_scan_size_mb": Metric(ROWS, "MB"),
    PRIORITY: Metric(0, "a priority"),
}


def _predicate(metric: str, value: float) -> dict[str, object]:
    return {"metric_name": metric, "operator": ">", "value": value}


TEMPLATES: dict[str, tuple[dict[str, object], ...]] = {
    "Nested loop join": (_predicate("nested_loop_join_row_count", 100),),
    "Query returns a high number of rows": (_predicate("return_row_count", 1_000_000),),
    "Join with a high number of rows": (_predicate("join_row_count", 1_000_000_000),),
    "High disk usage when writing intermediate results": (_predicate("query_temp_blocks_to_disk", 100_000),),
    "Long running query with high I/O skew": (
        _predicate("segment_execution_time", 120), _predicate("io_skew", 1.3),
    ),
}
