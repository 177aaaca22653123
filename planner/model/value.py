"""`@value` and `@record`: frozen dataclasses with slots that are cheap to define.

`@dataclass(frozen=True, slots=True)` compiles six functions for each class, about 0.5 ms; with
more than a hundred classes that was a sixth of the time of a small plan. Here only `__init__` is
compiled, and the other methods are closures over the names of the fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

Made = TypeVar("Made")
Key = Callable[[Any], tuple[Any, ...]]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def value(cls: type[Made]) -> type[Made]:
    """Return the class as a dataclass that equals, hashes, prints and pickles by its fields.

    `fields`, `replace` and `asdict` of the standard library work on it. A method that the class
    defines itself stays. There is no `InitVar` and no `field(init=False)`.
    """
    return _made(cls, kw_only=True)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[Made]) -> type[Made]:
    """Return the class as `value` does, for a few fields whose order speaks for itself."""
    return _made(cls, kw_only=False)


def _made(cls: type[Made], *, kw_only: bool) -> type[Made]:
    own = set(vars(cls))
    made = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    known = fields(made)  # type: ignore[arg-type]  # a dataclass since the line above
    key = _key(tuple(one.name for one in known if one.compare))
    methods: dict[str, Callable[..., Any]] = {
        "__init__": _init(made, known, kw_only=kw_only),
        "__repr__": _repr(tuple(one.name for one in known if one.repr)),
        "__eq__": _eq(key),
        "__hash__": lambda self: hash(key(self)),
        "__setattr__": _refuse_assignment,
        "__delattr__": _refuse_deletion,
        "__setstate__": _restore,
    }
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    return made


def _init(made: type, known: tuple[Field[Any], ...], *, kw_only: bool) -> Callable[..., None]:
    """Compile the constructor: a loop over keywords would cost every instance twice the time."""
    names: dict[str, Any] = {"_MISSING": MISSING}
    parameters, lines = ["self", "*"] if known and kw_only else ["self"], []
    for one in known:
        name, given = one.name, one.name
        names[f"_set_{name}"] = getattr(made, name).__set__  # the slot: `self.x = x` is refused
        if one.default_factory is not MISSING:
            names[f"_make_{name}"] = one.default_factory
            parameters.append(f"{name}=_MISSING")
            given = f"_make_{name}() if {name} is _MISSING else {name}"
        elif one.default is not MISSING:
            names[f"_default_{name}"] = one.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        lines.append(f" _set_{name}(self, {given})")
    if hasattr(made, "__post_init__"):
        lines.append(" self.__post_init__()")
    source = f"def __init__({', '.join(parameters)}):\n" + ("\n".join(lines) or " pass")
    exec(source, names)  # noqa: S102  names of fields are identifiers: nothing else gets in
    init: Callable[..., None] = names["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _key(names: tuple[str, ...]) -> Key:
    """Return the values of these fields as a tuple; `attrgetter` makes one of two names or more."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _eq(key: Key) -> Callable[[Any, object], Any]:
    def equal(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return key(self) == key(other)

    return equal


def _repr(names: tuple[str, ...]) -> Callable[[Any], str]:
    def shown(self: Any) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({values})"

    return shown


def _refuse_assignment(_: object, name: str, __: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(_: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _restore(self: object, state: tuple[None, dict[str, Any]]) -> None:
    """Fill a copy or an unpickled value, which `__setattr__` would refuse."""
    for name, one in state[1].items():
        object.__setattr__(self, name, one)
