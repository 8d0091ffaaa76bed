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
many = workers.AHEAD + workers.LIFE * 8  # more than wait in the pipe, and more than three processes do
came = []  # where a process finds something here, it was forked after the first results had come
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


@pytest.mark.parametrize(("count", "jobs"), [("many", 1), ("1", 8)])
def test_one_process_forks_nothing(count: str, jobs: int) -> None:
    told = ran(
        "os.fork = None\n"
        f"ids = [int(one) for one in workers.each({count}, lambda number: b'%d' % os.getpid(), {jobs})]\n"
        f"print(ids == [os.getpid()] * ({count}), descriptors() == before)\n"
    )
    assert told == ["True True"]


# In several


def test_results_of_all_tasks_come_once() -> None:
    code = (
        "def act(number):\n"
        "    return b'%d %d' % (number, number * number)\n"
        "for count, jobs in ({}):\n"
        "    made = sorted(tuple(map(int, one.split())) for one in workers.each(count, act, jobs))\n"
        "    print(made == [(number, number * number) for number in range(count)])\n"
    )
    few = "(2, 2), (3, 8), (100, 2)"
    ahead = "(workers.AHEAD - 1, 3), (workers.AHEAD, 3), (workers.AHEAD + 1, 3), (workers.AHEAD * 5, 4)"
    life = "(workers.LIFE * 3 - 1, 3), (workers.LIFE * 3, 3), (workers.LIFE * 3 + 1, 3), (workers.LIFE * 40, 2)"
    assert ran(code.format(f"{few}, {ahead}, {life}")) == ["True"] * 11


@pytest.mark.parametrize("life", [1, 2, 1_000_000])
def test_life_of_a_process_does_not_matter_to_what_comes(life: int) -> None:
    told = ran(
        f"workers.LIFE = {life}\n"
        "made = sorted(int(one) for one in workers.each(400, lambda number: b'%d' % number, 3))\n"
        "print(made == list(range(400)), children(), descriptors() == before)\n"
    )
    assert told == ["True none True"]


def test_more_tasks_than_fit_into_a_pipe_are_done_too() -> None:
    told = ran(
        "workers.LIFE = 1_000_000\n"  # which spares the time of starting many
        "count = 20_000\n"
        "made = sorted(int(one) for one in workers.each(count, lambda number: b'%d' % number, 2))\n"
        "print(made == list(range(count)))\n"
    )
    assert told == ["True"]


@pytest.mark.parametrize("jobs", [2, 3, 5])
def test_process_gives_way_to_a_new_one(jobs: int) -> None:
    told = ran(
        "from collections import Counter\n"
        "done, live = Counter(), set()\n"
        f"for one in workers.each(many, lambda number: b'%d' % os.getpid(), {jobs}):\n"
        "    done[int(one)] += 1\n"
        "    with open(f'/proc/self/task/{os.getpid()}/children') as file:\n"
        "        live.add(len(file.read().split()))\n"
        "print(sum(done.values()) == many, os.getpid() in done)\n"
        "print(max(done.values()) == workers.LIFE)\n"
        f"print(max(live) == {jobs}, min(live) >= 1)\n"
    )
    assert told == ["True False", "True", "True True"]


def test_process_holds_nothing_of_the_others() -> None:
    """One that held the end into which tasks are put would wait for ever for more of them."""
    told = ran(
        "def act(number):\n"
        "    return b'%d %d' % (len(descriptors()) - len(before), bool(came))\n"
        "results = workers.each(many, act, 3)\n"
        "for one in results:\n"
        "    came.append(one)\n"
        "    if one.endswith(b'1'):\n"
        "        break\n"
        "results.close()\n"
        "print(*sorted(set(came)))\n"
    )
    assert told == ["b'2 0' b'2 1'"]


def test_other_processes_do_the_work() -> None:
    told = ran(
        "ids = [int(one) for one in workers.each(workers.LIFE, lambda number: b'%d' % os.getpid(), 2)]\n"
        "print(os.getpid() in ids, len(set(ids)) <= 2)\n"
    )
    assert told == ["False True"]


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


def test_end_does_not_wait_for_tasks_that_are_long() -> None:
    told = ran(
        "def act(number):\n"
        "    if number == 40:\n"
        "        raise Failed('no room')\n"
        "    return b'' if number < 40 else signal.pause()\n"
        "results = workers.each(50, act, 3)\n"
        "next(results)\n"
        "results.close()\n"
        "print(children(), descriptors() == before)\n"
        "try:\n"
        "    list(workers.each(50, act, 3))\n"
        "except Failed as failed:\n"
        "    print(failed, children(), descriptors() == before)\n"
    )
    assert told == ["none True", "no room none True"]


# What ends in a process that has taken the place of another


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ("raise Failed('no room')", "Failed: no room"),
        ("raise Misused('no such page')", "Misused: no such page"),
        ("raise ValueError('x')", "RuntimeError: ValueError: x"),
        ("end(number)", "Failed: a process of the build was killed; free some memory, or give fewer --jobs"),
        ("os._exit(0)", "Failed: a process of the build was killed; free some memory, or give fewer --jobs"),
    ],
    ids=["failed", "misused", "bug", "killed", "gone"],
)
def test_later_process_that_fails_is_told_and_leaves_nothing(deed: str, told: str) -> None:
    lines = ran(
        "def act(number):\n"
        "    if came:\n"
        f"        {deed}\n"
        "    return b'x' * 5000\n"
        "try:\n"
        "    for one in workers.each(many, act, 3):\n"
        "        came.append(one)\n"
        "except (Failed, RuntimeError) as error:\n"
        "    print(type(error).__name__, str(error).splitlines()[-1], sep=': ')\n"
        "print(len(came) >= workers.LIFE, children(), descriptors() == before)\n"
    )
    assert lines == [told, "True none True"]


def test_results_that_nobody_asks_for_any_more_leave_no_later_child() -> None:
    told = ran(
        "results = workers.each(many, lambda number: b'%d' % bool(came) * 70000, 3)\n"
        "for one in results:\n"
        "    came.append(one)\n"
        "    if one[:1] == b'1':\n"
        "        break\n"
        "results.close()\n"
        "print(len(came) < many, children(), descriptors() == before)\n"
    )
    assert told == ["True none True"]


def test_process_that_cannot_be_replaced_is_a_failure_and_leaves_nothing() -> None:
    told = ran(
        "fork, left = os.fork, [None] * 3\n"
        "def limited():\n"
        "    if not left:\n"
        "        raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
        "    left.pop()\n"
        "    return fork()\n"
        "os.fork = limited\n"
        "try:\n"
        "    list(workers.each(many, lambda number: b'', 3))\n"
        "except Failed as failed:\n"
        "    print(failed)\n"
        "print(children(), descriptors() == before)\n"
    )
    said = "no process can be started (Resource temporarily unavailable); give fewer --jobs"
    assert told == [said, "none True"]


def test_run_to_the_end_leaves_no_child_and_no_descriptor() -> None:
    told = ran(
        "for _ in range(5):\n"
        "    list(workers.each(many, lambda number: b'', 3))\n"
        "    print(children(), descriptors() == before)\n"
    )
    assert told == ["none True"] * 5


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


@pytest.mark.parametrize(("size", "is_later"), [(200_000, 0), (200_000, 1), (0, 0), (0, 1)])
def test_child_ends_when_its_parent_is_killed(size: int, is_later: int) -> None:
    """A child that outlives its parent would go on with an output that another build may touch by then."""
    code = (
        "def act(number):\n"
        "    os.write(1, b'%d\\n' % os.getpid())\n"
        f"    return b'%d' % bool(came) + b'x' * {size}\n"
        "for one in workers.each(many, act, 2):\n"
        "    came.append(one)\n"
        f"    if one[:1] == b'{is_later}':\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", BEGIN + code]
    # The pipe ends only when the last process that holds it has ended.
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert 1 <= len(done.stdout.split()) < workers.AHEAD + workers.LIFE * 8


def test_child_that_waits_for_a_task_ends_when_its_parent_is_killed() -> None:
    code = (
        "workers.LIFE = 1_000_000\n"
        "read, write = os.pipe()\n"
        "results = workers.each(many, lambda number: b'x' * os.write(write, b'x'), 2)\n"
        "next(results)\n"
        "done = 0\n"
        "while done <= workers.AHEAD:\n"  # the first of them was asked to be followed by another
        "    done += len(os.read(read, 4096))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", BEGIN + code]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGKILL, "")
