"""Sizes from which a file or a function smells of trouble."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.code import (
    ROOT,
    Module,
    complexity,
    files_of_tests,
    functions,
    length,
    modules,
    nodes,
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


def test_files_are_short() -> None:
    assert _longer_than(FILE_LINES, [module.path for module in modules()]) == []


def test_tests_are_short() -> None:
    assert _longer_than(TEST_FILE_LINES, files_of_tests()) == []


def _longer_than(most: int, paths: Sequence[Path]) -> list[str]:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    return [
        f"{path.relative_to(ROOT)}: {many} lines" for path, many in lines.items() if many > most
    ]


def test_functions_are_short_and_simple() -> None:
    wrong = [
        f"{module.place}:{one.lineno}: {one.name}: {length(one)} lines, "
        f"complexity {complexity(one)}, {parameters(one)} parameters"
        for module in modules()
        for one in functions(module.tree)
        if length(one) > FUNCTION_LINES
        or complexity(one) > COMPLEXITY
        or parameters(one) > PARAMETERS
    ]
    assert wrong == []


def test_parameters_without_a_name_at_the_call_are_few() -> None:
    wrong = [
        f"{module.place}:{one.lineno}: {one.name}"
        for module in modules()
        for one in functions(module.tree)
        if len([given for given in one.args.args if given.arg not in {"self", "cls"}]) > POSITIONAL
        and not one.name.startswith("_")
    ]
    assert wrong == []


def test_classes_have_few_methods() -> None:
    wrong = [
        f"{module.place}:{one.lineno}: {one.name}"
        for module in modules()
        for one in nodes(module.tree)
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


def test_everything_public_is_documented() -> None:
    wrong = [module.place for module in modules() if not ast.get_docstring(module.tree)]
    wrong += [
        f"{module.place}:{one.lineno}: {one.name}"
        for module in modules()
        for scope in (module.tree, *_public_classes(module.tree))
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


def test_names_say_what_they_mean() -> None:
    wrong = [
        f"{module.place}:{line}: {name}"
        for module in modules()
        for line, name in _names(module)
        if BANNED & {word.lower() for word in _WORD.findall(name)} or "handle_data" in name
    ]
    assert wrong == []


def _names(module: Module) -> Iterator[tuple[int, str]]:
    yield 1, module.path.stem
    for node in nodes(module.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg


def test_the_linter_holds_the_same_ceilings() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert lint["mccabe"]["max-complexity"] == COMPLEXITY
    assert lint["pylint"]["max-args"] == PARAMETERS
