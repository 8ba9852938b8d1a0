"""The words that cannot be names unless they stand in double quotes (the manual's r_pg_keywords.md and r_names.md).

    create table orders (tag int)      syntax error at or near "tag"
    create table orders ("tag" int)    fine, as is every name behind AS in a select list
"""
from __future__ import annotations

from .patterns import pattern

_PLAIN_NAME = pattern(r"[a-z_][a-z0-9_$]*")
# The page lists CONNECT and START too, and says that they are not reserved.
_WORDS = """
    aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary
    blanksasnull both bytedict bzip2 case cast check collate column constraint create credentials cross current_date
    current_time current_timestamp current_user current_user_id default deferrable deflate defrag delta delta32k desc
    disable distinct do else emptyasnull enable encode encrypt encryption end except explicit false for foreign freeze
    from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially inner intersect
    interval into is isnull join language leading left like limit localtime localtimestamp lun luns lzo lzop minus
    mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only open or order outer
    overlaps parallel partition percent permissions pivot placing primary raw readratio recover references rejectlog
    resort respect restore right select session_user similar snapshot some sysdate system table tag tdes text255
    text32k then timestamp to top trailing true truncatecolumns union unique unnest unpivot user using verbose wallet
    when where with without
"""
RESERVED = frozenset(_WORDS.split())


def quoted(name: str) -> str:
    """A name as a statement spells it: in double quotes where a bare one would not do (QUOTE_IDENT)."""
    if _PLAIN_NAME.fullmatch(name) and name not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'
