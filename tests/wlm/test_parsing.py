"""wlm_json_configuration: what the manual's examples say, and what is wrong with others."""
from __future__ import annotations

import json
from typing import Any

import pytest
from warehouse.errors import ProgrammingError
from warehouse.wlm.configuration import DEFAULT, DEFAULT_TEXT, static_changes
from warehouse.wlm.metrics import METRICS, TEMPLATES
from warehouse.wlm.parsing import parse
from warehouse.wlm.priorities import Priority

REPORTS: dict[str, Any] = {
    "query_concurrency": 4, "max_execution_time": 20000, "memory_percent_to_use": 25, "query_group": ["report"],
    "query_group_wild_card": 1, "user_group": [], "user_group_wild_card": 0, "queue_type": "manual",
}
ADMINS: dict[str, Any] = {"query_concurrency": 5, "memory_percent_to_use": 40, "user_group": ["admin", "dba"]}


def rule(**changes: Any) -> dict[str, Any]:
    return {"rule_name": "r", "predicate": [{"metric_name": "query_cpu_time", "operator": ">", "value": 10}],
            "action": "log", **changes}


def test_the_management_guides_manual_example() -> None:
    found = parse(json.dumps([REPORTS, ADMINS, {"query_concurrency": 5}, {"short_query_queue": True}]))
    assert not found.automatic and found.short and found.short_limit == 0
    assert [q.name for q in found.queues] == ["Queue 1", "Queue 2", "Default queue"]
    assert [q.concurrency for q in found.queues] == [4, 5, 5]
    assert [q.memory_percent for q in found.queues] == [25, 40, 35]  # the default queue has the rest
    assert found.queues[0].timeout == 20000 and found.queues[0].query_group_wild_card
    assert found.queues[1].user_groups == ("admin", "dba")


def test_the_manuals_priorities_example_gets_a_default_queue() -> None:
    groups = [("ingest", "highest"), ("reporting", "normal"), ("analytics", "low")]
    found = parse(json.dumps([{"user_group": [g], "priority": p, "queue_type": "auto"} for g, p in groups]))
    assert found.automatic
    assert [q.priority for q in found.queues] == [Priority.HIGHEST, Priority.NORMAL, Priority.LOW, Priority.NORMAL]
    assert found.queues[-1].name == "Default queue"


def test_one_queue_and_the_default() -> None:
    assert parse('[{"query_concurrency":5}]').queues[0].concurrency == 5
    assert parse('[{"auto_wlm": true}]').automatic
    assert parse(DEFAULT_TEXT) == DEFAULT
    assert parse('[{"short_query_queue": true, "max_execution_time": 5000}]').short_limit == 5_000_000
    queues = '[{"user_group": "a, b", "query_concurrency": 2, "name": "ETL queue"}, {}]'
    assert parse(queues).queues[0].user_groups == ("a", "b")


@pytest.mark.parametrize("objects, words", [
    ("[", "is not valid JSON"),
    ("[1]", "must be a list of queues"),
    ("[]", "must be a list of queues"),
    ("{}", "must be a list of queues, not an object"),
    ('{"query_concurrency": 5}', "must be a list of queues, not an object"),
    ('{"name": "a", "name": "b"}', "has the property 'name' twice"),
    ([{"query_concurency": 5}], "queue 1: unknown property 'query_concurency'"),
    ([{"query_concurrency": 51}], "must be a whole number from 1 to 50, not 51"),
    ([{"query_concurrency": 0}], "must be a whole number from 1 to 50"),
    ([{"query_concurrency": True}], "not true"),
    ([{"query_concurrency": 30, "query_group": ["a"]}, {"query_concurrency": 21}], "has 51 slots"),
    ([{"memory_percent_to_use": 60, "query_group": ["a"]}, {"memory_percent_to_use": 41}], "gives 101 percent"),
    ([{"memory_percent_to_use": 101}], "from 1 to 100, not 101"),
    ([{"memory_percent_to_use": 100, "query_group": ["a"]}, {}], "queue 2: no memory is left"),
    ([{"query_group": [f"g{i}"]} for i in range(8)] + [{}], "defines 9 queues; 8 are the most"),
    ([{"query_group": ["a"], "query_concurrency": 1}], "the last queue is the default queue"),
    ([{"user_group": 3}, {}], "user_group must be a list of names"),
    ([{"user_group_wild_card": 2}], "must be 0 or 1"),
    ([{"name": "a'b"}], "a name has 1 to 64"),
    ([{"name": "a", "query_group": ["x"]}, {"name": "a"}], "has the queue name 'a' twice"),
    ([{"queue_type": "automatic"}], "queue_type must be 'auto' or 'manual'"),
    ([{"queue_type": "auto", "query_group": ["a"]}, {"queue_type": "manual"}], "mixes automatic and manual"),
    ([{"auto_wlm": True, "query_concurrency": 5}], "query_concurrency is not available in automatic WLM"),
    ([{"auto_wlm": True, "max_execution_time": 5}], "max_execution_time is not available in automatic WLM"),
    ([{"priority": "high"}], "priority is not available in manual WLM"),
    ([{"auto_wlm": True, "priority": "critical"}], "a priority is highest, high, normal, low or lowest"),
    ([{"concurrency_scaling": "on"}], "concurrency_scaling must be 'auto' or 'off'"),
    ([{"short_query_queue": True, "name": "a"}], "short_query_queue is a setting of its own"),
    ([{"short_query_queue": True}, {"short_query_queue": True}], "has short_query_queue twice"),
    ([{"short_query_queue": True, "max_execution_time": 500}], "must be 0 or 1000 to 20000"),
    ([{"short_query_queue": True, "max_execution_time": 20001}], "from 0 to 20000"),
])  # fmt: skip
def test_wrong_queues(objects: Any, words: str) -> None:
    with pytest.raises(ProgrammingError) as error:
        parse(objects if isinstance(objects, str) else json.dumps(objects))
    assert words in str(error.value) and error.value.sqlstate == "22023"


PREDICATE = rule()["predicate"][0]


@pytest.mark.parametrize("rules, words", [
    ([rule(predicate=[PREDICATE] * 4)], "4 predicates; 3 are the most"),
    ([rule(predicate=[])], "one to 3"),
    ([rule(rule_name="a b")], "rule_name has 1 to 32"),
    ([rule(rule_name="a" * 33)], "rule_name has 1 to 32"),
    ([rule(), rule()], "has the rule name 'r' twice"),
    ([rule(rule_name=f"r{i}") for i in range(26)], "26 rules; 25 are the most"),
    ([rule(action="kill")], "action must be one of log, change_query_priority, hop, abort"),
    ([rule(action="change_query_priority", value="low")], "is not available in manual WLM"),
    ([rule(value="low")], "has no value"),
    ([rule(actions="log")], "unknown property 'actions'"),
    ([rule(predicate=[{**PREDICATE, "metric_name": "query_cpu"}])], "unknown metric 'query_cpu'"),
    ([rule(predicate=[{**PREDICATE, "operator": ">="}])], "operator must be =, < or >"),
    ([rule(predicate=[{**PREDICATE, "value": 1_000_000}])], "a number from 0 to 999,999 (seconds)"),
    ([rule(predicate=[{**PREDICATE, "value": "ten"}])], "a number from 0"),
    ([rule(predicate=[{**PREDICATE, "metric_name": "query_priority", "value": "high"}])],
     "query_priority is not available in manual WLM"),
])  # fmt: skip
def test_wrong_rules(rules: Any, words: str) -> None:
    with pytest.raises(ProgrammingError, match=r"queue 1|rule") as error:
        parse(json.dumps([{"query_concurrency": 1, "rules": rules}]))
    assert words in str(error.value)


def test_a_hop_needs_manual_queues() -> None:
    with pytest.raises(ProgrammingError, match="hop is not available in automatic WLM"):
        parse(json.dumps([{"auto_wlm": True, "rules": [rule(action="hop")]}]))


def test_too_long() -> None:
    with pytest.raises(ProgrammingError, match="longer than 8000"):
        parse("[" + " " * 8000 + "]")


def test_near_names_are_hinted() -> None:
    with pytest.raises(ProgrammingError) as error:
        parse('[{"query_concurency": 5}]')
    assert error.value.hint == "Did you mean 'query_concurrency'?"


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_are_rules(name: str) -> None:
    text = json.dumps([{"query_concurrency": 1, "rules": [rule(predicate=list(TEMPLATES[name]))]}])
    assert {p.metric for p in parse(text).queues[0].rules[0].predicates} <= set(METRICS)


def test_what_is_static() -> None:
    one = [{"query_group": ["a"], "query_concurrency": 2}, {}]
    def changed(before: Any, after: Any) -> list[str]:
        return static_changes(parse(json.dumps(before)), parse(json.dumps(after)))

    assert changed(one, [{"query_group": ["a"], "query_concurrency": 9, "memory_percent_to_use": 7}, {}]) == []
    assert changed(one, [{"query_group": ["b"]}, {}]) == ["query_group"]
    assert changed(one, [{}]) == ["the number of queues"]
    assert changed(one, [{"auto_wlm": True}]) == ["auto_wlm"]
    automatic = [{"auto_wlm": True, "query_group": ["a"]}, {"auto_wlm": True}]
    assert changed(automatic, [{"auto_wlm": True}]) == []
