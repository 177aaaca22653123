"""What may not stand anywhere in the tree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.code import ROOT, files_of_tests

PROVIDERS = re.compile("sagemaker|databricks", re.IGNORECASE)
_CITED = re.compile(r"\s*source: ")
SKIPPED = {".git", ".venv", "__pycache__", "build", "dist", ".hypothesis", "node_modules"}
BINARY = {".pyc", ".parquet", ".png", ".gz", ".sqlite3"}
HOSTS = ("py" + "pi.org", "python" + "hosted.org", "test." + "pypi", "conda." + "anaconda")
PLACES = ("/" + "work/", "/" + "tmp/", "/" + "home/", "/" + "Users/", "C:" + "\\Users")
INSIDE = "/" + "home/argocd/cmp-server/"  # where Argo CD's containers look for plugins
MOCKS = ("unittest." + "mock", "mock." + "patch", "Magic" + "Mock", "monkeypatch." + "setattr")


def _files() -> list[Path]:
    return [
        path
        for path in sorted(ROOT.rglob("*"))
        if path.is_file()
        and path.suffix not in BINARY
        and not SKIPPED & set(path.relative_to(ROOT).parts)
        and not any(part.endswith(("_cache", ".egg-info")) for part in path.parts)
    ]


def test_the_core_names_no_provider() -> None:
    # Not in a docstring, a template or a table either; but where a number comes from is said.
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in _files()
        if path.is_relative_to(ROOT / "planner")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if PROVIDERS.search(line) and not _CITED.match(line)
    ]
    assert wrong == []


def test_no_registry_host_and_no_machine_path_stands_in_the_tree() -> None:
    wrong = []
    for path in _files():
        text = path.read_text(encoding="utf-8", errors="replace").replace(INSIDE, "")
        wrong += [f"{path.relative_to(ROOT)}: {bad}" for bad in (*HOSTS, *PLACES) if bad in text]
    assert wrong == []


def test_tests_replace_nothing_of_ours() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in files_of_tests()
        for text in [path.read_text(encoding="utf-8")]
        for word in MOCKS
        if word in text
    ]
    assert wrong == []


def test_test_directories_are_no_packages() -> None:
    # But the outermost: ciw installs a `tests` of its own, which would be found first.
    assert list((ROOT / "tests").rglob("__init__.py")) == [ROOT / "tests" / "__init__.py"]


def _modules_after(code: str) -> set[str]:
    script = (
        "import sys\n"
        "from planner.cli.main import main\n"
        f"try:\n    main({code})\n"
        "except SystemExit as leave:\n    assert not leave.code, leave.code\n"
        "sys.stderr.write(' '.join(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stderr.split())


NEVER = {"boto3", "botocore", "databricks", "databricks.sdk", "numpy", "pandas", "pyarrow"}


def test_version_imports_nothing_heavy() -> None:
    loaded = _modules_after("['--version']")
    heavy = NEVER | {"rich", "pydantic", "yaml", "ruamel", "croniter", "importlib.metadata"}
    ours = {"planner.workflow", "planner.spec", "planner.solver", "planner.plans"}
    assert loaded & (heavy | ours) == set()


def test_a_json_plan_imports_no_sdk_and_no_table() -> None:
    loaded = _modules_after("['plan', 'examples/fraud-scorer', '--offline', '-o', 'json']")
    assert "planner.workflow" in loaded
    assert loaded & (NEVER | {"rich", "ruamel", "jsonschema"}) == set()
