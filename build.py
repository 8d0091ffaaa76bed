#!/usr/bin/env python3
"""The command: `python build.py --help`."""

import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever stops a run, it clears up and says so
    try:
        from errordocs import stamp

        status = stamp.replay(sys.argv[1:])
        if status is None:
            from errordocs.cli import main

            status = main(sys.argv[1:])
    except ModuleNotFoundError as error:
        print(
            f"build.py: {error.name} is not installed here; run `make site`, then use .venv/bin/python",
            file=sys.stderr,
        )
        status = 3
    except KeyboardInterrupt:
        print("build.py: stopped; another run finishes the work", file=sys.stderr)
        status = 3
    sys.exit(status)
