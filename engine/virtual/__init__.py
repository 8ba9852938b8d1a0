"""System tables: virtual, made from the catalogue snapshot and the history when a query reads them.

    VIRTUAL_TABLES["pg_catalog.pg_class"]   columns, leader_only, rows(context, predicates)

One module per family, each with a tuple TABLES, imported when one of them is named: MODULES says what is where. Names
without a schema are looked for in pg_catalog, as on Redshift; a user's own table of that name must be named with its
schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .base import VirtualTable

if TYPE_CHECKING:
    import pyarrow as pa

    from ..context import Context

# Modules, imported when one of their tables is asked for, and these tables, of pg_catalog unless it says otherwise.
# ^ marks those of the leader alone, ! what superusers alone may see.
MODULES = {
    "pg_catalog": "^pg_class ^pg_attribute ^pg_attrdef ^pg_namespace ^pg_type ^pg_table_def ^pg_views ^pg_tables "
                   "^pg_database ^pg_settings ^pg_language ^pg_am ^pg_get_late_binding_view_cols ^pg_get_cols "
                   "^pg_collation ^pg_operator ^pg_cast ^pg_enum ^pg_extension ^pg_tablespace ^pg_external_schema "
                   "^pg_library ^pg_stat_activity",
    "pg_constraints": "^pg_constraint ^pg_index ^pg_indexes ^pg_description ^pg_shdescription ^pg_rewrite ^pg_rules "
                       "^pg_depend ^pg_inherits ^pg_trigger ^pg_policy ^pg_statistic_ext ^pg_publication "
                       "^pg_publication_rel ^pg_foreign_table ^pg_foreign_server ^pg_sequence ^pg_proc ^pg_proc_info "
                       "^pg_aggregate",
    "pg_info": "^pg_class_info ^pg_database_info ^pg_conf ^pg_timezone_names ^pg_timezone_abbrevs",
    "pg_users": "^pg_user ^pg_shadow !^pg_user_info ^pg_group ^pg_roles ^pg_auth_members ^pg_default_acl svv_user_info "
                 "!svl_user_info svv_roles svv_role_grants svv_user_grants svv_relation_privileges "
                 "svv_column_privileges svv_schema_privileges svv_database_privileges svv_language_privileges "
                 "svv_function_privileges svv_system_privileges svv_default_privileges",
    "information_schema": "^information_schema.tables ^information_schema.columns ^information_schema.views "
                           "^information_schema.schemata ^information_schema.table_constraints "
                           "^information_schema.key_column_usage ^information_schema.referential_constraints "
                           "^information_schema.constraint_column_usage ^information_schema.table_privileges "
                           "^information_schema.enabled_roles ^information_schema.routines "
                           "^information_schema.parameters ^information_schema.sequences ^information_schema.triggers",
    "stl": "!stl_tr_conflict stl_undone",
    "connections": "!stl_connection_log !sys_connection_log",
    "stv": "!stv_db_isolation_level stv_sessions !stv_locks stv_slices ^pg_locks",
    "svv": "svv_transactions !svv_table_info",
    "svv_objects": "svv_tables svv_columns svv_all_schemas svv_all_tables svv_all_columns svv_redshift_schemas "
                    "svv_redshift_tables svv_redshift_columns svv_redshift_databases svv_redshift_functions "
                    "svv_mv_info svv_mv_dependency stv_mv_info svl_stored_proc_call "
                    "svv_schema_quota_state svv_datashares svv_datashare_objects "
                    "svv_datashare_consumers svv_datashare_privileges svv_identity_providers svv_iam_privileges "
                    "svv_ml_model_info svv_ml_model_privileges svv_rls_policy svv_rls_attached_policy svv_rls_relation "
                    "svv_masking_policy svv_attached_masking_policy",
    "blocks": "!stv_blocklist !stv_tbl_perm !svv_diskusage",
    "upkeep": "!stl_vacuum !svv_vacuum_summary !svl_vacuum_percentage !svv_vacuum_progress svl_auto_worker_action "
               "!svv_interleaved_columns !stl_analyze stl_analyze_compression",
    "queries": "stl_query svl_qlog stl_querytext stl_ddltext stl_utilitytext svl_statementtext stv_inflight "
               "svv_query_inflight stv_recents sys_query_history",
    "steps": "stl_scan stl_dist stl_bcast stl_return stl_hash stl_hashjoin stl_mergejoin stl_nestloop stl_aggr "
             "stl_sort stl_window stl_save stl_insert stl_delete stl_project stl_limit stl_merge svl_query_report "
             "svv_query_state svl_query_summary svcs_query_summary sys_query_detail stl_stream_segs svcs_stream_segs "
             "svl_compile svcs_compile",
    "loads": "stl_load_errors stl_loaderror_detail stl_load_commits stl_replacements stl_file_scan stv_load_state "
             "sys_load_history sys_load_detail sys_load_error_detail",
    "copy_jobs": "sys_copy_job sys_copy_job_detail sys_copy_job_info",
    "external": "svv_external_schemas svv_external_databases svv_external_tables svv_external_columns "
                "svv_external_partitions svl_s3query_summary svcs_s3query_summary svl_s3partition svl_s3log "
                "svcs_s3log svl_s3partition_summary svcs_s3partition_summary svl_s3list svcs_s3list svl_s3query "
                "svl_s3retries sys_external_query_detail",
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
    """All system tables by full name.

    `leader_only`: those that no query of tables may join; `restricted`: those for superusers alone.
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        marked = {name: module for module, names in modules.items() for name in names.split()}
        self._modules = {_full(name): module for name, module in marked.items()}
        self._here: dict[str, VirtualTable] = {}
        self.leader_only = frozenset(_full(name) for name in marked if "^" in name)
        self.restricted = frozenset(_full(name) for name in marked if "!" in name)

    def __getitem__(self, name: str) -> VirtualTable:
        found = self._here.get(name)
        if found is None:
            module = import_module(f".{self._modules[name]}", __name__)
            self._here.update((table.full_name, table) for table in module.TABLES)
            found = self._here[name]
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


def _full(marked: str) -> str:
    name = marked.lstrip("!^")
    return name if "." in name else f"pg_catalog.{name}"


VIRTUAL_TABLES = SystemTables(MODULES)


def find_virtual(schema: str | None, name: str) -> VirtualTable | None:
    """The system table of that name; without a schema, in pg_catalog."""
    return VIRTUAL_TABLES.get(f"{schema or 'pg_catalog'}.{name}")


def read(full_name: str, context: Context, values: Mapping[str, frozenset[Any]]) -> pa.Table:
    """The rows of `schema.name` for a statement; `values`: that columns of rows asked for have (a hint)."""
    with context.transaction.catalogue(context.search_path) as seen:
        if seen is not None:
            context = replace(context, view=seen.view, transaction=seen)
        return VIRTUAL_TABLES[full_name].rows(context, values)


__all__ = ["MODULES", "VIRTUAL_TABLES", "VirtualTable", "find_virtual", "read"]
