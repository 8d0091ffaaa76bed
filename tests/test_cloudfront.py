"""Telling CloudFront what is old: moto takes the invalidations."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from errordocs import cloudfront
from errordocs.cloudfront import Distribution
from errordocs.model import Failed
from errordocs.model import Misused
from tests import stores

Run = Callable[..., subprocess.CompletedProcess[str]]
CONFIG = {
    "CallerReference": "",
    "Comment": "",
    "Enabled": True,
    "Origins": {
        "Quantity": 1,
        "Items": [{"Id": "o", "DomainName": "site.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}],
    },
    "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "redirect-to-https"},
}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with stores.moto() as address:
        yield address


@pytest.fixture
def proxy(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[stores.Proxy]:
    before = stores.Proxy(moto)
    for name, value in stores.KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", before.address)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    yield before
    before.close()


@pytest.fixture
def distribution(proxy: stores.Proxy) -> Distribution:
    name = boto3.client("cloudfront", region_name="us-east-1").create_distribution(
        DistributionConfig={**CONFIG, "CallerReference": os.urandom(8).hex()}
    )["Distribution"]["Id"]
    proxy.reset()
    return cloudfront.opened(f"{name}/docs")


def asked(distribution: Distribution) -> list[list[str]]:
    client = distribution.client
    found = client.list_invalidations(DistributionId=distribution.name)["InvalidationList"].get("Items", [])
    every = [client.get_invalidation(DistributionId=distribution.name, Id=item["Id"]) for item in found]
    return [one["Invalidation"]["InvalidationBatch"]["Paths"]["Items"] for one in every]


def test_paths_are_those_that_a_visitor_asks_for() -> None:
    stale = ["errors/500.html", "errors/index.html", "index.html"]
    assert cloudfront.paths("/docs/", stale) == [
        "/docs/",
        "/docs/errors/",
        "/docs/errors/500.html",
        "/docs/errors/index.html",
        "/docs/index.html",
    ]


def test_many_paths_become_one() -> None:
    assert cloudfront.paths("/", [f"{number}.html" for number in range(51)]) == ["/*"]
    assert len(cloudfront.paths("/", [f"{number}.html" for number in range(50)])) == 50


def test_invalidation_reaches_the_distribution(distribution: Distribution) -> None:
    cloudfront.invalidate(distribution, ["errors/500.html"])
    assert asked(distribution) == [["/docs/errors/500.html"]]


def test_too_many_invalidations_under_way_are_waited_for(distribution: Distribution, proxy: stores.Proxy) -> None:
    waits: list[float] = []
    proxy.reset(lambda count, *_: "TooManyInvalidationsInProgress" if count < 4 else None)
    cloudfront.invalidate(distribution, ["a.html"], waits.append)
    assert len(waits) == 3
    assert waits == sorted(waits)
    assert len(asked(distribution)) == 1


@pytest.mark.parametrize("fate", ["TooManyInvalidationsInProgress", "AccessDenied", "500", "cut"])
def test_invalidation_that_cannot_be_had_is_told_with_the_command(
    distribution: Distribution, proxy: stores.Proxy, fate: str
) -> None:
    proxy.reset(lambda *_: fate)
    with pytest.raises(
        Failed, match=r"the site is published, but CloudFront was not told \(.*\); when .*, run `aws .*/docs/\*'`"
    ):
        cloudfront.invalidate(distribution, ["a.html"], lambda _: None)


@pytest.mark.parametrize("text", ["", "/", "E1/../x y", "E1//a", "https://d1.cloudfront.net"])
def test_what_is_no_distribution_is_wrong_usage(text: str) -> None:
    with pytest.raises(Misused):
        cloudfront.opened(text)


def test_publish_invalidates_what_changed_and_nothing_after_that(
    distribution: Distribution, proxy: stores.Proxy, generations: list[Path], tmp_path: Path, build: Run
) -> None:
    one, other = (Path(shutil.copytree(project, tmp_path / project.name)) for project in generations[:2])
    words = ("publish", "../www", "--invalidate", f"{distribution.name}/docs", "--quiet")
    for project in (one, other, other):
        done = build(*words, cwd=project)
        assert (done.returncode, done.stderr) == (0, "")
    assert asked(distribution) == [["/docs/*"], ["/docs/*"]]
