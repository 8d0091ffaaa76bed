"""Publishing to Azure's Blob storage, as Azurite has it on this machine."""

from __future__ import annotations

import base64
import hmac
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from errordocs import ledger
from errordocs import publish
from errordocs import write
from errordocs.model import Failed
from errordocs.publish import Wishes
from tests import stores
from tests.conftest import REPOSITORY
from tests.conftest import lacking
from tests.stores import QUIET
from tests.stores import Proxy
from tests.test_publish import PATIENT
from tests.test_publish import QUICK

ACCOUNT = "devstoreaccount1"  # Azurite's own, with the key that everybody knows
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
LOCAL = REPOSITORY / "tests/node_modules/.bin/azurite-blob"


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The account's address; the container `site` is there, and open to readers."""
    program = str(LOCAL) if LOCAL.exists() else shutil.which("azurite-blob")
    if program is None:
        lacking("azurite is not installed (make .venv/test with npm): publishing to Azure is not tested")
    folder, port = tmp_path_factory.mktemp("azurite"), stores.free_port()
    words = ("--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder), "--skipApiVersionCheck")
    with subprocess.Popen([program, *words, "--disableTelemetry"], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        try:
            lines = iter(child.stdout.readline, b"")
            assert any(b"successfully listen" in line for line in lines), "Azurite did not start"
            threading.Thread(target=child.stdout.read, daemon=True).start()
            address = f"http://127.0.0.1:{port}"
            for container in ("site", "$web"):
                make(address, container)
            yield address
        finally:
            child.terminate()


def make(address: str, container: str) -> None:
    """Makes a container that anybody may read."""
    headers = {
        "x-ms-blob-public-access": "blob",
        "x-ms-date": formatdate(usegmt=True),
        "x-ms-version": "2021-08-06",
    }
    told = "".join(f"{name}:{value}\n" for name, value in headers.items())
    text = f"PUT{chr(10) * 12}{told}/{ACCOUNT}/{ACCOUNT}/{container}\nrestype:container"
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), "sha256")).decode()
    headers["Authorization"] = f"SharedKey {ACCOUNT}:{signature}"
    assert stores.ask(address, "PUT", f"/{ACCOUNT}/{container}?restype=container", headers=headers).status == 201


@pytest.fixture
def proxy(azurite: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    before = Proxy(azurite)
    yield before
    before.close()


def send(proxy: Proxy, project: Path, state: Path, container: str = "site", limits: object = QUICK) -> publish.Done:
    wishes = Wishes(endpoint=f"{proxy.address}/{ACCOUNT}", grace=0)
    target = f"az://{container}/{state.name}"
    return publish.publish(str(project / "output"), target, str(state), wishes, QUIET, limits)  # type: ignore[arg-type]


@pytest.mark.parametrize("container", ["site", "$web"])
def test_azure_serves_what_was_published(
    proxy: Proxy, azurite: str, generations: list[Path], tmp_path: Path, container: str
) -> None:
    for project in generations[:2]:
        send(proxy, project, tmp_path, container)
        for path in write.manifest(project / "output"):
            response = stores.ask(azurite, "GET", f"/{ACCOUNT}/{container}/{tmp_path.name}/{path}")
            assert (response.status, response.data) == (200, (project / "output" / path).read_bytes())
            headers = {name: response.getheader(name) for name in ("Content-Type", "Cache-Control")}
            assert headers == ledger.headers_of(path)
    gone = write.manifest(generations[0] / "output").keys() - write.manifest(generations[1] / "output").keys()
    for path in gone:
        assert stores.ask(azurite, "GET", f"/{ACCOUNT}/{container}/{tmp_path.name}/{path}").status == 404
    proxy.reset()
    send(proxy, generations[1], tmp_path, container)
    assert len(proxy.seen) == 1


@pytest.mark.parametrize("fate", ["cut", "500", "503"])
def test_azure_is_whole_after_an_interruption(
    proxy: Proxy, azurite: str, generations: list[Path], tmp_path: Path, fate: str
) -> None:
    send(proxy, generations[0], tmp_path)
    for number in (3, 17, 40):
        proxy.reset(lambda count, *_, number=number: fate if count >= number else None)
        with pytest.raises(Failed):
            send(proxy, generations[1], tmp_path)
        found, broken = stores.crawl(f"{azurite}/{ACCOUNT}/site/{tmp_path.name}/", headers={})
        assert (len(found) > 25, broken) == (True, [])
    proxy.reset(lambda count, *_: "503" if count % 4 == 0 else None)
    send(proxy, generations[1], tmp_path, limits=PATIENT)
    assert stores.crawl(f"{azurite}/{ACCOUNT}/site/{tmp_path.name}/", headers={})[1] == []


def test_of_two_publishers_to_azure_one_wins(proxy: Proxy, generations: list[Path], tmp_path: Path) -> None:
    def begin(number: int) -> None:
        send(proxy, generations[number], tmp_path / str(number) / "same")

    ends = list(stores.race(proxy, begin, (0, 1), last=6).values())
    assert sorted(map(bool, ends)) == [False, True], ends
    assert "another publish took over" in max(ends)


def test_wrong_container_and_key_are_told(
    proxy: Proxy, generations: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Failed, match="there is no bucket `nobody`; correct the name, or create it first"):
        send(proxy, generations[0], tmp_path, "nobody")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"wrong").decode())
    with pytest.raises(Failed, match=r"(the credentials are refused|no permission to \w+) \(403 \w+\); .*"):
        send(proxy, generations[0], tmp_path)
    assert os.environ["AZURE_STORAGE_ACCOUNT_NAME"] == ACCOUNT
