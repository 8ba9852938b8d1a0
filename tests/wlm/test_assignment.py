"""Which queue a query goes to: the manual's order, its example, wildcards, roles, what a hop finds next."""
from __future__ import annotations

import json
from typing import Any

import pytest
from warehouse.wlm.assignment import SUPERUSER, assign, next_match
from warehouse.wlm.parsing import parse
from warehouse.wlm.requests import Request

# The example of cm-c-wlm-queue-assignment-rules.md.
EXAMPLE = parse(json.dumps([
    {"user_group": ["DBA"], "query_group": ["QG_A"]},
    {"query_group": ["QG_B"]},
    {"user_group": ["Analysts"], "query_group": ["QG_C"]},
    {},
]))  # fmt: skip


@pytest.mark.parametrize("about, queue", [
    ({"user": "adminuser", "superuser": True}, 3),
    ({"user": "adminuser", "superuser": True, "query_group": "superuser"}, SUPERUSER),
    ({"user": "admin1", "groups": ("dba",)}, 0),
    ({"user": "vp1", "query_group": "QG_B"}, 1),
    ({"user": "analyst1", "groups": ("analysts",), "query_group": "qg_b"}, 1),
    ({"user": "analyst1", "groups": ("analysts",)}, 2),
    ({"user": "ralph"}, 3),
    ({"user": "ralph", "query_group": "superuser"}, 3),  # not for everybody
])  # fmt: skip
def test_the_manuals_example(about: dict[str, Any], queue: int) -> None:
    assert assign(EXAMPLE, Request(1, **about)) == queue


def test_wildcards_only_where_they_are_on() -> None:
    found = parse(json.dumps([
        {"user_group": ["dba_*", "dba?1"]},
        {"user_group": ["dba_*", "dba?1"], "user_group_wild_card": 1},
        {},
    ]))  # fmt: skip

    def of(group: str) -> int:
        return assign(found, Request(1, groups=(group,)))

    assert [of(g) for g in ("dba_admin", "DBA_primary", "dba11", "dba21", "dba12")] == [1, 1, 1, 1, 2]
    assert of("dba_*") == 0


def test_roles() -> None:
    found = parse(json.dumps([{"user_role": ["etl*"], "user_role_wild_card": 1}, {}]))
    assert assign(found, Request(1, roles=("etl_nightly",))) == 0
    assert assign(found, Request(1, groups=("etl_nightly",))) == 1


def test_the_next_match_is_never_the_default_queue() -> None:
    both = Request(1, groups=("dba",), query_group="QG_C")
    assert next_match(EXAMPLE, both, 0) == 2
    assert next_match(EXAMPLE, both, 2) is None
    assert next_match(EXAMPLE, Request(1), 0) is None
