"""How far a publish is, what it will do, and what it did, in words; a bar where a person watches."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from typing import Any

from errordocs import ledger

if TYPE_CHECKING:
    from tqdm import tqdm

    from errordocs.publish import Done
    from errordocs.publish import Watch


def watch(is_quiet: bool) -> Watch:
    """Who tells how far it is: nobody, a bar on a terminal, or a line for each group elsewhere."""
    if is_quiet:
        return _Silence()
    if not sys.stderr.isatty():
        return _Lines()
    try:
        import tqdm
    except ModuleNotFoundError:
        return _Lines()
    return _Bar(tqdm.tqdm)


def plan(done: Done) -> str:
    """A line for each file: `+` new, `~` changed, `-` deleted, `=` unused, kept for its grace."""
    planned = done.plan
    marks = (("+", planned.added), ("~", planned.changed), ("-", planned.deletions), ("=", planned.kept))
    return "".join(f"{mark} {path}\n" for mark, paths in marks for path in paths)


def summary(done: Done, target: str, is_dry: bool, seconds: float) -> str:
    """What a publish did, in a line; what is there and not ours in another."""
    planned = done.plan
    counts = (
        f"{len(planned.added)} new, {len(planned.changed)} changed, {planned.unchanged} unchanged, "
        f"{len(planned.deletions)} deleted"
    )
    assets = sum(map(ledger.is_hashed, planned.kept))
    kept = f", {assets} unused assets kept" if assets else ""
    left = f", {len(planned.kept) - assets} old files kept" if len(planned.kept) > assets else ""
    how = "nothing was sent, --dry-run" if is_dry else f"{done.bytes / 1e6:.1f} MB in {seconds:.1f} s"
    foreign = f"\n{target}: {len(done.foreign)} files there are not ours, as {done.foreign[0]}" if done.foreign else ""
    return f"{target}: {counts}{kept}{left} ({how}){foreign}"


class _Silence:
    def begin(self, deed: str, count: int) -> None:
        pass

    def step(self) -> None:
        pass

    def end(self) -> None:
        pass


class _Lines(_Silence):
    """A line when a group begins; logs keep them in order."""

    def begin(self, deed: str, count: int) -> None:
        print(f"{deed}: {count}", file=sys.stderr, flush=True)


class _Bar(_Silence):
    """tqdm's bar, one a group."""

    def __init__(self, make: type[tqdm[Any]]) -> None:
        self.make = make
        self.bar: tqdm[Any] | None = None

    def begin(self, deed: str, count: int) -> None:
        self.bar = self.make(total=count, desc=deed, unit=" files", file=sys.stderr, leave=False, dynamic_ncols=True)

    def step(self) -> None:
        if self.bar is not None:
            self.bar.update()

    def end(self) -> None:
        if self.bar is not None:
            self.bar.close()
