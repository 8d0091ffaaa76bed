#!/usr/bin/env python3
"""The command: `python build.py --help`."""

import sys

from errordocs import stamp

if __name__ == "__main__":
    status = stamp.replay(sys.argv[1:])
    if status is None:
        try:
            from errordocs.cli import main
        except ModuleNotFoundError as error:
            sys.exit(f"build.py: {error.name} is not installed here; run `make site` once, then use .venv/bin/python")
        status = main(sys.argv[1:])
    sys.exit(status)
