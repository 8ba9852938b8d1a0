"""Workload management under load: many sessions in few queues, and whether everybody gets what was promised.

    queues      32 sessions in three manual queues: slots and memory never above a queue's, throughput and latency
    short       the same short queries under a flood of long ones, without and with short query acceleration
    priorities  heavy queries of three priorities: how many of each get done
    runaway     nested loops with a rule against them: from crossing it to the error
    scaling     a flood of reads without and with an executor process (wlm_scaling.py)
    cost        processor time of a small query with its turn and without

Sessions are threads in this process, as a server's would be; a watcher on the side looks at the queues every few
milliseconds. Figures are of one run: on a machine with other work, latencies say little and counts and ratios much.
"""
from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

from .. import Error
from ..engine.identity import Identity
from ..engine.open_session import open_session
from ..engine.session import Session
from ..engine.workload.manager import manager_of
from ..wlm.requests import State
from . import machine
from .runner import say

ROWS = 3_000_000
SHORT = "select v from facts where k = {}"
MEDIUM = "select g, count(*), sum(v) from facts where k % 7 < {} group by g"
LONG = "select count(*) from (select k, sum(v) as s from facts group by k) where s > {}"
LOOP = "select count(*) from digits x, digits y where (x.k * y.v + y.k * x.v) % 1000 = 7"
LOOP_LIMIT = 20_000_000
Result = dict[str, Any]


def measure(seconds: float = 10.0, rows: int = ROWS) -> Result:
    """All parts, each of about so many seconds."""
    from .wlm_scaling import scaling

    return {
        "suite": "wlm", "machine": machine.describe(), "seconds": seconds, "rows": rows,
        "queues": queues(seconds, rows), "short": short(seconds, rows), "priorities": priorities(seconds, rows),
        "runaway": runaway(), "scaling": scaling(seconds, rows), "cost": cost(),
    }  # fmt: skip


# -- a database and its clients ------------------------------------------------------------------------


class House:
    """A database in memory with its queues; clients run on threads until `stop`."""

    def __init__(
        self, configuration: str, rows: int, memory: str = "2GB", path: str = ":memory:", threads: int = 2
    ) -> None:
        self.first = open_session(
            path, wlm_json_configuration=configuration, memory_limit=memory, threads=threads, maintenance=False
        )
        self.threads = threads
        self.manager = manager_of(self.first)
        self.stopping = threading.Event()
        self.latencies: dict[str, list[float]] = {}
        self.failed: list[str] = []
        self.clients: list[threading.Thread] = []
        self.sessions: list[Session] = []
        self._load(rows)

    def _load(self, rows: int) -> None:
        import numpy as np
        import pyarrow as pa

        dice = np.random.default_rng(7)
        columns: dict[str, Any] = {
            "k": np.sort(dice.integers(0, rows // 3, rows)).astype(np.int32), "g": dice.integers(0, 50, rows),
            "v": dice.integers(0, 1000, rows),
        }  # fmt: skip
        for name, count in (("facts", rows), ("digits", min(rows, 30_000))):
            table = pa.table({c: values[:count] for c, values in columns.items()})
            self.first.load_arrow(name, table.to_reader(), create=True)
        for name in ("facts", "digits"):
            self.first.execute(f"analyze {name}").close()

    def session(self, group: str) -> Session:
        self.first.database.add_user()
        session = Session(
            self.first.database, identity=Identity(self.first.user), threads=self.threads, memory=self.first.memory
        )
        session.settings.set("query_group", group)
        session.settings.set("enable_result_cache_for_session", "off")
        return session

    def client(self, group: str, sql: str, pause: float = 0.0, label: str | None = None) -> None:
        """A client that asks again and again, a little differently each time."""
        session = self.session(group)
        self.sessions.append(session)
        taken = self.latencies.setdefault(label or group, [])

        def work() -> None:
            number = len(self.clients)
            try:
                while not self.stopping.is_set():
                    start = time.perf_counter()
                    session.execute(sql.format(number % 5 + 1)).table()
                    if not self.stopping.is_set():
                        taken.append(time.perf_counter() - start)
                    number += 7
                    self.stopping.wait(pause)
            except Error as error:
                if not self.stopping.is_set():
                    self.failed.append(str(error))
            finally:
                session.close()

        self.clients.append(threading.Thread(target=work, daemon=True))

    def load(self, seconds: float, look: Callable[[], None] | None = None) -> None:
        """Let the clients work for a while."""
        for thread in self.clients:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.005)
            if look is not None:
                look()
        self.stop()

    def stop(self) -> None:
        """The end of the load: what still runs or waits is cancelled, and counts for nothing."""
        self.stopping.set()
        for session in self.sessions:
            session.cancel()
        for thread in self.clients:
            thread.join()

    def close(self) -> None:
        self.first.close()


def quantile(values: list[float], part: float) -> float:
    """In milliseconds; 0 of nothing."""
    found = sorted(values)
    return round(1000 * found[min(len(found) - 1, int(part * len(found)))], 2) if found else 0.0


# -- the parts -----------------------------------------------------------------------------------------

THREE = """[
 {"query_group": ["report"], "query_concurrency": 4, "memory_percent_to_use": 30, "name": "reports"},
 {"query_group": ["etl"], "query_concurrency": 2, "memory_percent_to_use": 50, "name": "etl"},
 {"query_concurrency": 6, "memory_percent_to_use": 20, "name": "rest"}]"""
CLIENTS = (("report", MEDIUM, 10), ("etl", LONG, 6), ("rest", SHORT, 16))


def queues(seconds: float, rows: int) -> list[Result]:
    """By queue: sessions, slots and the most that were in use, share of memory and the most that was held of it."""
    say("wlm: 32 sessions in three queues")
    house = House(THREE, rows)
    floor = house.manager.machine.floor
    most = {q.service_class: (0, 0) for q in floor.queues}

    def look() -> None:
        with house.manager.lock:
            for queue in floor.queues:
                tickets = [house.manager.tickets[i] for i in queue.running if i in house.manager.tickets]
                held = sum(t.held for t in tickets)
                slots, before = most[queue.service_class]
                most[queue.service_class] = max(slots, queue.busy), max(before, held)

    for group, sql, count in CLIENTS:
        for _ in range(count):
            house.client(group, sql)
    house.load(seconds, look)
    records = list(house.manager.log.queries)
    found = []
    for queue, (group, _, count) in zip(floor.queues, CLIENTS, strict=True):
        mine = [r for r in records if r.service_class == queue.service_class and r.started]
        slots, held = most[queue.service_class]
        taken = house.latencies[group]
        found.append({
            "queue": floor.name(queue.service_class), "sessions": count, "slots": queue.target, "most_slots": slots,
            "share_mb": queue.memory >> 20, "most_mb": round(held / (1 << 20), 1),
            "over_share_percent": round(max(0.0, 100 * (held / queue.memory - 1)), 1),
            "queries": len(taken), "per_second": round(len(taken) / seconds, 1),
            "p50_ms": quantile(taken, 0.5), "p95_ms": quantile(taken, 0.95),
            "waited_p95_ms": quantile([(r.started - r.queued) / 1e6 for r in mine], 0.95),
        })  # fmt: skip
    check(house)
    return found


def short(seconds: float, rows: int) -> Result:
    """Latencies of short queries behind long ones, in milliseconds."""
    found: Result = {}
    for on in ("false", "true"):
        say(f"wlm: short queries under long ones, acceleration {'on' if on == 'true' else 'off'}")
        house = House(f'[{{"query_concurrency": 3}}, {{"short_query_queue": {on}}}]', rows)
        warm = house.session("rest")
        for number in range(30):  # what the predictor learns from
            warm.execute(SHORT.format(number)).table()
        for number in range(6):
            warm.execute(LONG.format(number)).table()
        warm.close()
        for _ in range(10):
            house.client("rest", LONG, label="long")
        for _ in range(4):
            house.client("rest", SHORT, pause=0.05, label="short")
        house.load(seconds)
        name = "with" if on == "true" else "without"
        for label, taken in house.latencies.items():
            found[f"{label}_{name}"] = {"queries": len(taken), "p50_ms": quantile(taken, 0.5),
                                        "p95_ms": quantile(taken, 0.95)}  # fmt: skip
        check(house)
    found["p95_ratio"] = round(found["short_without"]["p95_ms"] / max(found["short_with"]["p95_ms"], 0.01), 1)
    return found


def priorities(seconds: float, rows: int) -> list[Result]:
    """Of heavy queries by priority: how many were done, and how long they took."""
    say("wlm: three priorities")
    levels = ("highest", "normal", "lowest")
    queues = ", ".join(f'{{"query_group": ["{n}"], "priority": "{n}", "queue_type": "auto"}}' for n in levels)
    house = House(f'[{queues}, {{"queue_type": "auto"}}]', rows)
    for level in levels:
        for _ in range(6):
            house.client(level, LONG)
    house.load(seconds)
    found = [
        {"priority": level, "sessions": 6, "queries": len(house.latencies[level]),
         "p50_ms": quantile(house.latencies[level], 0.5), "p95_ms": quantile(house.latencies[level], 0.95)}
        for level in levels
    ]  # fmt: skip
    check(house)
    return found


def runaway(times: int = 5) -> Result:
    """Milliseconds from crossing a rule to the query's error, under a load of other queries."""
    say("wlm: runaways")
    rule = ('{"rule_name": "loops", "action": "abort", "predicate": [{"metric_name": "nested_loop_join_row_count", '
            f'"operator": ">", "value": {LOOP_LIMIT}}}]}}')  # fmt: skip
    house = House(f'[{{"query_group": ["loop"], "rules": [{rule}]}}, {{"query_concurrency": 2}}]', 300_000)
    house.client("rest", MEDIUM)
    late: list[float] = []
    session = house.session("loop")
    for thread in house.clients:
        thread.start()
    for _ in range(times):
        late.append(_crossing(house, session))
    house.stop()
    session.close()
    check(house)
    return {"runs": times, "median_ms": round(statistics.median(late), 1), "worst_ms": round(max(late), 1)}


def _crossing(house: House, session: Session) -> float:
    """One runaway: milliseconds from the rule's crossing to its error."""
    end: list[float] = []

    def work() -> None:
        try:
            session.execute(LOOP).table()
        except Error:
            end.append(time.perf_counter())

    thread = threading.Thread(target=work)
    thread.start()
    crossed = 0.0
    while thread.is_alive():
        time.sleep(0.001)
        for query, ticket in list(house.manager.tickets.items()):
            entry = house.manager.machine.entry(query)
            if entry is None or entry.state is State.WAITING or entry.request.query_group != "loop" or crossed:
                continue
            if ticket.usage.metrics()["nested_loop_join_row_count"] > LOOP_LIMIT:
                crossed = time.perf_counter()
    thread.join()
    if not end:
        raise SystemExit("the runaway ran to its end")
    return 1000 * (end[0] - crossed) if crossed else 0.0


class _NoTurn:
    """In place of a ticket: nobody has asked, nothing is counted; all else (the history) is as ever."""

    executor = returned = 0

    def __init__(self) -> None:
        self.usage = self

    @staticmethod
    def anyway(*_: Any, **__: Any) -> _NoTurn:
        """In place of `admit`."""
        return _NoTurn()

    def resume(self, counters: Any = None) -> None:
        pass

    pause = first_rows = resume


def cost(rounds: int = 30, queries: int = 40) -> Result:
    """Microseconds of processor time of a small query with its turn and without, medians of rounds by turns."""
    say("wlm: what a turn costs")
    from ..engine import execute

    house = House('[{"auto_wlm": true}, {"short_query_queue": true}]', 10_000)
    session = house.session("rest")
    real = execute.admit
    bare: Any = _NoTurn.anyway
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds):
        managed = number % 2 == 0
        execute.admit = real if managed else bare
        start = time.thread_time()
        for _ in range(queries):
            session.execute(SHORT.format(number % 9)).table()
        taken[managed].append((time.thread_time() - start) / queries * 1e6)
    execute.admit = real
    session.close()
    house.close()
    managed_us, bare_us = statistics.median(taken[True]), statistics.median(taken[False])
    return {"with_us": round(managed_us), "without_us": round(bare_us), "turn_us": round(managed_us - bare_us)}


def check(house: House) -> None:
    house.close()
    if house.failed:
        raise SystemExit(f"a query failed: {house.failed[0]}")


# -- the report ----------------------------------------------------------------------------------------


def lines(result: Result) -> list[str]:
    """As Markdown."""
    out = ["## Workload management", "", *_table(result["queues"])]
    s = result["short"]
    out += ["", "Short queries behind long ones:", "", "| | queries | p50 ms | p95 ms |", "|---|---|---|---|"]
    out += [f"| {n.replace('_', ' ')} acceleration | {s[n]['queries']} | {s[n]['p50_ms']} | {s[n]['p95_ms']} |"
            for n in ("short_without", "short_with", "long_without", "long_with")]  # fmt: skip
    out += ["", f"p95 of short queries: {s['p95_ratio']}x better with acceleration (goal: 5x)", ""]
    out += _table(result["priorities"])
    from .wlm_scaling import lines as scaled

    r, c = result["runaway"], result["cost"]
    out += [
        "",
        *scaled(result["scaling"]),
        f"A runaway ended {r['median_ms']} ms after crossing its rule, {r['worst_ms']} ms at worst of {r['runs']}"
        " (goal: 200 ms).",
        f"A turn costs a query {c['turn_us']} microseconds of processor time ({c['with_us']} with, {c['without_us']}"
        " without; goal: 300).",
    ]
    return out


def _table(rows: list[Result]) -> list[str]:
    names = list(rows[0])
    return ["| " + " | ".join(n.replace("_", " ") for n in names) + " |", "|" + "---|" * len(names),
            *("| " + " | ".join(str(r[n]) for n in names) + " |" for r in rows)]  # fmt: skip
