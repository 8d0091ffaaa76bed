#!/usr/bin/env python3
"""The command: `python build.py --help`."""

import sys

try:
    from errordocs.cli import main
except ModuleNotFoundError as error:
    print(f"build.py: {error.name} is not installed here; run `make site`, then use .venv/bin/python", file=sys.stderr)
    sys.exit(3)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
