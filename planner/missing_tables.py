"""System tables that Redshift has and this engine does not have: refused by name, not called unknown.

    no meaning      they speak of what an embedded warehouse has none of: S3 connections, datashares, machine learning,
                    recovery of nodes, zero-ETL integrations
    no such part    of procedures, user-defined functions in Python, materialized views with state, spatial values
    not kept        of what is recorded elsewhere or nowhere: each names the one to read, where there is one

Read only when a relation was not found (binder/relations.py).
"""
from __future__ import annotations

_NO_MEANING = """
    stl_s3client stl_s3client_error stl_sshclient_error svl_s3retries stv_startup_recovery_state
    svl_federated_query svl_datashare_change_log svl_datashare_cross_region_usage svl_datashare_usage_consumer
    svl_datashare_usage_producer sys_datashare_change_log sys_datashare_cross_region_usage
    sys_datashare_usage_consumer sys_datashare_usage_producer stv_ml_model_info sys_serverless_usage
    sys_stream_scan_errors sys_stream_scan_states sys_integration_activity sys_integration_table_activity
    sys_integration_table_state_change svv_integration svv_integration_table_state svv_integration_table_mapping
    sys_restore_log sys_restore_state svl_restore_alter_table_progress stl_restarted_sessions
    svv_copy_job_integrations svv_external_catalogs sys_external_query_error
    svl_spectrum_scan_error svl_s3query
"""
_NO_SUCH_PART = """
    svl_stored_proc_messages sys_procedure_call sys_procedure_messages svl_udf_log sys_udf_log
    stl_mv_state stv_mv_deps svl_mv_refresh_status sys_mv_refresh_history sys_mv_state
    svl_spatial_simplify sys_spatial_simplify svv_rls_applied_policy sys_applied_masking_policy_log
"""
_NOT_KEPT = """
    stl_commit_stats stl_disk_full_diag stl_error stl_file_scan stl_parse stl_schema_quota_violations
    stl_sessions=stv_sessions stl_unique=svl_query_report stl_userlog=sys_connection_log stv_active_cursors
    stv_cursor_configuration stv_exec_state=svv_query_state stv_load_state=sys_load_history
    stv_node_storage_capacity=svv_diskusage stv_partitions=svv_diskusage stv_tbl_trans=stv_tbl_perm
    svl_multi_statement_violations svl_qerror=sys_query_history svl_terminate
    svv_session_parameters sys_analyze_history=stl_analyze sys_analyze_compression_history=stl_analyze_compression
    sys_auto_table_optimization=svl_auto_worker_action sys_automatic_optimization=svl_auto_worker_action
    sys_child_query_text sys_copy_replacements=stl_replacements sys_extra_compute_for_automatic_optimization
    sys_query_explain=stl_explain sys_query_text=stl_querytext sys_schema_quota_violations
    sys_session_history=stv_sessions sys_transaction_history=svv_transactions sys_userlog=sys_connection_log
    sys_vacuum_history=svv_vacuum_summary pg_attribute_info=pg_table_def pg_statistic=svv_table_info
    pg_statistic_indicator=svv_table_info pg_stats=svv_table_info pg_opclass pg_amop pg_amproc pg_conversion
    pg_listener pg_largeobject
"""


def instead(name: str) -> tuple[str, str | None] | None:
    """Why a system table is refused, and the one to read instead; None where `name` is none of Redshift's."""
    if name in _NO_MEANING.split():
        return "it has no meaning here", None
    if name in _NO_SUCH_PART.split():
        return "what it describes is not supported", None
    kept = dict(word.partition("=")[::2] for word in _NOT_KEPT.split())
    return ("it is not kept here", kept[name] or None) if name in kept else None
