"""Who may import whom."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.support.code import Module, imports, module_names, modules, nodes, top_level_imports

LAYERS = {
    "planner.model": 0,
    "planner.errors": 0,
    "planner.diagnostics": 0,
    "planner.spec": 1,
    "planner.capacity": 1,
    "planner.diff": 1,
    "planner.alerts": 1,
    "planner.solver": 2,
    "planner.plans": 2,
    "planner.profiling": 2,
    "planner.traces": 2,
    "planner.doctor": 3,
    "planner.provider": 3,
    "planner.engine": 4,
    "planner.exports": 4,
    "planner.sources": 3,
    "planner.price_lists": 3,
    "planner.locks": 4,
    "planner.policies": 4,
    "planner.deciding": 5,
    "planner.live": 5,
    "planner.provider.testing": 6,
    "planner.views": 5,
    "planner.checkup": 6,
    "planner.workflow": 6,
    "planner.cli": 7,
    "planner.__main__": 8,
}
PURE = 2
IMPURE_MODULES = {
    *("asyncio", "boto3", "botocore", "http", "logging", "multiprocessing", "os", "random"),
    *("requests", "secrets", "shutil", "socket", "subprocess", "sys", "tempfile", "threading"),
    *("time", "urllib", "uuid"),
}
IMPURE_CALLS = {"open", "print", "input"}
OPEN_TO_PLUGINS = (
    "planner.model",
    "planner.errors",
    "planner.alerts",
    "planner.provider.interface",
    "planner.provider.gateway",
    "planner.provider.sandbox",
)
OPEN_TO_PLUGINS_TOO = ("planner.spec.quantities", "planner.diagnostics")
SDKS = {"boto3", "botocore", "databricks"}
SDK_FILES = {"gateway.py", "service_models.py"}
"""The one door of a plugin to its cloud; and what a sandbox reads an SDK's service models with."""


def _core() -> list[Module]:
    return [module for module in modules() if module.name.startswith("planner.")]


def _plugins() -> list[Module]:
    return [module for module in modules() if module.name.split(".")[0] != "planner"]


def _package(name: str) -> str:
    below = ".".join(name.split(".")[:3])
    return below if below in LAYERS else ".".join(name.split(".")[:2])


def _may_import(own: str, other: str) -> bool:
    return LAYERS[other] < LAYERS[own] or LAYERS[other] == LAYERS[own] == 0


def test_every_package_has_a_layer() -> None:
    assert {_package(module.name) for module in _core()} - LAYERS.keys() == set()


def test_a_module_imports_only_from_a_lower_layer_or_its_own_package() -> None:
    wrong = [
        f"{module.place}:{line}: {own} (L{LAYERS[own]}) imports {name}"
        for module in _core()
        for own in [_package(module.name)]
        for name, line in imports(module)
        if name.startswith("planner.")
        and _package(name) != own
        and not _may_import(own, _package(name))
    ]
    assert wrong == []


def test_the_core_imports_no_plugin() -> None:
    wrong = [
        f"{module.place}:{line}: {name}"
        for module in _core()
        for name, line in imports(module)
        if name.startswith("planner_")
    ]
    assert wrong == []


def test_a_plugin_imports_only_what_a_third_party_may() -> None:
    open_to_all = (*OPEN_TO_PLUGINS, *OPEN_TO_PLUGINS_TOO)
    wrong = [
        f"{module.place}:{line}: {name}"
        for module in _plugins()
        for name, line in imports(module)
        if name.startswith("planner")
        and not name.startswith((module.name.split(".")[0], *open_to_all))
    ]
    assert wrong == []


def test_the_lower_layers_are_pure() -> None:
    lower = [module for module in _core() if LAYERS[_package(module.name)] <= PURE]
    assert [one for module in lower for one in _impure(module)] == []


def _impure(module: Module) -> Iterator[str]:
    every = nodes(module.tree)
    seeded = {
        node.lineno
        for node in every
        if isinstance(node, ast.ImportFrom) and node.module == "random"
        if [name.name for name in node.names] == ["Random"]
    }
    for name, line in imports(module, at_run_time=True):
        if name.split(".")[0] in IMPURE_MODULES and line not in seeded:
            yield f"{module.place}:{line}: {name}"
    for node in every:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in IMPURE_CALLS:
                yield f"{module.place}:{node.lineno}: {node.func.id}()"
            if node.func.id == "Random" and not node.args:
                yield f"{module.place}:{node.lineno}: Random without a seed"


def test_a_cloud_sdk_is_imported_only_in_a_gateway() -> None:
    wrong = [
        f"{module.place}:{line}: {name}"
        for module in modules()
        if module.path.name not in SDK_FILES
        for name, line in imports(module)
        if name.split(".")[0] in SDKS
    ]
    assert wrong == []


def test_the_model_needs_the_standard_library_alone() -> None:
    heavy = ("pydantic", "yaml", "rich", "typer", "croniter", "ruamel")
    wrong = [
        f"{module.place}:{line}: {name}"
        for module in _core()
        if module.name.startswith("planner.model")
        for name, line in imports(module)
        if name.split(".")[0] in heavy
    ]
    assert wrong == []


def test_no_import_cycles() -> None:
    graph = {
        module.name: {
            name
            for name in top_level_imports(module)
            if name in module_names() and name != module.name
        }
        for module in modules()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
    assert "planner.workflow" in order


def test_the_package_itself_imports_nothing_until_asked() -> None:
    (root,) = (module for module in modules() if module.name == "planner")
    assert set(top_level_imports(root)) <= {"__future__", "typing"}
