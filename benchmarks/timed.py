"""Runs one command and prints what it took, as JSON: a process of its own, small, so that its size is not measured.

    python -I -S benchmarks/timed.py LOG COMMAND [ARGUMENT ...]

Linux counts the size of the process that starts a command into the command's peak, hence no imports but these.
"""

import os
import sys
import time


def main() -> None:
    log, *command = sys.argv[1:]
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    none = os.open(os.devnull, os.O_RDONLY)
    files = [(os.POSIX_SPAWN_DUP2, none, 0), (os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.monotonic()
    pid = os.posix_spawn(command[0], command, environment, file_actions=files)
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - began
    code = os.waitstatus_to_exitcode(status)
    print(f'{{"code": {code}, "wall": {wall}, "cpu": {used.ru_utime + used.ru_stime}, "peak": {used.ru_maxrss}}}')


main()
