"""What a build or a publish did, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from errordocs.pipeline import Built
    from errordocs.publish import Done


def built(done: Built, seconds: float) -> str:
    """What a build did, in a line."""
    counts = f"{done.written} written, {done.unchanged} unchanged, {done.removed} removed"
    return f"{counts}, {done.bytes / 1e6:.1f} MB in {seconds:.1f} s"


def stages(seconds: Mapping[str, float]) -> str:
    """A line for each stage of a build, the longest first; those that ran at once are added up."""
    listed = sorted(seconds.items(), key=lambda stage: -stage[1])
    return "".join(f"{spent:8.3f} s  {name}\n" for name, spent in listed)


def plan(done: Done) -> str:
    """A line for each file: `+` new, `~` changed, `-` deleted, `=` unused, kept for its grace."""
    planned = done.plan
    marks = (("+", planned.added), ("~", planned.changed), ("-", planned.deletions), ("=", planned.kept))
    return "".join(f"{mark} {path}\n" for mark, paths in marks for path in paths)


def published(done: Done, target: str, is_dry: bool, seconds: float) -> str:
    """What a publish did, in a line; what is there and not ours in another."""
    from errordocs import ledger

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
