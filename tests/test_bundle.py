"""The offline download: the same bytes for the same site, whole after it is unpacked anywhere, or nothing at all."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from hashlib import blake2b
from pathlib import Path

import pytest

from errordocs import write
from errordocs.bundle import bundle
from errordocs.model import Failed
from errordocs.model import Output

FILES = {
    "index.html": '<a href="errors/1.html">one</a>',
    "errors/1.html": '<a href="../index.html">home</a>',
    ".nojekyll": "",
    "a.css": "a" * 5000,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, and the working one, with a built site in it."""
    monkeypatch.chdir(tmp_path)
    made = (text.encode() for text in FILES.values())
    outputs = [Output(p, "page", d, blake2b(d, digest_size=16).hexdigest()) for p, d in zip(FILES, made, strict=True)]
    write.site(tmp_path / "output", tmp_path / ".errordocs", outputs)
    return tmp_path


def names(target: str) -> list[str]:
    with zipfile.ZipFile(target) as archive:
        return archive.namelist()


def test_bundle_holds_every_file_of_the_site_under_one_folder(folder: Path) -> None:
    assert bundle("output", "dist/docs.zip", "docs") == 4
    assert names("dist/docs.zip") == ["docs/.nojekyll", "docs/a.css", "docs/errors/1.html", "docs/index.html"]


def test_bundle_is_whole_after_it_is_unpacked_elsewhere(folder: Path) -> None:
    bundle("output", "docs.zip", "docs")
    with zipfile.ZipFile("docs.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(folder / "far/away")
    unpacked = folder / "far/away/docs"
    found = {path.relative_to(unpacked).as_posix(): path for path in unpacked.rglob("*") if path.is_file()}
    assert {name: path.read_text() for name, path in found.items()} == FILES
    for path in found.values():
        for href in re.findall('href="(.*?)"', path.read_text()):
            assert (path.parent / href).is_file()


def test_bundle_is_the_same_bytes_twice_whenever_it_is_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle("output", "one.zip", "docs")
    for path in (folder / "output").rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    os.chmod(folder / "output/index.html", 0o600)
    umask = os.umask(0o077)
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    bundle("output", "deep/er/two.zip", "docs")
    os.umask(umask)
    assert Path("one.zip").read_bytes() == Path("deep/er/two.zip").read_bytes()
    assert stat.S_IMODE(os.stat("one.zip").st_mode) == stat.S_IMODE(os.stat("deep/er/two.zip").st_mode) == 0o644


def test_members_are_plain_files_that_anybody_may_read(folder: Path) -> None:
    bundle("output", "docs.zip", "docs")
    with zipfile.ZipFile("docs.zip") as archive:
        assert {member.external_attr >> 16 for member in archive.infolist()} == {stat.S_IFREG | 0o644}
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_no_build_wrote_stays_out(folder: Path) -> None:
    (folder / "output/secret.txt").write_text("x")
    bundle("output", "docs.zip", "docs")
    assert not any("secret" in name for name in names("docs.zip"))


def test_bundle_replaces_an_older_one(folder: Path) -> None:
    Path("docs.zip").write_text("old")
    bundle("output", "docs.zip", "docs")
    assert len(names("docs.zip")) == 4


@pytest.mark.parametrize("output", ["nowhere", "empty"])
def test_bundle_of_no_site_is_refused(output: str, folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(Failed, match=f"{output}: there is no site to bundle; build it first"):
        bundle(output, "docs.zip", "docs")
    assert not Path("docs.zip").exists()


@pytest.mark.parametrize("target", ["output/docs.zip", "output/errors/docs.zip", "./output/../output/docs.zip"])
def test_bundle_inside_the_site_is_refused(target: str, folder: Path) -> None:
    with pytest.raises(Failed, match="this lies inside the site; choose a place outside"):
        bundle("output", target, "docs")
    assert {p.name for p in (folder / "output").rglob("*.zip")} == set()


def test_site_that_lacks_a_file_is_refused_and_the_older_bundle_stays(folder: Path) -> None:
    Path("docs.zip").write_text("old")
    (folder / "output/a.css").unlink()
    with pytest.raises(Failed, match=r"output/a.css: No such file or directory; build again"):
        bundle("output", "docs.zip", "docs")
    assert Path("docs.zip").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == [".errordocs", "docs.zip", "output"]


@pytest.mark.parametrize("target", ["file/docs.zip", "folder"])
def test_place_that_cannot_hold_a_bundle_is_told(target: str, folder: Path) -> None:
    (folder / "file").touch()
    (folder / "folder").mkdir()
    with pytest.raises(Failed, match="choose another place with --to"):
        bundle("output", target, "docs")
    assert not any(path.name.startswith(".bundle-") for path in folder.iterdir())
