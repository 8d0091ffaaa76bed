"""What a target's words mean, and what a folder does in the place of a bucket."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from errordocs import store
from errordocs.model import Failed
from errordocs.model import Misused
from errordocs.store import Changed
from errordocs.store import Limits
from errordocs.store import _Bucket
from errordocs.store import _Folder

HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture
def folder(tmp_path: Path) -> _Folder:
    return _Folder(str(tmp_path / "www"))


@pytest.mark.parametrize(
    ("target", "kind", "bucket"),
    [
        ("s3://site", "s3", "site"),
        ("gs://my.site/a/b/", "gs", "my.site"),
        ("az://container/a", "az", "container"),
        ("az://$web", "az", "$web"),
    ],
)
def test_buckets_are_told_by_their_scheme(target: str, kind: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "tester")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")
    opened = store.opened(target, None, Limits())
    assert isinstance(opened, _Bucket)
    assert (opened.kind, opened.bucket) == (kind, bucket)


@pytest.mark.parametrize(
    "target", ["ftp://a", "s3://$web", "s3://", "s3://-", "s3:///a", "file:///tmp", "s3://a/b//c", "gs://a/./b"]
)
def test_other_targets_are_wrong_usage(target: str) -> None:
    with pytest.raises(Misused):
        store.opened(target, None, Limits())


def test_folder_has_no_endpoint() -> None:
    with pytest.raises(Misused, match="--endpoint-url is for buckets"):
        store.opened("www", "http://127.0.0.1:1", Limits())


ERRORS = [
    ("status code: 404 Not Found: <Code>NoSuchBucket</Code>", "there is no bucket `site`"),
    ("status code: 404 Not Found: ContainerNotFound", "there is no bucket `site`"),
    (
        "Received redirect without LOCATION, this normally indicates an incorrectly configured region",
        "the bucket is in another region; set AWS_REGION",
    ),
    ("status code: 401 Unauthorized", "the credentials are refused (401)"),
    ("status code: 403 Forbidden: <Code>AccessDenied</Code>", "no permission to write (403 AccessDenied)"),
    ("Error getting credentials from metadata server", "there are no credentials"),
    ("status code: 503 Service Unavailable: <Code>SlowDown</Code>", "could not write (503 SlowDown); run it again"),
    ("HTTP error: error sending request", "could not write (no answer, or a connection that was cut); run it again"),
    ("Something quite new", "the client cannot write there (Exception); check the target"),
]


@pytest.mark.parametrize(("said", "line"), ERRORS, ids=[line for _, line in ERRORS])
def test_what_the_client_says_becomes_a_line_with_the_mend(
    said: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    bucket = store.opened("s3://site/a", None, Limits())
    assert isinstance(bucket, _Bucket)
    signed = f"Error performing PUT https://site.example/a?sv=1&sig=very-secret in 3ms - {said}"
    told = str(bucket._told("write", Exception(signed), is_refusal=False))
    assert told.startswith(f"s3://site/a: {line}")
    assert "secret" not in told
    assert "\n" not in told


# A folder


def test_folder_reads_what_it_wrote(folder: _Folder) -> None:
    folder.put("errors/500.html", b"<p>", HTML)
    found = folder.get("errors/500.html")
    assert found is not None
    assert found.data == b"<p>"
    assert folder.get("errors/501.html") is None
    assert [(listed.key, listed.size) for listed in folder.listing()] == [("errors/500.html", 3)]


def test_folder_is_made_once_by_one(folder: _Folder) -> None:
    first = folder.put_if("m", b"1", HTML, None)
    with pytest.raises(Changed):
        folder.put_if("m", b"2", HTML, None)
    second = folder.put_if("m", b"2", HTML, first)
    with pytest.raises(Changed):
        folder.put_if("m", b"3", HTML, first)
    assert folder.put_if("m", b"3", HTML, second)


def test_of_many_that_write_at_once_to_a_folder_one_wins(folder: _Folder) -> None:
    won: list[int] = []
    gate = threading.Barrier(8)

    def write(number: int) -> None:
        gate.wait()
        try:
            folder.put_if("m", str(number).encode(), HTML, None)
            won.append(number)
        except Changed:
            pass

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = folder.get("m")
    assert found is not None
    assert [found.data] == [str(number).encode() for number in won]


def test_deletion_takes_folders_that_are_empty_then(folder: _Folder, tmp_path: Path) -> None:
    folder.put("a/b/c.html", b"", HTML)
    folder.put("a/d.html", b"", HTML)
    folder.delete(["a/b/c.html", "never/there.html"])
    assert (tmp_path / "www/a/d.html").exists()
    assert not (tmp_path / "www/a/b").exists()


def test_unfinished_files_of_a_killed_run_are_cleared(folder: _Folder, tmp_path: Path) -> None:
    room = tmp_path / "www" / store.ROOM
    room.mkdir(parents=True)
    (room / "half").write_bytes(b"ha")
    assert list(folder.listing()) == []
    folder.tidy()
    assert not room.exists()


@pytest.mark.parametrize(
    ("code", "mend"), [("ENOSPC", "free some space and publish again"), ("EROFS", "choose another folder")]
)
def test_full_or_closed_disk_is_told(folder: _Folder, code: str, mend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    def fail(*_: object) -> None:
        raise OSError(getattr(errno, code), os.strerror(getattr(errno, code)))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(Failed, match=f"; {mend}$"):
        folder.put("index.html", b"", HTML)
    assert list(folder.listing()) == []
