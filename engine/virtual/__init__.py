"""System tables: virtual, made from the catalogue snapshot and the history when a query reads them.

    VIRTUAL_TABLES["pg_catalog.pg_class"]   columns, leader_only, rows(context, predicates)

One module per family, each with a tuple TABLES. Names without a schema are looked for in pg_catalog,
as on Redshift; a user's own table of that name must be named with its schema.

Families that a first query can do without are imported when one of their tables is named: LATER says which they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import (
    blocks,
    information_schema,
    pg_catalog,
    pg_constraints,
    pg_info,
    pg_users,
    stl,
    stv,
    svv,
    svv_objects,
    upkeep,
)
from .base import VirtualTable

if TYPE_CHECKING:
    import pyarrow as pa

    from ..context import Context

# Modules that are imported when one of their tables is asked for. None of these is the leader's alone; what superusers
# alone may see is marked.
LATER = {
    "queries": "stl_query svl_qlog stl_querytext stl_ddltext stl_utilitytext svl_statementtext stv_inflight "
               "svv_query_inflight stv_recents sys_query_history",
    "steps": "stl_scan stl_dist stl_bcast stl_return stl_hash stl_hashjoin stl_mergejoin stl_nestloop stl_aggr "
             "stl_sort stl_window stl_save stl_insert stl_project stl_limit stl_merge svl_query_report "
             "svv_query_state svl_query_summary svcs_query_summary sys_query_detail stl_stream_segs svcs_stream_segs "
             "svl_compile svcs_compile",
    "loads": "stl_load_errors stl_loaderror_detail stl_load_commits stl_replacements "
             "sys_load_history sys_load_detail sys_load_error_detail",
    "copy_jobs": "sys_copy_job sys_copy_job_detail sys_copy_job_info",
    "external": "svv_external_schemas svv_external_databases svv_external_tables svv_external_columns "
                "svv_external_partitions svl_s3query_summary svcs_s3query_summary svl_s3partition svl_s3log",
    "unloads": "stl_unload_log svcs_unload_log sys_unload_detail sys_unload_history",
    "wlm": "!stv_wlm_service_class_config !stv_wlm_service_class_state !stv_wlm_classification_config "
           "!stv_wlm_qmr_config stv_wlm_query_state stv_wlm_query_queue_state stv_wlm_query_task_state stl_wlm_query "
           "stl_wlm_error stl_wlm_rule_action !svcs_concurrency_scaling_usage !stl_usage_control",
    "query_metrics": "stv_query_metrics stl_query_metrics svl_query_metrics svl_query_metrics_summary "
                     "!svl_query_queue_info",
    "plans": "stl_explain svcs_explain stl_plan_info svcs_plan_info stl_alert_event_log svcs_alert_event_log",
    "advice": "!svv_alter_table_recommendations",
}


class SystemTables(Mapping[str, VirtualTable]):
    """All system tables by full name. `here`: those whose modules are loaded; `restricted`: for superusers alone."""

    def __init__(self, here: dict[str, VirtualTable], later: dict[str, str]) -> None:
        self.here = here
        self._later = {name.replace("!", ""): module for name, module in later.items()}  # by full name
        known = [name for name, table in here.items() if table.superusers]
        self.restricted = frozenset([*known, *(name.replace("!", "") for name in later if "!" in name)])

    def __getitem__(self, name: str) -> VirtualTable:
        found = self.here.get(name)
        if found is None:
            module = import_module(f".{self._later[name]}", __name__)
            self.here.update((table.full_name, table) for table in module.TABLES)
            found = self.here[name]
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.here or name in self._later

    def __iter__(self) -> Iterator[str]:
        yield from self.here
        yield from [name for name in self._later if name not in self.here]

    def __len__(self) -> int:
        return len(self.here.keys() | self._later.keys())


VIRTUAL_TABLES = SystemTables(
    {
        table.full_name: table
        for family in (
            pg_catalog, pg_constraints, pg_info, pg_users, information_schema, stl, stv, svv, svv_objects, blocks,
            upkeep,
        )
        for table in family.TABLES
    },
    {f"pg_catalog.{name}": module for module, names in LATER.items() for name in names.split()},
)


def find_virtual(schema: str | None, name: str) -> VirtualTable | None:
    """The system table of that name; without a schema, in pg_catalog."""
    return VIRTUAL_TABLES.get(f"{schema or 'pg_catalog'}.{name}")


def read(full_name: str, context: Context, values: Mapping[str, frozenset[Any]]) -> pa.Table:
    """The rows of `schema.name` for a statement; `values`: that columns of rows asked for have (a hint)."""
    return VIRTUAL_TABLES[full_name].rows(context, values)


__all__ = ["LATER", "VIRTUAL_TABLES", "VirtualTable", "find_virtual", "read"]
