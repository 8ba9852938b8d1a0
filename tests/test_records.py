"""records.dataclass behaves as the standard library's, whichever of its methods is used first."""
from __future__ import annotations

import copy
import dataclasses
import threading
from collections.abc import Callable
from dataclasses import field, fields, replace
from typing import Any, ClassVar

import pytest
from warehouse import records
from warehouse.records import dataclass


@pytest.fixture(autouse=True, params=[0, 2, 16])
def slow_calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Methods are made at the first call, in the middle, after all."""
    monkeypatch.setattr(records, "SLOW_CALLS", request.param)


def both(**options: Any) -> Callable[[type], tuple[Any, Any]]:
    """The class as ours and as the standard library's."""

    def define(cls: type) -> tuple[Any, Any]:
        own = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
        twin = type(cls.__name__, cls.__bases__, own)
        twin.__qualname__ = cls.__qualname__
        return dataclass(**options)(cls), dataclasses.dataclass(**options)(twin)

    return define


def point(**options: Any) -> tuple[Any, Any]:
    @both(**options)
    class Point:
        x: int
        y: int = 3
        tags: list[int] = field(default_factory=list)
        name: str = field(default="?", compare=False, repr=False)
        shared: ClassVar[int] = 7

        @property
        def total(self) -> int:
            return self.x + self.y

    return Point


@pytest.mark.parametrize("slots", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
def test_as_the_standard_library(frozen: bool, slots: bool) -> None:
    ours, theirs = point(frozen=frozen, slots=slots)
    for cls in (ours, theirs):
        a, b = cls(1), cls(x=1, tags=[], name="other")
        assert a == b and a != cls(1, 4) and a != (1, 3, []) and a != 1
        assert a.tags is not b.tags and a.total == 4 and cls.shared == 7
        assert replace(a, y=9) == cls(1, 9)
        assert hasattr(a, "__dict__") is not slots
        assert copy.deepcopy(a) == a and copy.copy(b).name == "other"  # as pickle does it
    assert repr(ours(1, 2)) == repr(theirs(1, 2))
    assert ours.__match_args__ == theirs.__match_args__
    assert [f.name for f in fields(ours)] == [f.name for f in fields(theirs)]
    for arguments in ((), (1, 2, 3, 4, 5)):
        with pytest.raises(TypeError, match="positional argument"):
            ours(*arguments)
    with pytest.raises(TypeError, match="unexpected keyword"):
        ours(1, z=2)


def test_hash() -> None:
    @both(frozen=True, slots=True)
    class Key:
        a: int
        b: str = field(default="", compare=False)

    for cls in Key:
        assert hash(cls(1, "x")) == hash(cls(1, "y")) == hash((1,))
    for options in ({"slots": True}, {}):
        for cls in point(**options):
            with pytest.raises(TypeError, match="unhashable"):
                hash(cls(1))
    for cls in point(frozen=True, eq=False):
        assert cls(1) != cls(1) and isinstance(hash(cls(1)), int)


def test_methods_of_its_own_stay() -> None:
    @both(frozen=True, slots=True)
    class Own:
        a: int

        def __post_init__(self) -> None:
            if self.a < 0:
                raise ValueError("below zero")

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 5

        def __repr__(self) -> str:
            return "own"

    for cls in Own:
        assert cls(1) == cls(2) and hash(cls(1)) == 5 and repr(cls(1)) == "own"
        with pytest.raises(ValueError, match="below zero"):
            cls(-1)


def test_frozen() -> None:
    for cls in point(frozen=True, slots=True):
        made = cls(1)
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
            made.x = 2
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
            del made.x


def test_inheritance() -> None:
    @dataclass(frozen=True, slots=True)
    class Base:
        a: int
        b: int = 2

    @dataclass(frozen=True, slots=True)
    class Derived(Base):
        b: int = 5
        c: int = 6

    derived = Derived(1)
    assert repr(derived).endswith("Derived(a=1, b=5, c=6)")
    assert derived == Derived(1, 5, 6) and derived != Base(1, 5) and Base(1) == Base(1, 2)


def test_a_cycle_is_shown() -> None:
    @dataclass(slots=True)
    class Node:
        next: Any = None

    node = Node()
    node.next = node
    assert repr(node).endswith("Node(next=...)")


def test_what_nobody_uses_is_refused() -> None:
    with pytest.raises(TypeError, match="field a of Strange: init=False and kw_only are not supported"):

        @dataclass()
        class Strange:
            a: int = field(default=1, init=False)


def test_names_that_look_like_those_of_the_shared_code() -> None:
    """The code is shared by classes with as many fields, whose names are put in."""
    @dataclass(frozen=True, slots=True)
    class Crossed:
        f1: int
        f0: int
        _set: int = 3
        other: list[int] = field(default_factory=list)

    @dataclass(frozen=True, slots=True)
    class Plain:
        a: int
        b: int
        c: int = 4
        d: list[int] = field(default_factory=list)

    crossed, plain = Crossed(1, f0=2), Plain(1, d=[9], b=2)
    assert (crossed.f1, crossed.f0, crossed._set, crossed.other) == (1, 2, 3, [])
    assert (plain.a, plain.b, plain.c, plain.d) == (1, 2, 4, [9])
    assert crossed == Crossed(1, 2, 3, []) != Crossed(2, 1) and crossed != plain
    with pytest.raises(TypeError, match="follows one with a default"):

        @dataclass()
        class Order:
            a: int = 1
            b: int  # type: ignore[misc]

        Order(1, 2)


def test_what_is_declared_wrongly_is_refused() -> None:
    with pytest.raises(TypeError, match="field a of Shared: a default that can change needs a default_factory"):

        @dataclass()
        class Shared:
            a: list[int] = []  # noqa: RUF012

    with pytest.raises(TypeError, match="field a of Bare has no annotation"):

        @dataclass()
        class Bare:
            a = field(default=1)


def test_slots_and_defaults_of_a_family() -> None:
    """Slots that a base has are not made again; a standard dataclass may be a base and a child."""
    @dataclass(slots=True)
    class Base:
        a: int
        b: int = 2

    @dataclass(slots=True)
    class Derived(Base):
        a: int = 7
        c: list[int] = field(default_factory=list)

    assert Derived.__slots__ == ("c",) and not hasattr(Derived(), "__dict__")  # type: ignore[attr-defined]
    assert Derived() == Derived(7, 2, []) and dataclasses.asdict(Derived(1)) == {"a": 1, "b": 2, "c": []}

    @dataclasses.dataclass
    class Child(Derived):
        d: int = 4

    @dataclass()
    class Grandchild(Child):
        e: int = 5

    assert Child(1).d == 4 and Grandchild(1, e=6) == Grandchild(1, 2, [], 4, 6)
    assert Base.__doc__ == "Base" and Base.__qualname__.endswith("<locals>.Base")


def test_first_use_by_many_threads() -> None:
    @dataclass(frozen=True, slots=True)
    class Shared:
        a: int

    start, found = threading.Barrier(4), []

    def use(n: int) -> None:
        start.wait()
        found.append(hash(Shared(n)) == hash((n,)) and Shared(n) == Shared(n))

    threads = [threading.Thread(target=use, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4
