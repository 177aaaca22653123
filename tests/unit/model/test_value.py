import copy
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from pathlib import Path

import pytest

from planner.model.value import record, value


@value
class Point:
    """A place."""

    x: int
    y: int = 0
    note: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)
    seen: list[int] = field(default_factory=list, compare=False, repr=False)


@value
class Other:
    """The same fields in another class."""

    x: int
    y: int = 0


@value
class Alone:
    """One field."""

    x: float


@value
class Nothing:
    """No field."""


@value
class Own:
    """Methods of its own."""

    x: int

    def __repr__(self) -> str:
        return "mine"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 7


@value
class Nested:
    """A value in a value."""

    point: Point
    others: tuple[Other, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """What the standard library makes of the fields of `Other`."""

    x: int
    y: int = 0


@record
class Pair:
    """Fields by their order."""

    first: int
    second: int = 2


def test_a_record_takes_its_fields_in_their_order() -> None:
    assert Pair(1) == Pair(first=1, second=2)
    assert repr(Pair(1, 3)) == "Pair(first=1, second=3)"
    with pytest.raises(FrozenInstanceError):
        Pair(1).first = 2  # type: ignore[misc]
    match Pair(1):
        case Pair(first, second):
            assert (first, second) == (1, 2)


def test_equality_goes_by_the_compared_fields_and_the_class() -> None:
    assert Point(x=1, note="a") == Point(x=1, note="b")
    assert Point(x=1) != Point(x=2)
    assert Point(x=1, secret="a") != Point(x=1, secret="b")
    assert Other(x=1) != Standard(x=1)
    assert Point(x=1) != 1
    assert Nothing() == Nothing()


def test_one_value_that_is_not_itself_compares_as_in_the_standard_library() -> None:
    nan = float("nan")
    assert Alone(x=nan) == Alone(x=nan)
    assert Alone(x=nan) != Alone(x=float("nan"))


def test_equal_values_hash_alike() -> None:
    assert hash(Point(x=1, note="a")) == hash(Point(x=1, note="b"))
    assert hash(Other(x=1, y=2)) == hash(Standard(x=1, y=2))
    assert len({Point(x=1), Point(x=1), Point(x=2)}) == 2
    with pytest.raises(TypeError):
        hash(Alone(x=[]))  # type: ignore[arg-type]


def test_it_prints_as_in_the_standard_library() -> None:
    assert repr(Other(x=1)) == repr(Standard(x=1)).replace("Standard", "Other")
    assert repr(Point(x=1, secret="s")) == "Point(x=1, y=0, note='')"
    assert repr(Nothing()) == "Nothing()"


def test_methods_of_its_own_stay() -> None:
    assert (repr(Own(x=1)), Own(x=1) == Own(x=2), hash(Own(x=1))) == ("mine", True, 7)


def test_nothing_can_be_assigned_deleted_or_added() -> None:
    point = Point(x=1)
    with pytest.raises(FrozenInstanceError, match="assign to field 'x'"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="delete field 'x'"):
        del point.x
    with pytest.raises(FrozenInstanceError):
        point.z = 2  # type: ignore[attr-defined]
    assert point.x == 1
    assert not hasattr(point, "__dict__")


def test_only_keywords_of_fields_make_one() -> None:
    with pytest.raises(TypeError, match=r"Point.__init__\(\) missing 1 required.* 'x'"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        Point(x=1, z=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        Point(1)  # type: ignore[misc]
    with pytest.raises(TypeError):
        Nothing(x=1)  # type: ignore[call-arg]


def test_a_factory_makes_a_default_for_each() -> None:
    first, second = Point(x=1), Point(x=1)
    first.seen.append(1)
    assert (first.seen, second.seen) == ([1], [])
    assert Point(x=1, seen=[3]).seen == [3]


def test_the_standard_library_knows_it_as_a_dataclass() -> None:
    nested = Nested(point=Point(x=1), others=(Other(x=2),))
    assert replace(nested, others=()) == Nested(point=Point(x=1))
    assert [one.name for one in fields(Other)] == ["x", "y"]
    assert asdict(nested)["others"] == ({"x": 2, "y": 0},)


def test_it_survives_pickling_and_copying() -> None:
    nested = Nested(point=Point(x=1, note="n"), others=(Other(x=2),))
    for again in (pickle.loads(pickle.dumps(nested)), copy.deepcopy(nested), copy.copy(nested)):
        assert again == nested
        assert again.point.note == "n"


def test_the_type_checker_sees_keywords_and_frozen_fields(tmp_path: Path) -> None:
    text = (
        "from planner.model.value import value\n"
        "@value\n"
        "class Point:\n"
        "    x: int\n"
        "    y: int = 0\n"
        "point = Point(x=1)\n"
        "Point(1)\n"
        "Point(x='1')\n"
        "point.y = 2\n"
    )
    file = tmp_path / "use.py"
    file.write_text(text)
    root = Path(__file__).parents[3]
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(file)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    lines = [line.split(":")[1] for line in found if ": error:" in line]
    assert lines == ["7", "8", "9"], found
