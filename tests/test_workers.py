"""Work on every core: all results come, what fails comes through, and nothing is left behind.

What forks does so in a process of its own, since the one that runs the tests has threads.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errordocs import workers
from errordocs.model import Failed
from errordocs.model import Misused
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

BEGIN = """
import os, signal, sys
from errordocs import workers
from errordocs.model import Failed, Misused

def descriptors():
    return sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1]

def children():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return "none"
    return "some"

def end(number):
    os.kill(os.getpid(), signal.SIGKILL)
    return b""

before = descriptors()
"""


def ran(code: str) -> list[str]:
    """The lines that a process says that runs this; fails where it hangs or breaks."""
    command = [sys.executable, "-W", "error", "-c", BEGIN + code]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


# Batches


@given(st.integers(0, 5000), st.integers(1, 64), st.integers(1, 16))
def test_batches_hold_every_number_once_and_in_order(count: int, jobs: int, least: int) -> None:
    made = workers.batches(count, jobs, least=least)
    assert [number for batch in made for number in batch] == list(range(count))
    assert all(len(batch) <= max(128, least) for batch in made)


def test_little_work_is_one_batch() -> None:
    assert workers.batches(8, 4) == [range(8)]
    assert workers.batches(0, 4) == []


def test_much_work_keeps_all_busy() -> None:
    assert len(workers.batches(1000, 4)) >= 8 * 4


def test_there_is_at_least_one_core() -> None:
    assert workers.cores() >= 1


# In this process


@pytest.mark.parametrize(("count", "jobs"), [(5, 1), (1, 8), (0, 8), (5, 0)])
def test_what_one_process_can_do_is_done_in_this_one(count: int, jobs: int) -> None:
    seen = []
    made = list(workers.each(count, lambda number: seen.append(number) or b"%d" % number, jobs))
    assert made == [b"%d" % number for number in range(count)]
    assert seen == list(range(count))


def test_tasks_are_done_as_their_results_are_asked_for() -> None:
    results: Iterator[bytes] = workers.each(5, lambda number: b"%d" % (8 // (3 - number)), 1)
    assert [next(results) for _ in range(3)] == [b"2", b"4", b"8"]
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.parametrize("kind", [Failed, Misused])
def test_failure_in_this_process_comes_through(kind: type[Failed]) -> None:
    def act(number: int) -> bytes:
        raise kind("there is no room")

    with pytest.raises(kind, match="there is no room"):
        list(workers.each(1, act, 4))


def test_process_with_threads_is_not_forked() -> None:
    told = ran(
        "import threading\n"
        "stop = threading.Event()\n"
        "thread = threading.Thread(target=stop.wait)\n"
        "thread.start()\n"
        "print({int(one) for one in workers.each(20, lambda number: b'%d' % os.getpid(), 4)} == {os.getpid()})\n"
        "stop.set()\n"
    )
    assert told == ["True"]


# In several


def test_results_of_all_tasks_come_once() -> None:
    code = "print(sorted(int(one) for one in workers.each({0}, lambda n: b'%d' % n, {1})) == list(range({0})))\n"
    cases = [(2, 2), (3, 8), (100, 2), (256, 3), (257, 3), (2000, 4)]
    assert ran("".join(code.format(*case) for case in cases)) == ["True"] * len(cases)


def test_other_processes_do_the_work() -> None:
    told = ran(
        "ids = [int(one) for one in workers.each(40, lambda number: b'%d' % os.getpid(), 2)]\n"
        "print(os.getpid() in ids, len(set(ids)) <= 2)\n"
    )
    assert told == ["False", "True"] or told == ["False True"]


def test_results_may_be_empty_or_large() -> None:
    told = ran(
        "sizes = [0, 1, 65535, 65536, 262144, 3_000_000, 0]\n"
        "made = list(workers.each(len(sizes), lambda number: bytes([number]) * sizes[number], 3))\n"
        "print(sorted(map(len, made)) == sorted(sizes))\n"
        "print(all(len(set(one)) <= 1 for one in made))\n"
    )
    assert told == ["True", "True"]


def test_what_is_in_memory_is_there_in_every_process() -> None:
    told = ran(
        "texts = [os.urandom(8) for _ in range(50)]\n"
        "print(sorted(workers.each(50, lambda number: texts[number], 4)) == sorted(texts))\n"
    )
    assert told == ["True"]


@pytest.mark.parametrize("kind", ["Failed", "Misused"])
def test_failure_in_a_child_comes_through(kind: str) -> None:
    told = ran(
        "def act(number):\n"
        "    if number == 7:\n"
        f"        raise {kind}('ü: there is no room; make some')\n"
        "    return b''\n"
        "try:\n"
        "    list(workers.each(50, act, 3))\n"
        f"except Failed as failed:\n"
        "    print(type(failed).__name__, failed, children(), descriptors() == before)\n"
    )
    assert told == [f"{kind} ü: there is no room; make some none True"]


def test_bug_in_a_child_is_told_with_its_place() -> None:
    told = ran(
        "def act(number):\n"
        "    return b'%d' % (1 // (number - 3))\n"
        "try:\n"
        "    list(workers.each(50, act, 3))\n"
        "except RuntimeError as error:\n"
        "    print('ZeroDivisionError' in str(error), 'in act' in str(error), children(), descriptors() == before)\n"
    )
    assert told == ["True True none True"]


@pytest.mark.parametrize(
    "act", ["end", "lambda number: end(number) if number == 30 else b'x' * 99999", "lambda number: os._exit(0)"]
)
def test_child_that_is_killed_is_a_failure_that_says_what_to_do(act: str) -> None:
    told = ran(
        "try:\n"
        f"    list(workers.each(50, {act}, 3))\n"
        "except Failed as failed:\n"
        "    print(failed)\n"
        "print(children(), descriptors() == before)\n"
    )
    assert told == ["a process of the build was killed; free some memory, or give fewer --jobs", "none True"]


def test_results_that_nobody_asks_for_leave_no_child() -> None:
    told = ran(
        "results = workers.each(500, lambda number: b'x' * 70000, 3)\n"
        "next(results)\n"
        "results.close()\n"
        "print(children(), descriptors() == before)\n"
    )
    assert told == ["none True"]


def test_run_to_the_end_leaves_no_child_and_no_descriptor() -> None:
    told = ran(
        "for _ in range(5):\n"
        "    list(workers.each(300, lambda number: b'', 3))\n"
        "print(children(), descriptors() == before)\n"
    )
    assert told == ["none True"]


def test_child_does_nothing_of_its_parents_at_its_end() -> None:
    told = ran(
        "import atexit\n"
        "atexit.register(print, 'at the end')\n"
        "sys.stdout.write('before ')\n"
        "list(workers.each(50, lambda number: b'', 3))\n"
        "sys.stdout.write('after ')\n"
    )
    assert told == ["before after at the end"]


def test_system_that_forks_no_more_is_a_failure_and_leaves_nothing() -> None:
    told = ran(
        "fork, count = os.fork, []\n"
        "def limited():\n"
        "    count.append(1)\n"
        "    if len(count) > 1:\n"
        "        raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
        "    return fork()\n"
        "os.fork = limited\n"
        "try:\n"
        "    print(len(list(workers.each(50, lambda number: b'', 3))))\n"
        "except Failed as failed:\n"
        "    print('Failed')\n"
        "except OSError as error:\n"
        "    print('OSError')\n"
        "print(children(), descriptors() == before)\n"
    )
    assert told in (["50", "none True"], ["Failed", "none True"])


def test_child_ends_when_its_parent_is_killed() -> None:
    """A child that outlives its parent would go on with an output that another build may touch by then."""
    code = (
        "def act(number):\n"
        "    os.write(1, b'%d\\n' % os.getpid())\n"
        "    return b'x' * 200000\n"
        "results = workers.each(200, act, 2)\n"
        "next(results)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", BEGIN + code]
    # The pipe ends only when the last process that holds it has ended.
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert 1 <= len(done.stdout.split()) < 200
