"""Functions that Redshift has and this engine does not have: refused by name, not called unknown.

    no meaning   they speak of AWS accounts, IAM roles, clusters, or of other sessions' processes
    deprecated   leader-only functions that the manual lists as deprecated
    policies     they speak of policies of rows and columns; spatial functions have prefixes of their own
"""
from __future__ import annotations

_NO_MEANING = """
    current_aws_account has_assumerole_privilege current_namespace default_iam_role pg_get_grantee_by_iam_role
    pg_get_iam_role_by_user reboot_cluster explain_model
"""
_DEPRECATED = "age current_time localtime isfinite get_bit get_byte set_bit set_byte to_ascii"

NO_MEANING: frozenset[str] = frozenset(_NO_MEANING.split())
DEPRECATED: frozenset[str] = frozenset(_DEPRECATED.split())
MISSING: frozenset[str] = NO_MEANING | DEPRECATED
POLICIES = ("mask_get_policy_for_role_on_column", "mask_get_policy_for_user_on_column", "proc_is_rls_safe")
SPATIAL_PREFIXES = ("st_", "h3_", "geometry", "addbbox", "dropbbox", "supportsbbox")


def refusal(name: str) -> str | None:
    """Why a function is refused, or None where it is not one of Redshift's."""
    if name in NO_MEANING:
        return f"function {name} is not supported: it has no meaning outside of AWS"
    if name in DEPRECATED:
        return f"function {name} is not supported: it is a deprecated leader-node function"
    if name in POLICIES:
        return f"function {name} is not supported: policies of rows and columns are not"
    if name.startswith(SPATIAL_PREFIXES):
        return f"function {name} is not supported: spatial functions are not"
    return None
