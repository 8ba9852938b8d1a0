"""Dataclasses that cost little to define: their methods are written when they are used often.

    from ..records import dataclass          as from dataclasses, with frozen, slots and eq

A process defines some three hundred dataclasses before its first row and uses a few dozen. The standard
library writes and compiles six methods of each at its definition, a third of the time to the first row, and
takes twice as long over the fields. Here a class starts with stand-ins:

    class defined      __init__, __eq__, __hash__ = stand-ins      __repr__, __setattr__ = shared by all
    first calls        the stand-in does what the method would, slowly: many classes have no more than a few objects
    the 17th call      that method made, put into the class in its stand-in's place, called
                       the 4th where another class of its shape (so many fields ...) has it: their code is shared
    from then on       the same methods as the standard library's, at the same speed

Fields are the standard library's, so that its `fields`, `replace` and `asdict` work; type checkers see its
`dataclass`. What it offers and nobody here uses (order, kw_only, init=False) is refused.
"""
from __future__ import annotations

import builtins
import dataclasses
import reprlib
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError
from types import CodeType, FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

_T = TypeVar("_T")
Fields = tuple[Field[Any], ...]
Shape = tuple[Any, ...]  # what the code of a method depends on
Maker = Callable[[type, Fields, Shape], Callable[..., Any]]  # (class, its fields, shape) -> one of its methods
Slow = Callable[..., Any]  # (class, its fields, object, *arguments, **named) -> what the method would answer
SLOW_CALLS = 16  # together they take half of the time that compiling a method does,
FEW_CALLS = 3  # and these as long as making one of code that is there


def _dataclass(*, frozen: bool = False, slots: bool = False, eq: bool = True) -> Callable[[type[_T]], type[_T]]:
    """The decorator; options mean what they mean in `dataclasses.dataclass`."""

    def define(cls: type[_T]) -> type[_T]:
        own = cls.__dict__
        mine = _own_fields(cls)
        fields: dict[str, Field[Any]] = {}
        for base in cls.__mro__[-2:0:-1]:
            fields |= base.__dict__.get("__dataclass_fields__", {})
        fields |= mine
        added: dict[str, Any] = {
            "__doc__": cls.__doc__ or cls.__name__, "__dataclass_fields__": fields,
            "__dataclass_params__": _FROZEN if frozen else _OPEN, "__match_args__": tuple(fields), "__repr__": _repr,
        }
        if eq and not frozen:
            added["__hash__"] = None
        if frozen:
            added |= {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
            added |= {"__getstate__": _state, "__setstate__": _set_state} if slots else {}
        # A class with its own __eq__ has had None put in its __hash__ by Python: that is not its own.
        added = {name: value for name, value in added.items() if own.get(name) is None}
        made = _with_slots(cls, mine, added) if slots else _with_attributes(cls, mine, added)
        slow_methods: dict[str, Slow] = {"__init__": _slow_init(frozen)}
        if eq:
            slow_methods |= {"__eq__": _slow_eq} | ({"__hash__": _slow_hash} if frozen else {})
        for name, slow in slow_methods.items():
            if own.get(name) is None:
                setattr(made, name, _stand_in(made, name, slow))
        return made

    return define


_FROZEN, _OPEN = SimpleNamespace(frozen=True), SimpleNamespace(frozen=False)
_FIELD = dataclasses._FIELD  # type: ignore[attr-defined]  # how dataclasses.fields knows one


def _own_fields(cls: type) -> dict[str, Field[Any]]:
    """The fields that a class itself declares; what it declares wrongly is a TypeError."""
    own = cls.__dict__
    found: dict[str, Field[Any]] = {}
    for name, annotation in own.get("__annotations__", {}).items():
        if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            continue
        given = own.get(name, MISSING)
        made = given if isinstance(given, Field) else dataclasses.field(default=given)
        if made.default.__class__.__hash__ is None:
            raise TypeError(f"field {name} of {cls.__name__}: a default that can change needs a default_factory")
        if not made.init or made.kw_only is True:
            raise TypeError(f"field {name} of {cls.__name__}: init=False and kw_only are not supported")
        made.name, made.type, made.kw_only = name, annotation, False
        made._field_type = _FIELD  # type: ignore[union-attr]
        found[name] = made
    for name, value in own.items():
        if isinstance(value, Field) and name not in found:
            raise TypeError(f"field {name} of {cls.__name__} has no annotation")
    return found


def _with_attributes(cls: type[_T], mine: dict[str, Field[Any]], added: dict[str, Any]) -> type[_T]:
    """The class itself, its defaults as attributes."""
    for name, each in mine.items():
        if each.default is not MISSING:
            setattr(cls, name, each.default)
        elif name in cls.__dict__:
            delattr(cls, name)
    for name, value in added.items():
        setattr(cls, name, value)
    return cls


def _with_slots(cls: type[_T], mine: dict[str, Field[Any]], added: dict[str, Any]) -> type[_T]:
    """The class once more with slots, which can only be given to a class when it is made."""
    inherited: set[str] = set()
    for base in cls.__mro__[1:-1]:
        slots = base.__dict__.get("__slots__", ())
        inherited.update((slots,) if isinstance(slots, str) else slots)
    left_out = {*mine, "__dict__", "__weakref__"}
    body = {name: value for name, value in cls.__dict__.items() if name not in left_out} | added
    body["__slots__"] = tuple(name for name in mine if name not in inherited)
    body["__qualname__"] = cls.__qualname__
    kind: Any = type(cls)
    made: type[_T] = kind(cls.__name__, cls.__bases__, body)
    return made


def _stand_in(cls: type, name: str, slow: Slow) -> Callable[..., Any]:
    """A method that answers the first calls by `slow`, then puts the true one into `cls` and calls it. Two threads may
    both: they make the same."""
    calls = 0
    fields: Fields = ()
    shape: Shape = ()

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        nonlocal calls, fields, shape
        calls += 1
        if not shape:
            fields = _fields_of(cls)
            shape = _SHAPES[name](cls, fields)
        if calls <= (FEW_CALLS if shape in _CODES else SLOW_CALLS):
            answer = slow(cls, fields, self, *arguments, **named)
            if answer is not _WRONG:
                return answer
        made = _MAKERS[name](cls, fields, shape)
        made.__name__, made.__qualname__, made.__module__ = name, f"{cls.__qualname__}.{name}", cls.__module__
        setattr(cls, name, made)
        return made(self, *arguments, **named)

    method.__name__, method.__qualname__ = name, f"{cls.__qualname__}.{name}"
    return method


def _fields_of(cls: Any) -> Fields:
    """As dataclasses.fields."""
    return tuple([each for each in cls.__dataclass_fields__.values() if each._field_type is _FIELD])


_WRONG = object()  # of calls that the true method shall judge


def _slow_init(frozen: bool) -> Slow:
    put: Callable[[Any, str, Any], None] = object.__setattr__ if frozen else setattr
    names: tuple[str, ...] = ()  # of the one class that this is made for, from its first call on
    finish = False

    def init(cls: type, fields: Fields, made: Any, /, *arguments: Any, **named: Any) -> Any:
        nonlocal names, finish
        if not names:
            _with_default(cls, fields)
            finish = hasattr(cls, "__post_init__")  # before the names, which tell other threads that it is known
            names = tuple([each.name for each in fields])
        values: Any = arguments
        if named or len(arguments) != len(names):
            values = _arguments(fields, arguments, named)
            if values is None:
                return _WRONG
        for name, value in zip(names, values):
            put(made, name, value)
        if finish:
            made.__post_init__()
        return None

    return init


def _arguments(fields: Fields, arguments: tuple[Any, ...], named: dict[str, Any]) -> list[Any] | None:
    """The fields' values; None if the call is wrong."""
    values, missing = list(arguments), MISSING
    for each in fields[len(arguments) :]:
        value = named.pop(each.name, missing)
        if value is missing:
            value = each.default
        if value is missing:
            if each.default_factory is missing:
                return None
            value = each.default_factory()  # type: ignore[operator, misc]
        values.append(value)
    return None if named or len(arguments) > len(fields) else values


def _slow_eq(cls: type, fields: Fields, one: Any, other: Any) -> Any:
    if other.__class__ is not one.__class__:
        return NotImplemented
    names = [each.name for each in fields if each.compare]
    return tuple([getattr(one, name) for name in names]) == tuple([getattr(other, name) for name in names])


def _slow_hash(cls: type, fields: Fields, one: Any) -> Any:
    names = [each.name for each in fields if (each.compare if each.hash is None else each.hash)]
    return hash(tuple([getattr(one, name) for name in names]))


# -- methods as they will be ------------------------------------------------------------------------------


def _init_shape(cls: Any, fields: Fields) -> Shape:
    """Whether it is frozen; has slots of its own; which fields have a factory; whether __post_init__ is there."""
    frozen = cls.__dataclass_params__ is _FROZEN
    made = tuple([each.default_factory is not MISSING for each in fields])
    return "__init__", frozen, frozen and "__slots__" in cls.__dict__, made, hasattr(cls, "__post_init__")


def _make_init(cls: Any, fields: Fields, shape: Shape) -> FunctionType:
    _, _, slots, made, _ = shape
    names: dict[str, Any] = {"_set": object.__setattr__, "_missing": MISSING}
    names |= {f"_make_{i}": each.default_factory for i, each in enumerate(fields) if made[i]}
    if slots:
        names |= {f"_set_{i}": getattr(cls, each.name).__set__ for i, each in enumerate(fields)}
    with_default = _with_default(cls, fields)
    return _function(shape, [each.name for each in fields], names, tuple([each.default for each in with_default]))


def _compared(cls: Any, fields: Fields) -> list[str]:
    return [each.name for each in fields if each.compare]


def _hashed(cls: Any, fields: Fields) -> list[str]:
    return [each.name for each in fields if (each.compare if each.hash is None else each.hash)]


_SHAPES: dict[str, Callable[[Any, Fields], Shape]] = {
    "__init__": _init_shape,
    "__eq__": lambda cls, fields: ("__eq__", len(_compared(cls, fields))),
    "__hash__": lambda cls, fields: ("__hash__", len(_hashed(cls, fields))),
}
_MAKERS: dict[str, Maker] = {
    "__init__": _make_init,
    "__eq__": lambda cls, fields, shape: _function(shape, _compared(cls, fields)),
    "__hash__": lambda cls, fields, shape: _function(shape, _hashed(cls, fields)),
}


def _with_default(cls: type, fields: Fields) -> list[Field[Any]]:
    """The last fields. The default of one with a factory is MISSING, which the code of __init__ looks for."""
    found = [each for each in fields if each.default is not MISSING or each.default_factory is not MISSING]
    if found != list(fields)[len(fields) - len(found) :]:
        raise TypeError(f"{cls.__name__}: a field without a default follows one with a default")
    return found


def _function(shape: Shape, fields: list[str], names: dict[str, Any] | None = None,
              defaults: tuple[Any, ...] = ()) -> FunctionType:
    """A function of code in which the fields are called f0, f1 and so on: as if it had been written with their names.
    Compiling takes ten times as long as this, and classes with as many fields share their code."""
    own = {f"f{i}": name for i, name in enumerate(fields)}

    def named(given: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple([own.get(each, each) if isinstance(each, str) else each for each in given])

    code = _CODES.get(shape)
    if code is None:
        code = _CODES[shape] = _compiled(_LINES[shape[0]](*shape[1:]), shape[0])
    code = code.replace(
        co_varnames=named(code.co_varnames), co_names=named(code.co_names), co_consts=named(code.co_consts)
    )
    return FunctionType(code, {"__builtins__": builtins} | (names or {}), code.co_name, defaults)


_CODES: dict[Shape, CodeType] = {}


def _init_lines(frozen: bool, slots: bool, made: tuple[bool, ...], has_post_init: bool) -> list[str]:
    """With slots their own setters are there as _set_0 and so on, which take half the time of object's, and nodes of
    plans are made by the thousand."""
    body = []
    for i, by_factory in enumerate(made):
        value = f"_make_{i}() if f{i} is _missing else f{i}" if by_factory else f"f{i}"
        if slots:
            body.append(f"    _set_{i}(self, {value})")
        else:
            body.append(f"    _set(self, 'f{i}', {value})" if frozen else f"    self.f{i} = {value}")
    if has_post_init:
        body.append("    self.__post_init__()")
    parameters = ", ".join(("self", *(f"f{i}" for i in range(len(made)))))
    return [f"def __init__({parameters}):", *(body or ["    pass"])]


def _eq_lines(fields: int) -> list[str]:
    return [
        "def __eq__(self, other):",
        "    if other.__class__ is self.__class__:",
        f"        return {_values('self', fields)} == {_values('other', fields)}",
        "    return NotImplemented",
    ]


def _hash_lines(fields: int) -> list[str]:
    return ["def __hash__(self):", f"    return hash({_values('self', fields)})"]


_LINES: dict[str, Callable[..., list[str]]] = {
    "__init__": _init_lines, "__eq__": _eq_lines, "__hash__": _hash_lines,
}


def _values(of: str, fields: int) -> str:
    return "(" + "".join(f"{of}.f{i}, " for i in range(fields)) + ")"


def _compiled(lines: list[str], name: str) -> CodeType:
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    code: CodeType = names[name].__code__
    return code


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
