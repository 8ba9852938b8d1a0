"""The native functions that the demo uses: a fresh machine compiles these before it, a third of all.

One that is missing here is compiled when it is first needed, so the list is about time alone. To make it anew, run the
demo and print the keys of `warehouse.kernels.pack._addresses`.
"""
from __future__ import annotations

KERNELS = (
    "add_i64_k", "agg_count", "agg_minmax_i64", "agg_sum_i64", "agg_sums", "and_b", "append_i128", "append_i64",
    "append_str", "append_valid", "build_array", "build_bitmap", "build_hash", "chunk_i128", "chunk_i64",
    "chunk_source", "chunk_str", "compare_str_k", "compose", "copy_text", "count_runs", "div_decimal", "drive",
    "eq_i64_k", "extract_year_date", "fetch_chunk_i128", "fetch_chunk_i64", "fetch_chunk_str",
    "fetch_chunk_valid", "fetch_codes", "fetch_i64", "fetch_str", "fetch_valid", "fill_b_k", "fill_i128",
    "fill_i64_k", "gather_bool", "gather_i128", "gather_i64", "gather_offsets", "gather_str", "gather_strings",
    "gather_valid", "ge_i64_k", "group_dense", "group_generic", "group_rehash", "group_single", "gt_i128",
    "gt_i64", "gt_i64_k", "hash_code", "hash_i64", "hash_str", "i64_to_i128", "in_list_i64", "in_list_str",
    "intern_columns", "join_array_inner", "join_bitmap_filter", "join_chain", "join_pairs", "join_runs",
    "join_unique_inner", "key_filter_select", "key_filter_set", "key_range", "le_i64_k", "like_str", "load_i64",
    "load_str", "lookup_array", "lookup_hash", "lookup_packed", "lookup_runs", "lt_i128", "lt_i64", "lt_i64_k",
    "mark_rows", "mask_i128", "mul_i128", "mul_i32", "mul_i32_k", "mul_i64_k", "mul_i64_to_i128", "ne_i64",
    "not_b", "number_codes", "open_blocks", "or_b", "pack_keys", "pack_vectors", "partition_rows",
    "pred_column", "read_vectors", "rescale_up_i128", "rsub_i64_k", "scan_source", "scatter_runs", "select",
    "select_i64", "sink_begin", "sink_end", "sketch_add", "slice_of", "string_codes", "sub_i64",
    "substring_str", "sum_runs", "text_key_bounds", "text_ranks", "text_shared_prefix", "text_significant",
    "text_ties", "text_words", "unpack_offsets", "unpack_vectors",
)
