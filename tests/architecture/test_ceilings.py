"""Sizes from which a file or a function smells of trouble."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.support.code import (
    ROOT,
    Module,
    complexity,
    files_of_tests,
    functions,
    length,
    modules,
    parameters,
)

FILE_LINES = 400
TEST_FILE_LINES = 600
FUNCTION_LINES = 50
COMPLEXITY = 8
PARAMETERS = 6
POSITIONAL = 4
METHODS = 12
BANNED = {"manager", "helper", "helpers", "context", "utils", "util", "process", "handledata"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def _name(module: Module) -> str:
    return module.place


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("module", modules(), ids=_name)
def test_files_are_short(module: Module) -> None:
    assert len(module.path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES


@pytest.mark.parametrize("path", files_of_tests(), ids=_relative)
def test_tests_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= TEST_FILE_LINES


@pytest.mark.parametrize("module", modules(), ids=_name)
def test_functions_are_short_and_simple(module: Module) -> None:
    wrong = [
        f"{module.place}:{one.lineno}: {one.name}: {length(one)} lines, "
        f"complexity {complexity(one)}, {parameters(one)} parameters"
        for one in functions(module.tree)
        if length(one) > FUNCTION_LINES
        or complexity(one) > COMPLEXITY
        or parameters(one) > PARAMETERS
    ]
    assert wrong == []


@pytest.mark.parametrize("module", modules(), ids=_name)
def test_parameters_without_a_name_at_the_call_are_few(module: Module) -> None:
    wrong = [
        f"{module.place}:{one.lineno}: {one.name}"
        for one in functions(module.tree)
        if len([given for given in one.args.args if given.arg not in {"self", "cls"}]) > POSITIONAL
        and not one.name.startswith("_")
    ]
    assert wrong == []


@pytest.mark.parametrize("module", modules(), ids=_name)
def test_classes_have_few_methods(module: Module) -> None:
    wrong = [
        f"{module.place}:{one.lineno}: {one.name}"
        for one in ast.walk(module.tree)
        if isinstance(one, ast.ClassDef)
        and len([item for item in one.body if _is_method(item)]) > METHODS
    ]
    assert wrong == []


def _is_method(item: ast.stmt) -> bool:
    return (
        isinstance(item, ast.FunctionDef)
        and not item.name.startswith("__")
        and not item.decorator_list
    )


@pytest.mark.parametrize("module", modules(), ids=_name)
def test_everything_public_is_documented(module: Module) -> None:
    wrong = [] if ast.get_docstring(module.tree) else [module.place]
    for scope in (module.tree, *_public_classes(module.tree)):
        wrong += [
            f"{module.place}:{one.lineno}: {one.name}"
            for one in scope.body
            if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and not one.name.startswith("_")
            and not ast.get_docstring(one)
        ]
    assert wrong == []


def _public_classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [
        one for one in tree.body if isinstance(one, ast.ClassDef) and not one.name.startswith("_")
    ]


@pytest.mark.parametrize("module", modules(), ids=_name)
def test_names_say_what_they_mean(module: Module) -> None:
    names = [(1, module.path.stem)]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.append((node.lineno, node.name))
        elif isinstance(node, ast.arg):
            names.append((node.lineno, node.arg))
    wrong = [
        f"{module.place}:{line}: {name}"
        for line, name in names
        if BANNED & {word.lower() for word in _WORD.findall(name)} or "handle_data" in name
    ]
    assert wrong == []


def test_the_linter_holds_the_same_ceilings() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert lint["mccabe"]["max-complexity"] == COMPLEXITY
    assert lint["pylint"]["max-args"] == PARAMETERS
