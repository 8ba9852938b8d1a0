"""Dataclasses that cost little to define: their methods are written when first used.

    from ..records import dataclass          as from dataclasses, with frozen, slots and eq

A process defines some two hundred dataclasses before its first row and uses a few dozen. The standard
library writes and compiles six methods of each at its definition, a third of the time to the first row.
Here a class starts with stand-ins:

    class defined      __init__, __eq__, __hash__ = stand-ins      __repr__, __setattr__ = shared by all
    first call of one  that method written, compiled, put into the class in its stand-in's place, called
    from then on       the same methods as the standard library's, at the same speed

Everything else (fields, slots, __match_args__, defaults, `replace`, `fields`) is the standard library's
own; type checkers see its `dataclass`. What it offers and nobody here uses (order, kw_only, init=False)
is refused.
"""
from __future__ import annotations

import dataclasses
import reprlib
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError
from typing import TYPE_CHECKING, Any, TypeVar

_T = TypeVar("_T")
Fields = tuple[Field[Any], ...]
# (class, its fields, names the source may use: to be filled) -> lines that define one method
Source = Callable[[type, Fields, dict[str, Any]], list[str]]


def _dataclass(*, frozen: bool = False, slots: bool = False, eq: bool = True) -> Callable[[type[_T]], type[_T]]:
    """The decorator; options mean what they mean in `dataclasses.dataclass`."""

    def define(cls: type[_T]) -> type[_T]:
        own = cls.__dict__
        cls.__doc__ = cls.__doc__ or cls.__name__  # else the standard library makes one of the signature, slowly
        made = dataclasses.dataclass(cls, init=False, repr=False, eq=False, slots=slots)
        for field in dataclasses.fields(made):  # type: ignore[arg-type]
            if not field.init or field.kw_only:
                raise TypeError(f"field {field.name} of {cls.__name__}: init=False and kw_only are not supported")
        methods: dict[str, Any] = {"__repr__": _repr, "__init__": _stand_in(made, "__init__", _init_source(frozen))}
        if eq:
            methods["__eq__"] = _stand_in(made, "__eq__", _eq_source)
            methods["__hash__"] = _stand_in(made, "__hash__", _hash_source) if frozen else None
        if frozen:
            methods |= {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
            methods |= {"__getstate__": _state, "__setstate__": _set_state} if slots else {}
        for name, method in methods.items():
            # A class with its own __eq__ has had None put in its __hash__ by Python: that is not its own.
            if own.get(name) is None:
                setattr(made, name, method)
        return made

    return define


def _stand_in(cls: type, name: str, source: Source) -> Callable[..., Any]:
    """A method that puts the true one into `cls` and calls it. Two threads may both: they make the same."""

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        names: dict[str, Any] = {}
        lines = source(cls, dataclasses.fields(cls), names)
        exec("\n".join(lines), names)
        written = names[name]
        written.__qualname__, written.__module__ = f"{cls.__qualname__}.{name}", cls.__module__
        setattr(cls, name, written)
        return written(self, *arguments, **named)

    method.__name__, method.__qualname__ = name, f"{cls.__qualname__}.{name}"
    return method


def _init_source(frozen: bool) -> Source:
    def source(cls: type, fields: Fields, names: dict[str, Any]) -> list[str]:
        names |= {"_set": object.__setattr__, "_missing": MISSING}
        slots = frozen and "__slots__" in cls.__dict__
        parameters, body = ["self"], []
        for field in fields:
            name = value = field.name
            if field.default is not MISSING:
                names[f"_default_{name}"] = field.default
                parameters.append(f"{name}=_default_{name}")
            elif field.default_factory is not MISSING:
                names[f"_make_{name}"] = field.default_factory
                parameters.append(f"{name}=_missing")
                value = f"_make_{name}() if {name} is _missing else {name}"
            else:
                parameters.append(name)
            if slots:  # the slot's own setter takes half the time, and nodes of plans are made by the thousand
                names[f"_set_{name}"] = getattr(cls, name).__set__
                body.append(f"    _set_{name}(self, {value})")
            else:
                body.append(f"    _set(self, {name!r}, {value})" if frozen else f"    self.{name} = {value}")
        if hasattr(cls, "__post_init__"):
            body.append("    self.__post_init__()")
        return [f"def __init__({', '.join(parameters)}):", *(body or ["    pass"])]

    return source


def _eq_source(cls: type, fields: Fields, names: dict[str, Any]) -> list[str]:
    compared = [field.name for field in fields if field.compare]
    return [
        "def __eq__(self, other):",
        "    if other.__class__ is self.__class__:",
        f"        return {_values('self', compared)} == {_values('other', compared)}",
        "    return NotImplemented",
    ]


def _hash_source(cls: type, fields: Fields, names: dict[str, Any]) -> list[str]:
    hashed = [field.name for field in fields if (field.compare if field.hash is None else field.hash)]
    return ["def __hash__(self):", f"    return hash({_values('self', hashed)})"]


def _values(of: str, names: list[str]) -> str:
    return "(" + "".join(f"{of}.{name}, " for name in names) + ")"


@reprlib.recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{type(self).__qualname__}({shown})"


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    """Of a pickled object whose attributes cannot be set."""
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


def _refuse_set(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _dataclass
