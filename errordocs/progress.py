"""How far a run is: a bar where a person watches, lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from typing import Any
from typing import Protocol

if TYPE_CHECKING:
    from tqdm import tqdm


MANY = 500


class Watch(Protocol):
    """Who is told how far it is."""

    def begin(self, deed: str, count: int) -> None:
        """So many steps of this are ahead."""

    def step(self) -> None:
        """One of them is done."""

    def end(self) -> None:
        """All are, or it stopped."""


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


def of_many(watch: Watch, count: int) -> Watch:
    """The same where there is much to do, else nobody: what takes no time is not worth a line."""
    return watch if count >= MANY else _Silence()


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
