"""The walkthrough shows what really comes: every command of it is run, in order, in one place.

`--update-golden` writes what comes into the page; read the difference before you commit.
"""

from __future__ import annotations

import re
import shlex
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

from tests.support.code import ROOT
from tests.support.command import planner
from tests.support.live import NOWHERE
from tests.support.tools import Tools

PAGE = ROOT / "docs" / "walkthrough.md"
README = ROOT / "README.md"
BLOCK = re.compile(r"(?<=```console\n)(.*?)(?=```)", re.DOTALL)
SERVED = "http://127.0.0.1:4566"
STATE = ".planner/sandbox.sqlite3"


class Shell:
    """Somebody's terminal: runs what is typed, and gives what would be seen."""

    def __init__(self, home: Path, tools: Tools) -> None:
        self._home = home
        self._tools = tools
        self._code = 0
        self._job = ExitStack()
        self._url = ""

    def types(self, line: str) -> str:
        """What a line prints on standard output."""
        words = shlex.split(line)
        if line == "echo $?":
            return f"{self._code}\n"
        if words[:2] == ["tail", "-3"]:
            text = (self._home / words[2]).read_text(encoding="utf-8")
            return "".join(text.splitlines(keepends=True)[-3:])
        if words[0] == "kill":
            self._job.close()
            return ""
        if words[-1] == "&":
            assert words[:4] == ["planner", "-q", "sandbox", "serve"]
            self._url = self._job.enter_context(
                running(str(self._home / STATE), pace=Pace(update_s=0.1))
            )
            return f"{SERVED}\n"
        if words[0] == "aws":
            return self._aws(words[1:])
        return self._planner(words[1:])

    def _aws(self, words: list[str]) -> str:
        at = words.index("--endpoint-url")
        assert words[at + 1] == SERVED
        del words[at : at + 2]
        done = self._tools.aws(*words, url=self._url, cwd=self._home)
        assert done.code == 0, done.err
        return done.out

    def _planner(self, words: list[str]) -> str:
        into = None
        if ">" in words:
            into = self._home / words.pop()
            words.pop()
        done = planner(*words, cwd=self._home, env=NOWHERE)
        self._code = done.code
        assert done.code in {0, 2}, done.err
        if into is None:
            return done.out
        into.write_text(done.out, encoding="utf-8")
        return ""


def replayed(page: str, shell: Shell) -> str:
    """The page with what its commands print now."""

    def again(block: re.Match[str]) -> str:
        commands = [line[2:] for line in block[1].splitlines() if line.startswith("$ ")]
        return "".join(f"$ {command}\n{shell.types(command)}" for command in commands)

    return BLOCK.sub(again, page)


def parts(text: str) -> dict[str, str]:
    """What commands print, by the lines that call them."""
    shown = (part for block in BLOCK.findall(text) for part in re.split(r"(?m)^(?=\$ )", block))
    return {part.partition("\n")[0]: part for part in shown if part}


def quoted(readme: str, page: str) -> str:
    """The README with the outputs of the page."""
    now = parts(page)
    return BLOCK.sub(
        lambda block: "".join(now[line] for line in parts(f"```console\n{block[1]}```")), readme
    )


@pytest.fixture
def shell(tmp_path: Path, tools: Tools) -> Shell:
    for name in ("fraud-scorer", "databricks-high-qps"):
        shutil.copytree(ROOT / "examples" / name, tmp_path / "examples" / name)
    return Shell(tmp_path, tools)


def test_every_output_of_the_page_is_what_its_command_prints(
    shell: Shell, request: pytest.FixtureRequest
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    again = replayed(page, shell)
    if request.config.getoption("--update-golden"):
        PAGE.write_text(again, encoding="utf-8")
        readme = README.read_text(encoding="utf-8")
        README.write_text(quoted(readme, again), encoding="utf-8")
        return
    assert again == page


def test_what_the_readme_shows_of_it_stands_on_the_page() -> None:
    readme = README.read_text(encoding="utf-8")
    assert parts(readme)
    assert quoted(readme, PAGE.read_text(encoding="utf-8")) == readme
