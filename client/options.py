"""Arguments of redshift_connector.connect() that have no meaning in the process.

They say how to find a cluster, how to prove who one is, and how a socket behaves. `import warehouse as
redshift_connector` takes them and does nothing with them, so that a program need not be changed to be tested.
`database` names the folder, `user` the session's user, `application_name` is the session's parameter of that name.
"""

from __future__ import annotations

_NAMES = """
    host port password source_address unix_sock ssl sslmode timeout max_prepared_statements tcp_keepalive
    tcp_keepalive_idle tcp_keepalive_interval tcp_keepalive_count replication iam credentials_provider
    region cluster_identifier db_user db_groups auto_create force_lowercase allow_db_user_override
    group_federation profile access_key_id secret_access_key session_token endpoint_url iam_disable_cache
    serverless_acct_id serverless_work_group is_serverless idp_host idp_tenant idp_response_timeout
    idp_partition app_id app_name preferred_role principal_arn provider_name client_id client_secret
    partner_sp_id listen_port login_url login_to_rp role_arn role_session_name scope web_identity_token
    token token_type identity_namespace idc_client_display_name idc_region issuer_url issuer_url_auth
    ssl_insecure client_protocol_version database_metadata_current_db_only enable_table_types
    auth_profile log_level log_path
"""

NO_MEANING: frozenset[str] = frozenset(_NAMES.split())
