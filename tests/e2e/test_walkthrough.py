"""The walkthrough shows what really comes: every command of it is run, in order, in one place.

`--update-golden` writes what comes into the page; read the difference before you commit.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

from planner.engine import connected
from tests.support.code import ROOT
from tests.support.command import planner
from tests.support.live import NOWHERE
from tests.support.tools import Tools

PAGE = ROOT / "docs" / "walkthrough.md"
LOOP = ROOT / "docs" / "loop.md"
BEGINS_S = datetime(2027, 1, 4, 9, tzinfo=UTC).timestamp()
"""When the loop begins in its sandbox: what is drawn of traffic hangs on the time."""
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

    def at(self, moment_s: float) -> None:
        """Let the sandbox's time begin just before a moment."""
        with connected(sandbox=str(self._home / STATE)) as connections:
            stand_in = connections.stand_in("sagemaker")
            assert stand_in is not None
            stand_in.advance(moment_s - 55.0 - stand_in.now_s())

    def types(self, line: str) -> str:
        """What a line prints on standard output."""
        line, _, after = line.partition(" | ")
        if after:
            return self._piped(self.types(line), shlex.split(after))
        words = shlex.split(line)
        if line == "echo $?":
            return f"{self._code}\n"
        if words[0] in {"head", "tail", "grep"}:
            return self._piped((self._home / words[-1]).read_text(encoding="utf-8"), words[:-1])
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

    def _piped(self, text: str, words: list[str]) -> str:
        done = subprocess.run(words, input=text, capture_output=True, text=True, check=True)
        return done.stdout

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
        assert done.code in {0, 2, 8}, done.err
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


def kept(page: Path, again: str, request: pytest.FixtureRequest) -> bool:
    """Write the page where that is asked for; whether it was."""
    if request.config.getoption("--update-golden"):
        page.write_text(again, encoding="utf-8")
        return True
    return False


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
    if kept(PAGE, again, request):
        readme = README.read_text(encoding="utf-8")
        README.write_text(quoted(readme, again), encoding="utf-8")
        return
    assert again == page


def test_what_the_readme_shows_of_it_stands_on_the_page() -> None:
    readme = README.read_text(encoding="utf-8")
    assert parts(readme)
    assert quoted(readme, PAGE.read_text(encoding="utf-8")) == readme


def test_the_loop_prints_what_its_page_shows(shell: Shell, request: pytest.FixtureRequest) -> None:
    shell.at(BEGINS_S)
    page = LOOP.read_text(encoding="utf-8")
    again = replayed(page, shell)
    if not kept(LOOP, again, request):
        assert again == page


def test_a_service_time_40_percent_too_low_is_seen_corrected_and_planned_for() -> None:
    """Each claim of the page, by what its commands print; that they do is the test above."""
    shown = list(parts(LOOP.read_text(encoding="utf-8")).items())

    def output(*words: str) -> str:
        """What the first command with all of these words prints, the command above it."""
        return next(text for line, text in shown if all(word in line for word in words))

    stated = output("grep", "service_time")
    assert "service_time: 6ms" in stated
    assert "--set 'models[0].service_time=10ms'" in output("load", "service_time")
    seen = output("doctor", "--detailed-exitcode")
    assert re.search(r"p99 is [\d.]+ m?s: the model takes 1\.[67]\d* times as long", seen)
    command = re.search(r"\$ (planner profile calibrate .*)", seen)
    assert command is not None
    corrected = output(command[1])
    factor = re.search(r"service time x ([\d.]+)", corrected)
    assert factor is not None
    assert float(factor[1]) == pytest.approx(10.0 / 6.0, rel=0.03)
    assert re.search(r"factor: 1\.6\d+\n +date: \d{4}-\d\d-\d\d", output("grep", "calibration:"))
    counts = re.search(r"InitialInstanceCount: (\d+) -> (\d+)", output("planner plan", "--sandbox"))
    assert counts is not None
    old, new = map(int, counts.groups())
    assert new > old
    assert f"measured x {factor[1]}" in output("explain")
    assert output("simulate", f"--pin replicas={old} ") == output("before.txt", "planner")
    assert output("head", "before.txt").splitlines()[1].startswith("! fraud-scorer missed ")
    assert output("head", "after.txt").splitlines()[1].startswith("ok fraud-scorer met every ")
    assert "fraud-scorer no change" in output("head", "unchanged.txt")
    assert "fraud-scorer is well" in output("doctor", "--since 30m")
