"""Fetches each external address that the content links, once and politely, and says which are dead or have moved."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import time
from collections.abc import Iterable
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from typing import Literal
from urllib.parse import unquote
from urllib.parse import urldefrag
from urllib.parse import urljoin
from urllib.parse import urlsplit

from msgspec import Struct

from errordocs.model import Article
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Failed
from errordocs.model import Finding
from errordocs.model import Sender

if TYPE_CHECKING:
    import httpx

AGE = 7 * 24 * 3600  # seconds for which an answer is taken from the cache; a failure is always asked again
AT_ONCE = 16
OF_A_HOST = 2
PAUSE = 0.2  # seconds between two requests to one host
TRIES = 3
LONGEST_WAIT = 30.0  # seconds that a server's Retry-After may ask for
TIMEOUT = 15.0
MOST_BYTES = 2_000_000
MOST_REDIRECTS = 8
TOO_MANY = 429
ANCHOR = re.compile(r"""\b(?:id|name)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
REFUSALS = (401, 403, 405, 406)
AGENT = "errordocs-linkcheck (checks the links of a reference; one request an address)"
State = Literal["ok", "moved", "dead", "no-anchor", "unknown"]


class Use(Struct, frozen=True):
    """An address where it is written: in a field, or at a line and column of a body."""

    source: str
    url: str
    where: tuple[str | int, ...] = ()
    at: tuple[int, int] | None = None


class Answer(Struct, frozen=True):
    """What became of a request: `detail` is the reason, or the address that it moved to."""

    state: State
    detail: str = ""


class Limits(Struct, frozen=True):
    """How long to wait, in seconds; tests wait less."""

    pause: float = PAUSE
    backoff: float = 1.0
    longest_wait: float = LONGEST_WAIT
    timeout: float = TIMEOUT


def uses(content: Content) -> Iterator[Use]:
    """Every external address of the content, in the order of its files."""
    records: tuple[Entry | Article, ...] = (*content.entries, *content.topics, *content.guides, *content.pages)
    for record in records:
        for index, reference in enumerate(record.fields.references):
            yield Use(record.source, reference.url, ("references", index, "url"))
        for index, reply in enumerate(record.fields.responses if isinstance(record, Entry) else ()):
            yield Use(record.source, reply.source, ("responses", index, "source"))
    for sender in content.senders:
        for index, link in enumerate(sender.fields.links):
            yield Use(sender.source, link.url, ("links", index, "url"))
    for registry in content.registries:
        yield Use(registry.source, registry.fields.source, ("source",))
        for index, row in enumerate(registry.fields.codes):
            yield Use(registry.source, row.url, ("codes", index, "url"))
    holders: tuple[Entry | Article | Sender, ...] = (*records, *content.senders)
    for holder in holders:
        for use in (holder.about if isinstance(holder, Sender) else holder.body).links:
            if use.page is None and use.href.lower().startswith("http"):
                yield Use(holder.source, use.href, at=(use.line, use.column))


def findings(content: Content, state: str, limits: Limits = Limits()) -> Iterator[Finding]:  # noqa: B008 - frozen
    """A warning for each use of an address that is dead, has moved for good, or lacks the anchor.

    Answers are kept in `state`, where a later run finds them; hosts in site.yaml's `unchecked_hosts` are left alone,
    and an entry of that list that nothing needs is a warning too.
    """
    skipped = content.site.unchecked_hosts
    every = list(uses(content))
    hosts = {_host(use.url) for use in every}
    for index, host in enumerate(skipped):
        if host not in hosts:
            what, mend = f"nothing links to `{host}`", "delete it"
            yield Finding("site.yaml", "external-link", what, mend, ("unchecked_hosts", index), severity="warning")
    asked = sorted({use.url for use in every if _host(use.url) not in skipped})
    answers = check(asked, os.path.join(state, "external.json"), limits)
    for use in every:
        answer = answers.get(use.url)
        if answer is not None and (told := _told(use.url, answer)):
            yield Finding(use.source, "external-link", *told, use.where, at=use.at, severity="warning")


def check(urls: Iterable[str], cache: str, limits: Limits) -> dict[str, Answer]:
    """What became of each address; those that were fine within the last week are not asked again."""
    now = time.time()
    kept = {url: (when, answer) for url, (when, answer) in _load(cache).items() if now - when < AGE}
    asked = [url for url in urls if url not in kept]
    fresh = asyncio.run(_ask_all(asked, limits)) if asked else {}
    kept |= {url: (now, answer) for url, answer in fresh.items() if answer.state in ("ok", "moved")}
    _save(cache, kept)
    return {**{url: answer for url, (_, answer) in kept.items()}, **fresh}


def _told(url: str, answer: Answer) -> tuple[str, str] | None:
    if answer.state == "dead":
        return f"`{url}` is dead ({answer.detail})", "find where it went, or cite another source"
    if answer.state == "moved":
        return f"`{url}` has moved", f"write `{answer.detail}`"
    if answer.state == "no-anchor":
        return f"`{url}` has no such place on its page", "link the page, or the place's new name"
    if answer.state == "unknown":
        mend = "look at it yourself, or add its host to unchecked_hosts in site.yaml with a comment that says why"
        return f"`{url}` could not be checked ({answer.detail})", mend
    return None


async def _ask_all(urls: list[str], limits: Limits) -> dict[str, Answer]:
    try:
        import httpx
    except ModuleNotFoundError:
        raise Failed("httpx is not installed here; run `make .venv/test` once, or leave --external out") from None

    everywhere = asyncio.Semaphore(AT_ONCE)
    turns = {_host(url): asyncio.Semaphore(OF_A_HOST) for url in urls}
    pages: dict[str, list[str]] = {}
    for url in urls:
        pages.setdefault(urldefrag(url).url, []).append(url)

    async def ask(page: str) -> dict[str, Answer]:
        async with turns[_host(page)], everywhere:
            answer, anchors = await _fetch(client, page, limits)
            await asyncio.sleep(limits.pause)
        return {url: _with_anchor(answer, urldefrag(url).fragment, anchors) for url in pages[page]}

    headers = {"User-Agent": AGENT, "Accept": "text/html,*/*;q=0.5"}
    async with httpx.AsyncClient(headers=headers, timeout=limits.timeout) as client:
        groups = await asyncio.gather(*(ask(page) for page in pages))
    return {url: answer for group in groups for url, answer in group.items()}


async def _fetch(client: httpx.AsyncClient, page: str, limits: Limits) -> tuple[Answer, frozenset[str] | None]:
    """The answer for a page, and the ids on it, or None where they cannot be known. Tries again on 429, 5xx, cuts."""
    from httpx import HTTPError
    from httpx import InvalidURL
    from httpx import TimeoutException

    answer, asked = Answer("unknown"), 0.0
    for number in range(TRIES):
        if number:
            await asyncio.sleep(max(asked, limits.backoff * 2**number * random.uniform(0.5, 1.0)))
        asked = 0.0
        try:
            async with asyncio.timeout(limits.timeout):
                response, moved, raw = await _follow(client, page)
        except (TimeoutException, TimeoutError):
            answer = Answer("dead", f"no answer within {limits.timeout:g} seconds")
            continue
        except (HTTPError, InvalidURL, ValueError) as error:
            answer = Answer("dead", type(error).__name__)
            continue
        if response.has_redirect_location:
            return Answer("dead", f"more than {MOST_REDIRECTS} redirects"), None
        if response.status_code == TOO_MANY or response.status_code >= 500:
            answer = Answer("unknown", f"status {response.status_code}")
            asked = _asked_to_wait(response.headers.get("Retry-After"), limits)
            continue
        if response.status_code in REFUSALS:
            return Answer("unknown", f"status {response.status_code}: it may refuse programs"), None
        if response.status_code >= 400:
            return Answer("dead", f"status {response.status_code}"), None
        known = "html" in response.headers.get("Content-Type", "") and len(raw) < MOST_BYTES
        anchors = frozenset(ANCHOR.findall(raw.decode("utf-8", "replace"))) if known else None
        return (Answer("moved", moved) if moved else Answer("ok")), anchors
    return answer, None


async def _follow(client: httpx.AsyncClient, page: str) -> tuple[httpx.Response, str, bytes]:
    """The last response, the address of a permanent move or nothing, and the page, cut where it is long.

    The last response is a redirect where there were too many.
    """
    moved, url, permanent, hops = "", page, True, 0
    while True:
        async with client.stream("GET", url) as response:
            if not response.has_redirect_location or hops == MOST_REDIRECTS:
                return response, moved, await _beginning(response)
        url = urljoin(url, response.headers["Location"])
        permanent = permanent and response.status_code in (301, 308)
        moved = url if permanent else moved
        hops += 1


async def _beginning(response: httpx.Response) -> bytes:
    raw = b""
    async for chunk in response.aiter_bytes():
        raw += chunk
        if len(raw) >= MOST_BYTES:
            break
    return raw


def _with_anchor(answer: Answer, fragment: str, anchors: frozenset[str] | None) -> Answer:
    if answer.state == "moved" and fragment and "#" not in answer.detail:
        return Answer("moved", f"{answer.detail}#{fragment}")
    name = unquote(fragment.partition(":~:")[0])  # what follows is a text that browsers look for
    if answer.state != "ok" or anchors is None or name.lower() in ("", "top"):
        return answer
    is_there = name in anchors or f"user-content-{name}" in anchors  # which GitHub's script strips
    return answer if is_there else Answer("no-anchor")


def _asked_to_wait(value: str | None, limits: Limits) -> float:
    """Seconds that a Retry-After header asks for, within bounds."""
    try:
        seconds = float(value or 0)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value or "").timestamp() - time.time()
        except (ValueError, OverflowError):
            return 0.0
    return min(seconds, limits.longest_wait) if seconds > 0 else 0.0


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _load(cache: str) -> dict[str, tuple[float, Answer]]:
    try:
        with open(cache, encoding="utf-8") as file:
            kept = json.load(file)
        return {
            url: (float(when), Answer("moved" if moved else "ok", str(moved))) for url, (when, moved) in kept.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _save(cache: str, kept: dict[str, tuple[float, Answer]]) -> None:
    try:
        os.makedirs(os.path.dirname(cache), exist_ok=True)
        temporary = f"{cache}.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump({url: (when, answer.detail) for url, (when, answer) in kept.items()}, file)
        os.replace(temporary, cache)
    except OSError as error:
        raise Failed(f"{cache}: {error.strerror}; free some space, or delete .errordocs") from None
