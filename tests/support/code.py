"""The source tree as the architecture tests see it: modules, imports, functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = (
    ROOT / "planner",
    ROOT / "plugins" / "sagemaker" / "planner_sagemaker",
    ROOT / "plugins" / "databricks" / "planner_databricks",
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Module:
    """One source file; `imports` are the modules it needs, as far as they are ours or named."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def place(self) -> str:
        return str(self.path.relative_to(ROOT))


@cache
def modules() -> tuple[Module, ...]:
    return tuple(_module(path) for package in PACKAGES for path in sorted(package.rglob("*.py")))


@cache
def module_names() -> frozenset[str]:
    return frozenset(module.name for module in modules())


def files_of_tests() -> list[Path]:
    return sorted((ROOT / "tests").rglob("*.py"))


def _module(path: Path) -> Module:
    package = next(package for package in PACKAGES if path.is_relative_to(package))
    parts = path.relative_to(package.parent).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name=name, path=path, tree=ast.parse(path.read_text(encoding="utf-8")))


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Everything in a tree: many rules ask for it, and to walk it takes longer than to judge it."""
    return tuple(ast.walk(tree))


@cache
def imports(module: Module, *, at_run_time: bool = False) -> tuple[tuple[str, int], ...]:
    """Each imported module with its line; `at_run_time` leaves TYPE_CHECKING blocks out."""
    return tuple(_imports(module, at_run_time=at_run_time))


def _imports(module: Module, *, at_run_time: bool) -> Iterator[tuple[str, int]]:
    for node in _walk(module.tree) if at_run_time else nodes(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.place}:{node.lineno}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner in module_names() else str(node.module)), node.lineno


def top_level_imports(module: Module) -> Iterator[str]:
    """What is imported when the module is: not inside functions, not for type checkers."""
    for node in module.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            wrapped = Module(
                name=module.name, path=module.path, tree=ast.Module(body=[node], type_ignores=[])
            )
            yield from (name for name, _ in imports(wrapped))


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """All but what only type checkers see."""
    left = [tree]
    while left:
        node = left.pop()
        yield node
        left += [one for one in ast.iter_child_nodes(node) if not _is_type_checking(one)]


def _is_type_checking(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in nodes(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines of a function without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def parameters(function: Function) -> int:
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return len([one for one in given if one.arg not in {"self", "cls"}])


def complexity(function: Function) -> int:
    """Number of paths as McCabe counts them."""
    return 1 + sum(_branches(node) for node in ast.walk(function) if node is not function)


def _branches(node: ast.AST) -> int:
    match node:
        case ast.If() | ast.ExceptHandler() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return 1
        case ast.For() | ast.AsyncFor() | ast.While():
            return 1 + bool(node.orelse)
        case ast.Match():
            wild = node.cases[-1].pattern
            return len(node.cases) - (isinstance(wild, ast.MatchAs) and wild.pattern is None)
        case ast.Try():
            return int(bool(node.orelse))
        case _:
            return 0
