"""Publishing to Ceph's RADOS Gateway: a real distributed store, as one node on this machine that forgets at the end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from errordocs import ledger
from errordocs import publish
from errordocs import write
from errordocs.model import Failed
from errordocs.publish import Wishes
from tests import stores
from tests.conftest import lacking
from tests.stores import KEYS
from tests.stores import QUIET
from tests.stores import Proxy
from tests.test_publish import QUICK
from tests.test_publish import only

pytestmark = [pytest.mark.ceph, pytest.mark.xdist_group("ceph")]
PROGRAMS = ("ceph-mon", "ceph-osd", "ceph-mgr", "radosgw", "radosgw-admin", "ceph-authtool", "monmaptool", "ceph")
WAIT = 120
# cephx stays on: without it the gateway waits for ever. Everything lies in memory, and one copy is enough.
CONFIG = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon}]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {folder}/keyring
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
pid file =
ms bind ipv6 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data = {folder}/mon
mon data avail crit = 1
mgr data = {folder}/mgr
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 268435456
[mgr]
mgr initial modules =
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{gateway}
rgw data = {folder}/rgw
"""


@pytest.fixture(scope="module")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The gateway's address; the keys are those of the other tests."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        lacking(f"{', '.join(missing)} not installed (apt: radosgw ceph-mon ceph-osd ceph-mgr): no test with Ceph")
    folder = tmp_path_factory.mktemp("ceph")
    gateway = stores.free_port()
    fsid, config = str(uuid.uuid4()), folder / "ceph.conf"
    config.write_text(CONFIG.format(fsid=fsid, folder=folder, mon=stores.free_port(), gateway=gateway))
    for name in ("mon", "mgr", "osd", "rgw"):
        (folder / name).mkdir()

    def run(*words: str) -> str:
        command = [
            words[0],
            *(("-c", str(config)) if words[0] not in ("ceph-authtool", "monmaptool") else ()),
            *words[1:],
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    every = ("--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *")
    keyring = str(folder / "keyring")
    run("ceph-authtool", keyring, "--create-keyring", "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
    for name in ("client.admin", "client.rgw"):
        run("ceph-authtool", keyring, "--gen-key", "-n", name, *every)
    run("ceph-authtool", keyring, "--gen-key", "-n", "osd.0", "--cap", "mon", "allow profile osd", *every[3:])
    run("ceph-authtool", keyring, "--gen-key", "-n", "mgr.x", "--cap", "mon", "allow profile mgr", *every[3:])
    monmap = str(folder / "monmap")
    address = next(line.split("= ")[1] for line in config.read_text().splitlines() if line.startswith("mon host"))
    run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, monmap)
    run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)

    daemons: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> None:
        with (folder / f"{words[0]}.out").open("wb") as out:
            daemons.append(subprocess.Popen([*words, "-c", str(config), "-f"], stdout=out, stderr=out))

    try:
        start("ceph-mon", "-i", "a")
        osd = str(uuid.uuid4())
        run("ceph", "--connect-timeout", str(WAIT), "osd", "new", osd)
        run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd, "--no-mon-config")
        start("ceph-osd", "-i", "0")
        start("ceph-mgr", "-i", "x")
        start("radosgw", "-n", "client.rgw")
        names = ("--uid=tester", "--display-name=Tester")
        secrets = (f"--access-key={KEYS['AWS_ACCESS_KEY_ID']}", f"--secret-key={KEYS['AWS_SECRET_ACCESS_KEY']}")
        run("radosgw-admin", "-n", "client.rgw", "user", "create", *names, *secrets)
        _answers(gateway)
        yield f"http://127.0.0.1:{gateway}"
    finally:
        for daemon in reversed(daemons):
            daemon.kill()
            daemon.wait()


def _answers(port: int) -> None:
    waiting = threading.Event()
    for _ in range(WAIT * 5):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        waiting.wait(0.2)
    raise AssertionError("the gateway did not answer")


@pytest.fixture
def gateway(ceph: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=ceph, region_name="us-east-1")
    client.create_bucket(Bucket="site", ACL="public-read")
    before = Proxy(ceph)
    yield before
    before.close()


def send(gateway: Proxy, project: Path, state: Path, **wishes: object) -> publish.Done:
    wished = Wishes(**{"endpoint": gateway.address, **wishes})
    return publish.publish(str(project / "output"), "s3://site/docs", str(state), wished, QUIET, QUICK)


def served(ceph: str, project: Path) -> None:
    """Asserts that each file is there as it was built, with its headers."""
    client = boto3.client("s3", endpoint_url=ceph, region_name="us-east-1")
    for path in write.manifest(project / "output"):
        found = client.get_object(Bucket="site", Key=f"docs/{path}")
        assert found["Body"].read() == (project / "output" / path).read_bytes()
        headers = {"Content-Type": found["ContentType"], "Cache-Control": found["CacheControl"]}
        assert headers == ledger.headers_of(path)


def test_ceph_serves_what_was_published(gateway: Proxy, ceph: str, generations: list[Path], tmp_path: Path) -> None:
    """First and next publish, one that has nothing to do, two at once, interruptions, refusals: one store, in turn."""
    send(gateway, generations[0], tmp_path)
    served(ceph, generations[0])
    gateway.reset()
    send(gateway, generations[0], tmp_path)
    assert len(gateway.seen) == 1
    send(gateway, generations[1], tmp_path)
    served(ceph, generations[1])
    client = boto3.client("s3", endpoint_url=ceph, region_name="us-east-1")
    keys = {item["Key"].removeprefix("docs/") for item in client.list_objects_v2(Bucket="site")["Contents"]}
    unused = {key for key in keys if ledger.is_hashed(key)} - write.manifest(generations[1] / "output").keys()
    assert keys - unused == {*write.manifest(generations[1] / "output"), ledger.NAME}

    def begin(number: int) -> None:
        send(gateway, generations[number], tmp_path / str(number))

    ends = list(stores.race(gateway, begin, (0, 2), last=4).values())
    assert sorted(map(bool, ends)) == [False, True]
    assert "another publish took over" in max(ends)

    for number, fate in ((5, "cut"), (20, "503"), (45, "500"), (48, "cut")):
        project = generations[number % 3]
        gateway.reset(lambda count, *_, number=number, fate=fate: fate if count >= number else None)
        try:
            send(gateway, project, tmp_path)
        except Failed:
            gateway.reset()
            send(gateway, project, tmp_path)
        served(ceph, project)
    gateway.reset(only("cut", "NEVER"))
    os.environ["AWS_SECRET_ACCESS_KEY"] = "wrong"
    with pytest.raises(Failed, match=r"the credentials are refused \(403 SignatureDoesNotMatch\)"):
        send(gateway, generations[0], tmp_path)
