"""What a target holds of us, and what shall change there: literals in, a plan out."""

from __future__ import annotations

import msgspec
import pytest

from errordocs import ledger
from errordocs.ledger import Claim
from errordocs.ledger import Ledger
from errordocs.ledger import Plan
from errordocs.model import Failed

NOW = 1_800_000_000
CSS = "assets/site.0123456789.css"
NEWER_CSS = "assets/site.abcdef0123.css"
SITE = {
    "index.html": "1",
    "errors/index.html": "2",
    "errors/500.html": "3",
    "api/errors/500.json": "4",
    CSS: "5",
    "sitemap.xml": "6",
    "_headers": "7",
}


def ledger_of(site: dict[str, str], **more: object) -> Ledger:
    tags = {key: item.tag for key, item in ledger.items(site, None, beside=False).items()}
    return msgspec.structs.replace(Ledger(tags), **more)


def planned(former: Ledger, site: dict[str, str], now: int = NOW, grace: float = 7, deletes: bool = True) -> Plan:
    return ledger.plan(former, ledger.items(site, None, beside=False), now, grace, deletes)


def groups(plan: Plan) -> list[tuple[str, list[str]]]:
    return [(name, [item.key for item in items]) for name, items in plan.groups]


# Order


def test_assets_go_before_pages_before_indexes_before_home_before_sitemap() -> None:
    assert groups(planned(Ledger(), SITE)) == [
        ("new assets", [CSS]),
        ("new pages", ["api/errors/500.json", "errors/500.html"]),
        ("new indexes", ["_headers", "errors/index.html"]),
        ("new home page", ["index.html"]),
        ("new sitemap", ["sitemap.xml"]),
    ]


def test_what_is_new_goes_before_what_changes() -> None:
    after = {**SITE, "errors/500.html": "30", "errors/501.html": "31", "topics/index.html": "32"}
    assert groups(planned(ledger_of(SITE), after)) == [
        ("new pages", ["errors/501.html"]),
        ("new indexes", ["topics/index.html"]),
        ("changed pages", ["errors/500.html"]),
    ]


def test_nothing_changes_in_an_equal_site() -> None:
    plan = planned(ledger_of(SITE), SITE)
    assert (plan.groups, plan.deletions, plan.kept, plan.unchanged) == ((), (), (), len(SITE))
    assert plan.final == ledger_of(SITE)


# Doubt


def test_interim_manifest_knows_old_and_new_files_and_doubts_what_travels() -> None:
    after = {"index.html": "10", "errors/501.html": "11"}
    interim = planned(ledger_of({"index.html": "1", "errors/500.html": "3"}), after).interim
    assert interim.files.keys() == {"index.html", "errors/500.html", "errors/501.html"}
    assert interim.files["errors/501.html"] == ledger.PERHAPS
    assert interim.files["index.html"] == ledger.OLD_OR_NEW


def test_what_is_in_doubt_is_sent_again_even_as_it_was() -> None:
    former = ledger_of(SITE)
    interrupted = planned(former, {**SITE, "errors/500.html": "30"}).interim
    assert groups(planned(interrupted, SITE)) == [("changed pages", ["errors/500.html"])]


def test_what_an_interrupted_run_added_is_known_and_goes() -> None:
    interrupted = planned(ledger_of(SITE), {**SITE, "errors/501.html": "31"}).interim
    assert planned(interrupted, SITE).deletions == ("errors/501.html",)


def test_what_an_interrupted_run_may_have_deleted_is_sent_again() -> None:
    """The torture test of publish found this: deleted, not written down, and missed when the page came back."""
    less = {key: digest for key, digest in SITE.items() if key != "errors/500.html"}
    before_deletion = planned(ledger_of(SITE), less).final
    assert groups(planned(before_deletion, SITE)) == [("new pages", ["errors/500.html"])]


def test_listing_settles_whether_an_interrupted_run_added_a_file() -> None:
    interrupted = planned(Ledger(), SITE).interim
    settled = ledger.settled(interrupted, {"index.html", "strange"})
    assert settled.files == {"index.html": ledger.OLD_OR_NEW}
    assert "new home page" not in [name for name, _ in groups(planned(settled, SITE))]


# Deletions


def test_page_that_the_site_lacks_goes_at_once() -> None:
    plan = planned(ledger_of(SITE), {key: digest for key, digest in SITE.items() if key != "errors/500.html"})
    assert (plan.deletions, plan.kept) == (("errors/500.html",), ())


def test_hashed_asset_stays_for_its_grace() -> None:
    after = {**{key: digest for key, digest in SITE.items() if key != CSS}, NEWER_CSS: "50"}
    first = planned(ledger_of(SITE), after)
    assert (first.deletions, first.kept) == ((), (CSS,))
    almost = planned(first.final, after, NOW + 7 * ledger.DAY - 1)
    assert (almost.deletions, almost.kept) == ((), (CSS,))
    due = planned(first.final, after, NOW + 7 * ledger.DAY)
    assert (due.deletions, due.kept) == ((CSS,), ())
    assert ledger.without(due.final, due.deletions).leaving == {}


def test_grace_counts_from_when_the_asset_went_out_of_use_not_from_later_runs() -> None:
    after = {**{key: digest for key, digest in SITE.items() if key != CSS}, NEWER_CSS: "50"}
    first = planned(ledger_of(SITE), after)
    second = planned(first.final, {**after, "errors/500.html": "30"}, NOW + 3 * ledger.DAY)
    assert second.final.leaving[CSS][1] == NOW


def test_asset_that_comes_back_in_its_grace_is_not_sent_again() -> None:
    after = {**{key: digest for key, digest in SITE.items() if key != CSS}, NEWER_CSS: "50"}
    gone = planned(ledger_of(SITE), after).final
    back = planned(gone, SITE)
    assert groups(back) == []
    assert back.final.leaving.keys() == {NEWER_CSS}


def test_without_deletions_old_files_are_remembered_for_a_later_run() -> None:
    after = {key: digest for key, digest in SITE.items() if key != "errors/500.html"}
    kept = planned(ledger_of(SITE), after, deletes=False)
    assert (kept.deletions, kept.kept) == ((), ("errors/500.html",))
    assert planned(kept.final, after).deletions == ("errors/500.html",)


@pytest.mark.parametrize(
    ("published", "gone", "is_mass"),
    [(1000, 256, False), (1000, 257, True), (40, 21, True), (40, 20, False), (8, 8, False)],
)
def test_hundreds_of_deletions_or_half_of_the_site_are_a_mass(published: int, gone: int, is_mass: bool) -> None:
    site = {f"errors/{number}.html": "1" for number in range(published)}
    former = ledger_of(site)
    rest = dict(list(site.items())[gone:])
    assert ledger.is_mass_deletion(planned(former, rest), former) is is_mass


# Headers


@pytest.mark.parametrize(
    ("path", "kind", "is_kept"),
    [
        ("index.html", "text/html; charset=utf-8", False),
        (CSS, "text/css; charset=utf-8", True),
        ("assets/site.0123456789.js", "text/javascript; charset=utf-8", True),
        ("assets/icon.0123456789.svg", "image/svg+xml; charset=utf-8", True),
        ("lookup.js", "text/javascript; charset=utf-8", False),
        ("api/errors.json", "application/json; charset=utf-8", False),
        ("feed.xml", "application/xml; charset=utf-8", False),
        ("_headers", "text/plain; charset=utf-8", False),
        (".nojekyll", "text/plain; charset=utf-8", False),
    ],
)
def test_headers_follow_from_the_name(path: str, kind: str, is_kept: bool) -> None:
    cache = "public, max-age=31536000, immutable" if is_kept else "public, max-age=0, must-revalidate"
    assert ledger.headers_of(path) == {"Content-Type": kind, "Cache-Control": cache}


def test_compressed_file_takes_the_place_of_the_plain_one_in_a_bucket() -> None:
    made = ledger.items({"index.html": "1", "assets/i.0123456789.png": "2", ".nojekyll": "3"}, "gzip", beside=False)
    encodings = {key: item.headers.get("Content-Encoding") for key, item in made.items()}
    assert encodings == {"index.html": "gzip", "assets/i.0123456789.png": None, ".nojekyll": None}


def test_compressed_file_stands_beside_the_plain_one_in_a_folder() -> None:
    made = ledger.items({"index.html": "1"}, "br", beside=True)
    assert {key: item.source for key, item in made.items()} == {
        "index.html": "index.html",
        "index.html.br": "index.html",
    }


def test_other_compression_is_a_change() -> None:
    plain, packed = (ledger.items({"index.html": "1"}, how, beside=False) for how in (None, "gzip"))
    assert plain["index.html"].tag != packed["index.html"].tag


# What the manifest may say


def test_manifest_is_read_as_it_was_written() -> None:
    former = ledger_of(SITE, leaving={CSS: ("5", NOW)}, claim=Claim("abc", NOW))
    assert ledger.decoded(ledger.encoded(former), "m") == former


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"version": "1"}', b'{"version": 1, "files": {"a": 1}}', b'{"version":1,"odd":1}', b"\xff"],
)
def test_damaged_manifest_is_told_with_the_mend(data: bytes) -> None:
    with pytest.raises(Failed, match="^m is damaged .*; put its last version back, or delete it"):
        ledger.decoded(data, "m")


def test_newer_manifest_asks_for_the_newer_generator() -> None:
    with pytest.raises(Failed, match="^m was written by a newer generator .*; publish with that one"):
        ledger.decoded(b'{"version": 2, "shards": []}', "m")


@pytest.mark.parametrize("path", ["../other", "a//b", "/etc/passwd", "a/./b", "", ".errordocs-publish.json", "a\\b"])
def test_manifest_names_nothing_outside(path: str) -> None:
    data = ledger.encoded(Ledger(leaving={path: ("1", 0)}))
    with pytest.raises(Failed, match="is damaged"):
        ledger.decoded(data, "m")
