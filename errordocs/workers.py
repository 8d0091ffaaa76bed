"""Work on every core: processes that are forked with all there is in memory, and hand back bytes.

Tasks are numbers, taken one by one from a pipe, so that no process waits while another has much left. What a task
gives goes back through a pipe of each process's own. A process ends when its parent does.
"""

from __future__ import annotations

import gc
import marshal
import os
import select
import signal
import struct
import threading
from collections.abc import Callable
from collections.abc import Iterator
from itertools import islice

from errordocs.model import Failed
from errordocs.model import Misused

AHEAD = 256  # tasks that wait in the pipe; so many numbers fit into any
LIFE = 32  # tasks that a process does
LENGTH = struct.Struct("=IB")
NUMBER = struct.Struct("=I")
RESULT, ENDED, FAILED, BROKEN = range(4)

Act = Callable[[int], bytes]


def cores() -> int:
    """How many processes may run at once on this machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def batches(count: int, jobs: int, least: int = 8, most: int = 128) -> list[range]:
    """The numbers below `count` in runs of neighbours: enough of them to keep all busy to the end."""
    size = max(least, min(most, -(-count // (jobs * 8))))
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def each(count: int, act: Act, jobs: int) -> Iterator[bytes]:
    """What `act` gives for each number below `count`, as it comes; in this process where one is enough.

    Raises Failed where a task did, or where a process was killed. A process with threads is not forked.
    """
    jobs = min(jobs, count)
    if jobs < 2 or not hasattr(os, "fork") or threading.active_count() > 1:
        yield from map(act, range(count))
        return
    pool = _Pool(act)
    try:
        yield from pool.results(count, jobs)
    finally:
        pool.end()


class _Pool:
    """Processes that take numbers from one pipe. Each gives way to a new one after some tasks.

    What a process has touched of what it was forked with is a copy of its own; so that goes with it.
    """

    def __init__(self, act: Act) -> None:
        self.act = act
        self.queue, self.feed = os.pipe()
        self.children: dict[int, int] = {}  # the end from which a process's results are read, and the process
        self.poll = select.poll()
        gc.freeze()  # what is there stays shared: nobody looks for garbage in it

    def results(self, count: int, jobs: int) -> Iterator[bytes]:
        """Whole results of all processes, as they come."""
        numbers = iter(range(count))
        self._ask(islice(numbers, AHEAD))
        for _ in range(jobs):
            self._start()
        parts = {read: bytearray() for read in self.children}
        while self.children:
            for read, _ in self.poll.poll():
                data = os.read(read, 1 << 18)
                if not data:
                    raise Failed("a process of the build was killed; free some memory, or give fewer --jobs")
                parts[read] += data
                for kind, result in _whole(parts[read]):
                    if kind == RESULT:
                        count -= 1
                        self._ask(islice(numbers, 1))
                        yield result
                    elif kind == FAILED:
                        name, text = marshal.loads(result)
                        raise (Misused if name == "Misused" else Failed)(text)
                    elif kind == BROKEN:
                        raise RuntimeError(marshal.loads(result))
                    else:
                        self._stop(read)
                        if result and count > len(self.children):  # more is left than the others can have taken
                            parts[self._start()] = bytearray()

    def _ask(self, numbers: Iterator[int]) -> None:
        if asked := b"".join(map(NUMBER.pack, numbers)):
            os.write(self.feed, asked)
        elif self.feed >= 0:
            os.close(self.feed)  # which tells that there will be no more
            self.feed = -1

    def _start(self) -> int:
        read, write = os.pipe()
        try:
            child = os.fork()
        except OSError as error:
            os.close(read)
            os.close(write)
            raise Failed(f"no process can be started ({error.strerror}); give fewer --jobs") from None
        if child == 0:
            _work(self.queue, write, self.act, [read, *self.children, *([self.feed] if self.feed >= 0 else [])])
        os.close(write)
        self.children[read] = child
        self.poll.register(read, select.POLLIN)
        return read

    def _stop(self, read: int) -> None:
        child = self.children.pop(read)
        self.poll.unregister(read)
        os.close(read)
        os.kill(child, signal.SIGKILL)  # it has ended, or is not needed any more
        os.waitpid(child, 0)

    def end(self) -> None:
        """Ends them all."""
        for read in tuple(self.children):
            self._stop(read)
        for descriptor in (self.queue, self.feed):
            if descriptor >= 0:
                os.close(descriptor)
        gc.unfreeze()


def _work(queue: int, write: int, act: Act, others: list[int]) -> None:
    """What a child does; it leaves by _exit, so that nothing of its parent's is done twice."""
    code = 1
    try:
        for descriptor in others:
            os.close(descriptor)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends its children
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        gc.disable()
        try:
            left = LIFE
            while left and (number := os.read(queue, NUMBER.size)):
                _send(write, RESULT, act(*NUMBER.unpack(number)))
                left -= 1
            _send(write, ENDED, b"" if left else b"there may be more")
        except Failed as failed:
            _send(write, FAILED, marshal.dumps((type(failed).__name__, str(failed))))
        except Exception:
            import traceback

            _send(write, BROKEN, marshal.dumps(traceback.format_exc()))
        code = 0
    finally:
        os._exit(code)


def _send(write: int, kind: int, data: bytes) -> None:
    rest = memoryview(LENGTH.pack(len(data), kind) + data)
    while rest:
        rest = rest[os.write(write, rest) :]


def _whole(got: bytearray) -> Iterator[tuple[int, bytes]]:
    """The messages that have come whole; what is left of `got` is the begin of the next."""
    at = 0
    while len(got) - at >= LENGTH.size:
        length, kind = LENGTH.unpack_from(got, at)
        begin = at + LENGTH.size
        if len(got) < begin + length:
            break
        at = begin + length
        yield kind, bytes(got[begin:at])
    del got[:at]
