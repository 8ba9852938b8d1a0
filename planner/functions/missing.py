"""Functions that Redshift has and this engine does not have yet: refused by name, not called unknown."""
from __future__ import annotations

_NAMES = """
    atan2 ascii bpcharcmp bttext_pattern_cmp can_json_parse cbrt
    checksum chr char collate convert_timezone cot crc32 date_cmp date_cmp_timestamp date_cmp_timestamptz
    date_part_year degrees difference farmfingerprint64 fnv_hash func_sha1 hll hll_cardinality hll_combine
    hll_combine_sketches hll_create_sketch initcap interval_cmp is_valid_json is_valid_json_array
    json_array_length json_extract_array_element_text json_extract_path_text json_parse json_serialize
    json_serialize_to_varbyte json_typeof lpad md5 months_between murmur3_32_hash next_day
    octetindex quote_ident quote_literal radians random regexp_count
    regexp_instr regexp_replace regexp_substr repeat replicate reverse rpad sha sha1 sha2 soundex split_part
    strtol timeofday timestamp_cmp timestamp_cmp_date timestamp_cmp_timestamptz
    timestamptz_cmp timestamptz_cmp_date timestamptz_cmp_timestamp timezone to_char to_date to_hex
    to_number to_timestamp to_varbyte translate from_hex from_varbyte
    array array_concat array_flatten get_array_length split_to_array
    subarray object object_transform lower_attribute_names size is_array
    is_bigint is_boolean is_char is_decimal is_float is_integer is_object is_scalar is_smallint is_varchar
    pg_backend_pid pg_last_copy_count pg_last_copy_id pg_last_query_id pg_last_unload_id pg_cancel_backend
    pg_terminate_backend pg_get_viewdef pg_get_userbyid pg_table_is_visible current_schemas current_setting
    set_config has_table_privilege has_schema_privilege has_database_privilege has_column_privilege
    current_user_id current_aws_account user_is_member_of format_type
    obj_description col_description pg_get_expr txid_current
"""

MISSING: frozenset[str] = frozenset(_NAMES.split())
