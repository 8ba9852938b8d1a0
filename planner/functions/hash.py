"""Hash functions (hash-functions in the manual); what they hash of each type is in engine/functions/hashes.py."""
from __future__ import annotations

from ...errors import NotSupportedError
from ...storage.types import BIGINT, INTEGER, MAX_VARCHAR, Kind, SqlType, varchar
from ..coercion import coerce
from ..expressions import Call, Expr, Literal
from .signature import Signature, Site, exact, long, string, text, whole


def _hashed(type: SqlType) -> SqlType | None:
    """Any basic type as it is; quoted text is text."""
    if type.is_interval or type.is_sketch:
        return None
    return varchar(MAX_VARCHAR) if type.kind is Kind.UNKNOWN else type


def _fnv(site: Site, args: tuple[Expr, ...]) -> Expr:
    """Trailing blanks count: a CHAR gets its own back (r_FNV_HASH)."""
    value = args[0]
    if value.type.kind is Kind.CHAR:
        length = value.type.length or MAX_VARCHAR
        value = Call("rpad", (coerce(value, varchar(length)), Literal(length, INTEGER)), varchar(length), site.span)
    return Call("fnv_hash", (value, *args[1:]), BIGINT, site.span)


def _checksum_of_text(site: Site, args: tuple[Expr, ...]) -> Expr:
    raise NotSupportedError(
        "CHECKSUM of text is not supported: its algorithm is not documented", position=site.position,
        hint="FNV_HASH, MD5 and CRC32 take text.",
    )


def _text_or_bytes(type: SqlType) -> SqlType | None:
    """VARBYTE as it is (r_CREATE_USER has the digest of one), everything else as text."""
    return type if type.kind is Kind.VARBYTE else text(type)


FUNCTIONS: tuple[Signature, ...] = (
    Signature(("md5",), "md5", (text,), varchar(32)),
    Signature(("sha", "sha1", "func_sha1"), "sha1", (text,), varchar(40)),
    Signature(("sha2",), "sha2", (_text_or_bytes, whole), varchar(128)),
    Signature(("crc32",), "crc32", (text,), varchar(8)),
    Signature(("fnv_hash",), "fnv_hash", (_hashed, long), BIGINT, optional=1, build=_fnv),
    Signature(("murmur3_32_hash",), "murmur3_32_hash", (_hashed, whole), INTEGER, optional=1),
    Signature(("farmfingerprint64",), "farmfingerprint64", (string,), BIGINT),
    Signature(("checksum",), "checksum", (exact,), INTEGER),
    Signature(("checksum",), "refused", (string,), INTEGER, build=_checksum_of_text),
)
KEYS = ("fnv_hash",)
