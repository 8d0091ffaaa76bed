#!/usr/bin/env python3
"""The command: `python build.py --help`."""

import os
import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever stops a run, it clears up and says so
    try:
        from errordocs import stamp

        status = stamp.replay(sys.argv[1:], lambda: __import__("errordocs.make"))  # a build needs most of it
        if not isinstance(status, int):
            from errordocs.cli import main

            status = main(sys.argv[1:], status)
    except ModuleNotFoundError as error:
        print(
            f"build.py: {error.name} is not installed here; run `make site`, then use .venv/bin/python",
            file=sys.stderr,
        )
        status = 3
    except KeyboardInterrupt:
        print("build.py: stopped; another run finishes the work", file=sys.stderr)
        status = 3
    try:  # noqa: SIM105 - what this imports, a run with nothing to do waits for
        sys.stdout.flush()
    except OSError:  # its reader has gone
        pass
    os._exit(status)  # what is in memory goes at once: taking it apart takes longer than a small build
