"""Tells a CloudFront distribution which of its copies are old."""

from __future__ import annotations

import random
import re
import secrets
import time
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from errordocs.model import Failed
from errordocs.model import Misused
from errordocs.store import CREDENTIALS
from errordocs.store import MISSING

MOST = 50  # more paths than this become one for all: the first 1,000 a month are free, and this counts as one
TRIES = 8
LONGEST = 60.0  # seconds between two tries; at most so many invalidations may be under way, so one must end first


class Distribution(Struct, frozen=True):
    """A distribution and the path below which it serves the site, with `/` at both ends."""

    name: str
    below: str
    client: Any


def opened(text: str) -> Distribution:
    """The distribution of `ID` or `ID/path`; Failed where it cannot be spoken to, before anything is published."""
    found = re.fullmatch(r"([A-Za-z0-9]+)((?:/[\w.-]+)*)/?", text)
    if not found:
        raise Misused(f"`{text}` is no distribution; write its ID, then the path below which it serves the site if any")
    try:
        import boto3
        from botocore.exceptions import BotoCoreError
    except ModuleNotFoundError:
        raise Failed(MISSING) from None
    try:
        session = boto3.Session()
        if session.get_credentials() is None:
            raise Failed(f"CloudFront: there are no credentials; {CREDENTIALS['s3']}")
        client = session.client("cloudfront", region_name=session.region_name or "us-east-1")
    except BotoCoreError as error:
        raise Failed(f"CloudFront: {' '.join(str(error).split())}; {CREDENTIALS['s3']}") from None
    return Distribution(found.group(1), f"{found.group(2)}/", client)


def paths(below: str, stale: Sequence[str]) -> list[str]:
    """What to invalidate for these files; a folder's page is asked for by the folder's name too."""
    folders = {path.removesuffix("index.html") for path in stale if f"/{path}".endswith("/index.html")}
    every = sorted(f"{below}{path}" for path in {*stale, *folders})
    return every if len(every) <= MOST else [f"{below}*"]


def invalidate(distribution: Distribution, stale: Sequence[str], wait: Callable[[float], None] = time.sleep) -> None:
    """Asks for it, again and again while too many are under way; Failed where it cannot be had."""
    from botocore.exceptions import BotoCoreError
    from botocore.exceptions import ClientError

    asked = paths(distribution.below, stale)
    batch = {"Paths": {"Quantity": len(asked), "Items": asked}, "CallerReference": secrets.token_hex(16)}
    for number in range(TRIES):
        try:
            distribution.client.create_invalidation(DistributionId=distribution.name, InvalidationBatch=batch)
            return
        except ClientError as error:
            why = str(error.response.get("Error", {}).get("Code", "refused"))
            if why != "TooManyInvalidationsInProgress" or number == TRIES - 1:
                break
            wait(min(LONGEST, 2.0**number) * random.uniform(0.5, 1.0))
        except BotoCoreError as error:
            why = " ".join(str(error).split())
            break
    command = (
        f"aws cloudfront create-invalidation --distribution-id {distribution.name} --paths '{distribution.below}*'"
    )
    raise Failed(f"the site is published, but CloudFront was not told ({why}); when that is mended, run `{command}`")
