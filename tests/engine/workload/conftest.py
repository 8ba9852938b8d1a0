"""A database with queues, sessions in them, and statements on threads of their own."""
from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import warehouse
from warehouse.engine.session import Session
from warehouse.engine.workload.manager import Manager, manager_of

ROWS = 140_000  # so many that a result is not whole after its first rows


class House:
    """One database; `session` opens further sessions on it, `behind` runs a statement on a thread."""

    long = "select count(*) from pairs x, pairs y where mod(x.a * y.b + y.a * x.b, 1000) = 7"  # seconds

    def __init__(self, configuration: list[dict[str, Any]], memory: str = "1GB", path: Any = ":memory:") -> None:
        self.connection = warehouse.connect(
            path, autocommit=True, maintenance=False, threads=1, memory_limit=memory, nodes=1, slices_per_node=1,
            wlm_json_configuration=json.dumps(configuration),
        )  # fmt: skip
        self.first = self.connection.session
        self.sessions: list[Session] = []
        self.threads: list[threading.Thread] = []
        digits = " union all ".join(f"select {d} as d" for d in range(1, 8))
        self.run(f"create table digits as {digits}")

    def fill(self) -> None:
        """The tables that take a while."""
        six = "digits u, digits v, digits w, digits x, digits y, digits z"
        self.run(f"create table numbers as select u.d + 7 * v.d + 49 * w.d + 343 * x.d as a, z.d as b from {six}")
        self.run("create table pairs as select a, b from numbers where b < 3 and mod(a, 5) = 1")

    @property
    def manager(self) -> Manager:
        return manager_of(self.first)

    def run(self, sql: str, session: Session | None = None) -> list[tuple[Any, ...]]:
        result = (session or self.first).execute(sql)
        return list(zip(*(c.to_pylist() for c in result.table().columns), strict=True)) if result.columns else []

    def session(self, group: str = "", user: str | None = None) -> Session:
        database = self.first.database
        database.add_user()
        from warehouse.engine.identity import Identity

        session = Session(database, identity=Identity(user or self.first.user), threads=1, memory=self.first.memory)
        self.sessions.append(session)
        session.settings.set("enable_result_cache_for_session", "off")
        if group:
            session.settings.set("query_group", group)
        return session

    def behind(self, session: Session, sql: str) -> list[Any]:
        """Run it on a thread; what is put into the list at its end: its rows, or its error."""
        end: list[Any] = []

        def work() -> None:
            try:
                end.append(self.run(sql, session))
            except warehouse.Error as error:
                end.append(error)

        thread = threading.Thread(target=work)
        self.threads.append(thread)
        thread.start()
        return end

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.002)

    def states(self) -> list[tuple[int, str]]:
        """(service class, state) of the queries in WLM, in the order in which they came."""
        return [(e.service_class, e.state.value) for e in list(self.manager.machine.floor.entries.values())]

    def close(self) -> None:
        for session in self.sessions:
            session.cancel()
        for thread in self.threads:
            thread.join()
        for session in self.sessions:
            session.close()
        self.connection.close()


@pytest.fixture
def open_house() -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def make(*args: Any, filled: bool = True, **options: Any) -> House:
        houses.append(House(*args, **options))
        if filled:
            houses[-1].fill()
        return houses[-1]

    yield make
    for house in houses:
        house.close()
