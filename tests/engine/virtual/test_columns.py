"""Columns of the tables of workload management and of the query history, in the order of their manual pages.

The pages: r_<NAME>.md of the developer guide; SYS_QUERY_HISTORY and SYS_QUERY_DETAIL as of 2025. Names only.
"""
from __future__ import annotations

import pytest
from warehouse.engine.virtual import VIRTUAL_TABLES

PAGES = """
stv_wlm_service_class_config: service_class queueing_strategy num_query_tasks target_num_query_tasks evictable
  eviction_threshold query_working_mem target_query_working_mem min_step_mem name max_execution_time
  user_group_wild_card query_group_wild_card concurrency_scaling query_priority user_role_wild_card
stv_wlm_service_class_state: service_class num_queued_queries num_executing_queries num_serviced_queries
  num_executed_queries num_evicted_queries num_concurrency_scaling_queries
stv_wlm_classification_config: id condition action_seq action action_service_class
stv_wlm_query_state: xid task query service_class slot_count wlm_start_time state queue_time exec_time
  query_priority
stv_wlm_query_queue_state: service_class position task query slot_count start_time queue_time
stv_wlm_query_task_state: service_class task query slot_count start_time exec_time
stv_wlm_qmr_config: service_class rule_name action metric_name metric_operator metric_value action_value
stl_wlm_query: userid xid task query service_class slot_count service_class_start_time queue_start_time
  queue_end_time total_queue_time exec_start_time exec_end_time total_exec_time service_class_end_time final_state
  est_peak_mem query_priority service_class_name
stl_wlm_error: userid recordtime pid error_string
stl_wlm_rule_action: userid query service_class rule action recordtime action_value service_class_name
svl_query_queue_info: database query xid userid querytxt queue_start_time exec_start_time service_class slots
  queue_elapsed exec_elapsed wlm_total_elapsed commit_queue_elapsed commit_exec_time service_class_name
svcs_concurrency_scaling_usage: start_time end_time queries usage_in_seconds
svl_query_metrics: userid query service_class dimension segment step step_label query_cpu_time query_blocks_read
  query_execution_time query_cpu_usage_percent query_temp_blocks_to_disk segment_execution_time cpu_skew io_skew
  scan_row_count join_row_count nested_loop_join_row_count return_row_count spectrum_scan_row_count
  spectrum_scan_size_mb query_queue_time service_class_name
svl_query_metrics_summary: userid query service_class query_cpu_time query_blocks_read query_execution_time
  query_cpu_usage_percent query_temp_blocks_to_disk segment_execution_time cpu_skew io_skew scan_row_count
  join_row_count nested_loop_join_row_count return_row_count spectrum_scan_row_count spectrum_scan_size_mb
  query_queue_time service_class_name
stv_query_metrics: userid service_class query segment step_type starttime slices max_rows rows max_cpu_time cpu_time
  max_blocks_read blocks_read max_run_time run_time max_blocks_to_disk blocks_to_disk step max_query_scan_size
  query_scan_size query_priority query_queue_time service_class_name
stl_query_metrics: userid service_class query segment step_type starttime slices max_rows rows max_cpu_time cpu_time
  max_blocks_read blocks_read max_run_time run_time max_blocks_to_disk blocks_to_disk step max_query_scan_size
  query_scan_size query_priority query_queue_time service_class_name
stl_query: userid query label xid pid database querytxt starttime endtime aborted insert_pristine
  concurrency_scaling_status
stl_querytext: userid xid pid query sequence text
stl_explain: userid query nodeid parentid plannode info
stl_plan_info: userid query nodeid segment step locus plannode startupcost totalcost rows bytes
svl_qlog: userid query xid pid starttime endtime elapsed aborted label substring source_query
  concurrency_scaling_status_txt from_sp_call
svl_query_summary: userid query stm seg step maxtime avgtime rows bytes rate_row rate_byte label is_diskbased
  workmem is_rrscan is_delayed_scan rows_pre_filter
svl_query_report: userid query slice segment step start_time end_time elapsed_time rows bytes label is_diskbased
  workmem is_rrscan is_delayed_scan rows_pre_filter
stl_scan: userid query slice segment step starttime endtime tasknum rows bytes fetches type tbl is_rrscan
  is_delayed_scan rows_pre_filter rows_pre_user_filter perm_table_name is_rlf_scan is_rlf_scan_reason num_em_blocks
  checksum runtime_filtering scan_region num_sortkey_as_predicate row_fetcher_state consumed_scan_ranges
  work_stealing_reason is_vectorized_scan is_vectorized_scan_reason row_fetcher_reason topology_signature
  use_tpm_partition is_rrscan_expr
stl_dist: userid query slice segment step starttime endtime tasknum rows bytes packets
stl_bcast: userid query slice segment step starttime endtime tasknum rows bytes packets
stl_hash: userid query slice segment step starttime endtime tasknum rows bytes slots occupied maxlength tbl
  is_diskbased workmem num_parts est_rows num_blocks_permitted resizes checksum runtime_filter_size
  max_runtime_filter_size
stl_hashjoin: userid query slice segment step starttime endtime tasknum rows tbl num_parts join_type hash_looped
  switched_parts used_prefetching hash_segment hash_step checksum distribution
stl_mergejoin: userid query slice segment step starttime endtime tasknum rows tbl checksum
stl_nestloop: userid query slice segment step starttime endtime tasknum rows tbl checksum
stl_aggr: userid query slice segment step starttime endtime tasknum rows bytes slots occupied maxlength tbl
  is_diskbased workmem type resizes flushable
stl_sort: userid query slice segment step starttime endtime tasknum rows bytes tbl is_diskbased workmem checksum
stl_return: userid query slice segment step starttime endtime tasknum rows bytes packets checksum
stl_alert_event_log: userid query slice segment step pid xid event solution event_time
stv_inflight: userid slice query label xid pid starttime text suspended insert_pristine concurrency_scaling_status
stv_recents: userid status starttime duration user_name db_name query pid
sys_query_history: user_id query_id query_label transaction_id session_id database_name query_type status
  result_cache_hit start_time end_time elapsed_time queue_time execution_time error_message returned_rows
  returned_bytes query_text redshift_version usage_limit compute_type compile_time planning_time lock_wait_time
  service_class_id service_class_name query_priority short_query_accelerated user_query_hash generic_query_hash
  query_hash_version result_cache_query_id
sys_query_detail: user_id query_id child_query_sequence stream_id segment_id step_id step_name table_id table_name
  is_rrscan start_time end_time duration alert input_bytes input_rows output_bytes output_rows blocks_read
  blocks_write local_read_io remote_read_io source data_skewness time_skewness is_active spilled_block_local_disk
  spilled_block_remote_disk step_attribute metrics_level plan_parent_id plan_node_id
stl_usage_control: eventtime query xid pid usage_limit_id feature_type
stl_save: userid query slice segment step starttime endtime tasknum rows bytes tbl is_diskbased workmem
stl_limit: userid query slice segment step starttime endtime tasknum rows checksum
stl_window: userid query slice segment step starttime endtime tasknum rows is_diskbased workmem
stl_project: userid query slice segment step starttime endtime tasknum rows checksum
stl_merge: userid query slice segment step starttime endtime tasknum rows checksum
stl_insert: userid query slice segment step starttime endtime tasknum rows tbl inserted_mega_value
stl_delete: userid query slice segment step starttime endtime tasknum rows tbl
stl_stream_segs: userid query stream segment
"""


def pages() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in PAGES.strip().splitlines():
        if not line.startswith(" "):
            name, line = line.split(":", 1)
        found.setdefault(name, []).extend(line.split())
    return found


@pytest.mark.parametrize("name, names", list(pages().items()))
def test_columns(name: str, names: list[str]) -> None:
    table = next(t for t in VIRTUAL_TABLES.values() if t.name == name)
    assert [n for n, _ in table.columns] == names
