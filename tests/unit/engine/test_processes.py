"""Answers that several processes compute; each test runs where there is no second thread."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are not copied here")


def _said(script: str) -> str:
    begin = "from planner.engine.processes import can_share, in_processes\n"
    done = subprocess.run(
        [sys.executable, "-c", begin + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_answers_come_in_their_order_from_processes_of_their_own() -> None:
    assert (
        _said(
            """
            import os, time
            def ask(number):
                time.sleep(0.05 if number == 0 else 0)
                return number, os.getpid()
            found = list(in_processes(ask, 23, processes=3, aside=True))
            print([number for number, _ in found] == list(range(23)))
            print(len({pid for _, pid in found}), os.getpid() in {pid for _, pid in found})
            """
        )
        == "True\n3 False"
    )


def test_what_cannot_be_answered_or_sent_is_left_to_who_asks() -> None:
    assert (
        _said(
            """
            def ask(number):
                if number == 2:
                    raise ValueError(number)
                return (lambda: 0) if number == 9 else number
            print(list(in_processes(ask, 12, processes=1)))
            """
        )
        == "[None, None, None, None, 4, 5, 6, 7, None, None, None, None]"
    )


def test_a_process_that_dies_takes_its_answers_along_and_no_others() -> None:
    assert (
        _said(
            """
            import os
            def ask(number):
                return os._exit(1) if number == 5 else number
            print(list(in_processes(ask, 12, processes=2)))
            """
        )
        == "[0, None, 2, None, 4, None, 6, None, 8, None, 10, None]"
    )


def test_a_process_that_dies_in_the_middle_of_a_message_is_no_error() -> None:
    assert (
        _said(
            """
            import os, signal, threading, time
            def ask(number):
                if number == 0:  # more than a pipe holds, so that it dies while it sends
                    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGKILL)).start()
                    return "x" * 9_999_999
                return number
            answers = in_processes(ask, 2, processes=2)
            from planner.engine import processes
            wait, processes.wait = processes.wait, lambda ones: time.sleep(1) or wait(ones)
            print(list(answers))
            """
        )
        == "[None, 1]"
    )


def test_nobody_goes_on_when_no_more_answers_are_wanted() -> None:
    assert (
        _said(
            """
            import multiprocessing, time
            answers = in_processes(lambda number: time.sleep(0.01) or number, 9_999, processes=2)
            print(next(answers), len(multiprocessing.active_children()))
            answers.close()
            print(multiprocessing.active_children())
            """
        )
        == "0 2\n[]"
    )


def test_who_is_killed_leaves_nobody_behind() -> None:
    assert (
        _said(
            """
            import os, time
            ended, alive = os.pipe()
            if (parent := os.fork()) == 0:
                os.close(ended)
                next(in_processes(lambda number: "x" * 99_999, 9_999, processes=2))
                os.kill(os.getpid(), 9)
            os.close(alive)
            os.waitpid(parent, 0)
            print(os.read(ended, 1))  # nothing, once every copy of the other end is closed
            """
        )
        == "b''"
    )


def test_with_a_second_thread_nothing_is_shared() -> None:
    assert (
        _said(
            """
            import threading
            print(can_share())
            ended = threading.Event()
            threading.Thread(target=ended.wait, daemon=True).start()
            print(can_share())
            ended.set()
            """
        )
        == "True\nFalse"
    )
