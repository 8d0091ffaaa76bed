"""What was done, in words: counts for people, stages for the curious, a plan line by line."""

from __future__ import annotations

from typing import Any

import pytest

from errordocs import summary
from errordocs.ledger import Ledger
from errordocs.ledger import Plan
from errordocs.pipeline import Built
from errordocs.publish import Done


def test_build_is_told_in_a_line() -> None:
    done = Built((), written=3, unchanged=12, removed=1, bytes=2_345_678)
    assert summary.built(done, 1.26) == "3 written, 12 unchanged, 1 removed, 2.3 MB in 1.3 s"


def test_build_that_did_nothing_is_told_too() -> None:
    assert summary.built(Built((), unchanged=12), 0.04) == "0 written, 12 unchanged, 0 removed, 0.0 MB in 0.0 s"


def test_stages_are_told_the_longest_first() -> None:
    told = summary.stages({"read": 0.5, "render": 12.3456, "write": 0.001})
    assert told == "  12.346 s  render\n   0.500 s  read\n   0.001 s  write\n"


def test_no_stages_are_no_lines() -> None:
    assert summary.stages({}) == ""


# Publishing


def done(bytes: int = 1_500_000, foreign: tuple[str, ...] = (), **changes: Any) -> Done:
    usual: dict[str, Any] = {
        "added": ("a.html",),
        "changed": ("b.html", "c.html"),
        "deletions": ("d.html",),
        "kept": (),
    }
    ledger = Ledger({})
    return Done(Plan(groups=(), unchanged=7, interim=ledger, final=ledger, **usual | changes), bytes, foreign)


def test_plan_is_a_line_a_file() -> None:
    told = summary.plan(done(kept=("e.html",)))
    assert told == "+ a.html\n~ b.html\n~ c.html\n- d.html\n= e.html\n"


@pytest.mark.parametrize(
    ("made", "is_dry", "told"),
    [
        (done(), False, "s3://x: 1 new, 2 changed, 7 unchanged, 1 deleted (1.5 MB in 2.0 s)"),
        (done(), True, "s3://x: 1 new, 2 changed, 7 unchanged, 1 deleted (nothing was sent, --dry-run)"),
        (
            done(kept=("assets/site.0123456789.css", "old.html")), False,
            "s3://x: 1 new, 2 changed, 7 unchanged, 1 deleted, 1 unused assets kept, 1 old files kept "
            "(1.5 MB in 2.0 s)",
        ),
        (
            done(foreign=("x", "y")), False,
            "s3://x: 1 new, 2 changed, 7 unchanged, 1 deleted (1.5 MB in 2.0 s)\n"
            "s3://x: 2 files there are not ours, as x",
        ),
    ],
    ids=["usual", "dry run", "kept", "foreign"],
)  # fmt: skip
def test_publish_is_told_in_a_line(made: Done, is_dry: bool, told: str) -> None:
    assert summary.published(made, "s3://x", is_dry, 2.04) == told
