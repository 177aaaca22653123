"""Judges by others, in an environment of their own: the AWS CLI pins what we use too.

requirements/tools.txt names them, sources.txt beside it what is only read, and node/ what npm has.

The environment is made once and used again, by other runs too, until one of these changes;
PLANNER_TEST_TOOLS names one that is ready, and nothing is installed then.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.support.code import ROOT
from tests.support.command import Done

PINS = ROOT / "requirements" / "tools.txt"
SOURCES = ROOT / "requirements" / "sources.txt"
NODE = ROOT / "requirements" / "node"
VARIABLE = "PLANNER_TEST_TOOLS"
_UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError"
    r"|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT"
)


class UnreachableError(Exception):
    """The package index does not answer."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """An environment with the programs."""

    home: Path

    @property
    def python(self) -> str:
        return str(self.home / "bin" / "python")

    def source(self, pattern: str) -> Path:
        """The one file of that path in a package's source."""
        (found,) = (self.home / "sources").glob(pattern)
        return found

    def aws(self, *arguments: str, url: str, cwd: Path, exported: bool = False) -> Done:
        """The AWS CLI as somebody without any configuration runs it; answers are JSON.

        The address stands in an option, or in the environment where it is `exported`.
        """
        place = () if exported else ("--endpoint-url", url)
        done = subprocess.run(
            [self.python, "-m", "awscli", *arguments, *place, "--output", "json"],
            cwd=cwd,
            env={**_environment(), **({"AWS_ENDPOINT_URL": url} if exported else {})},
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Done(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


@dataclass(frozen=True, kw_only=True)
class Moto:
    """A running server of moto."""

    url: str

    def reset(self) -> None:
        urlopen(Request(f"{self.url}/moto-api/reset", data=b"")).close()


@pytest.fixture(scope="session")
def tools() -> Tools:
    """The programs; skips where they have to be installed and the package index is out of reach."""
    named = os.environ.get(VARIABLE)
    if named:
        return Tools(home=Path(named))
    files = (PINS, SOURCES, NODE / "package-lock.json")
    pins = "".join(file.read_text(encoding="utf-8") for file in files)
    # An environment is thrown away with what belongs to it.
    base = sys.prefix if sys.prefix != sys.base_prefix else tempfile.gettempdir()
    digest = hashlib.sha256(f"{sys.version_info[:2]} {pins}".encode()).hexdigest()
    home = Path(base) / f"tools-{digest[:12]}"
    _reached(make_once, home)
    return Tools(home=home)


@pytest.fixture(scope="session")
def node_tools(tools: Tools) -> Path:
    """Where npm's programs are; skips where there is no npm, and where `tools` does."""
    home = tools.home / "node"
    if not os.environ.get(VARIABLE) and shutil.which("npm"):
        _reached(make_node_once, home)
    if not (home / "complete").exists() or not shutil.which("node"):
        pytest.skip("node and npm are not here")
    return home


def _reached(make: Callable[[Path], None], home: Path) -> None:
    try:
        make(home)
    except UnreachableError as error:
        pytest.skip(f"packages cannot be reached, and {VARIABLE} is not set: {error}")


@pytest.fixture(scope="session")
def moto(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A server of moto on a free port of the loopback."""
    command = [tools.python, "-m", "moto.server", "--host", "127.0.0.1", "--port", "0"]
    log = tmp_path_factory.mktemp("moto") / "log"
    with (
        log.open("w") as written,
        subprocess.Popen(
            command, env=_environment(), stdout=written, stderr=subprocess.STDOUT
        ) as server,
    ):
        try:
            yield Moto(url=_told(server, log))
        finally:
            server.terminate()


def _told(server: subprocess.Popen[bytes], log: Path) -> str:
    """The address that a server writes as soon as it listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        if found := re.search(r"Running on (http://\S+)", log.read_text()):
            return found[1]
        time.sleep(0.05)
    pytest.fail(f"moto's server does not listen:\n{log.read_text()}")


def make_once(home: Path) -> None:
    """An environment with the programs, unless it is there; others that want it wait.

    Raises UnreachableError, and CalledProcessError for everything else.
    """
    _once(home, _make)


def make_node_once(home: Path) -> None:
    """As `make_once`, with npm's programs."""
    _once(home, _make_node)


def _once(home: Path, make: Callable[[Path], None]) -> None:
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = home / "complete"
        if not done.exists():
            make(home)
            done.touch()


def _make(home: Path) -> None:
    venv.create(home, clear=True, symlinks=True, with_pip=find_spec("pip") is None)
    python = str(home / "bin" / "python")
    pip = (
        [sys.executable, "-m", "pip", "--python", python]
        if find_spec("pip")
        else [python, "-m", "pip"]
    )
    # What is not compiled now is when it is used: most of it never is. A retry is what says why.
    quick = ["--quiet", "--no-deps", "--retries", "1"]
    _fetch(*pip, "install", *quick, "--no-compile", "--requirement", str(PINS))
    # pip asks a source for its name and version before it hands it out, and so builds that much.
    kept = ["--no-binary", ":all:", "--no-build-isolation", "--dest", str(home / "sources")]
    _fetch(*pip, "download", *quick, *kept, "--requirement", str(SOURCES))
    for archive in (home / "sources").glob("*.tar.gz"):
        with tarfile.open(archive) as packed:
            packed.extractall(home / "sources", filter="data")


def _make_node(home: Path) -> None:
    shutil.copytree(NODE, home, dirs_exist_ok=True)
    # Nothing of a package runs before a test asks it to.
    _fetch(
        "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0", cwd=home
    )


def _fetch(*command: str, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        if found := _UNREACHABLE.search(done.stderr):
            raise UnreachableError(found[0])
        raise subprocess.CalledProcessError(
            done.returncode, done.args, output=done.stdout, stderr=done.stderr
        )


def _environment() -> dict[str, str]:
    """Without this user's settings for AWS and Python."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("AWS_", "PYTHON", "MOTO_"))
    }
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
