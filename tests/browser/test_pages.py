"""Every page in Chromium, from disk and from a host: it says nothing, asks for nothing foreign, and leads somewhere."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import Open
from tests.browser.conftest import Watched
from tests.built import Built

PARTS = 4  # the pages of a site are looked at in so many tests, for more than one worker
WEB = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?([/?#][^\s\"<>\\^`{|}]*)?", re.IGNORECASE)

FACTS = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector, name) => (document.querySelector(selector) || {getAttribute: () => null}).getAttribute(name);
  const name = (e) => e.getAttribute("aria-label") ||
    all(`[id="${e.getAttribute("aria-labelledby")}"]`).map((l) => l.textContent).join(" ");
  return {
    title: document.title,
    lang: document.documentElement.lang,
    h1: all("h1").map((e) => e.innerText.trim()),
    description: one("meta[name=description]", "content"),
    canonical: one("link[rel=canonical]", "href"),
    robots: one("meta[name=robots]", "content"),
    landmarks: ["body > header", "main", "body > footer", "body > header nav", "main#main"].map((s) => all(s).length),
    ids: all("[id]").map((e) => e.id),
    links: all("[href], [src], [action], [poster], [data], [srcset]").map((e) => [
      e.localName, ["href", "src", "action"].map((name) => e.getAttribute(name)).find(Boolean) || "",
      e.href || e.src || e.action || ""]),
    unnamed: [
      ...all("input, select, textarea").filter((e) => !name(e) && ![...e.labels].some((l) => l.innerText.trim())),
      ...all("a[href], button, summary").filter((e) => !name(e) && !e.textContent.trim()),
      ...all("nav, aside, [role=region]").filter((e) => !name(e).trim()),
    ].map((e) => e.outerHTML.slice(0, 200)),
    navs: all("nav, aside, [role=region]").map((e) => e.localName + " " + name(e)),
    width: document.documentElement.scrollWidth,
    loading: all("script").filter((e) => !e.defer || !e.src).length,
  };
}"""


def facts(tab: Watched, address: str) -> dict[str, Any]:
    tab.page.goto(address)
    found: dict[str, Any] = tab.page.evaluate(FACTS)
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_opens_from_disk_and_every_link_resolves(site: Built, tab: Open, part: int) -> None:
    watched = tab(viewport={"width": 320, "height": 640})
    moved = set(site.moved())
    pages = [page for page in site.pages() if page not in moved][part::PARTS]
    flaws: list[str] = []
    for page in pages:
        found = facts(watched, (site.output / page).as_uri())
        flaws += [f"{page}: {flaw}" for flaw in (*_flaws(site, page, found), *watched.said)]
        flaws += [f"{page}: asks for {url}" for url in watched.asked if not _is_inside(url, site.output)]
        watched.said.clear()
        watched.asked.clear()
    assert pages
    assert not flaws, "\n".join(flaws)


def _flaws(site: Built, page: str, found: dict[str, Any]) -> list[str]:
    """What a page lacks, and where its links lead nowhere."""
    is_missing = page in site.missing()
    flaws = [f"no {name}" for name in ("title", "lang", "description") if not (found[name] or "").strip()]
    if len(found["h1"]) != 1 or not found["h1"][0]:
        flaws.append(f"h1: {found['h1']}")
    if found["landmarks"] != [1, 1, 1, 1, 1]:
        flaws.append(f"landmarks: {found['landmarks']}")
    address = site.base_url + ("" if page == "index.html" else page)
    if is_missing and (found["canonical"] or found["robots"] != "noindex"):
        flaws.append("a page for what is missing can be indexed")
    if not is_missing and (found["canonical"] != address or found["robots"]):
        flaws.append(f"canonical: {found['canonical']}, robots: {found['robots']}")
    flaws += [f"two of id {name}" for name in found["ids"] if found["ids"].count(name) > 1]
    flaws += [f"two of {name}" for name in found["navs"] if found["navs"].count(name) > 1]
    flaws += [f"unnamed: {element}" for element in found["unnamed"]]
    if found["width"] > 320:
        flaws.append(f"{found['width']} px wide on a telephone of 320 px")
    if found["loading"]:
        flaws.append("a script stands in the way of the page")
    return flaws + [flaw for link in found["links"] for flaw in _dead(site, *link)]


def _dead(site: Built, element: str, written: str, address: str) -> list[str]:
    """Why a link leads nowhere; what is written tells it from what the browser made of it."""
    parts = urlsplit(written)
    if parts.scheme == "mailto":
        return []
    if parts.scheme:
        is_loaded = element not in ("a", "link")
        return [f"{element}: {written}"] if is_loaded or not WEB.fullmatch(written) else []
    target = urlsplit(address)
    path = Path(unquote(target.path))
    if parts.netloc or not written or target.scheme != "file" or not path.is_relative_to(site.output):
        return [f"{element}: {written!r} leads out of the site"]
    page = path.relative_to(site.output).as_posix()
    if not path.is_file():
        return [f"{element}: {written} leads to no file"]
    if target.fragment and unquote(target.fragment) not in site.ids(page):
        return [f"{element}: {written} leads to no id"]
    return []


def _is_inside(url: str, folder: Path) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "file" and Path(unquote(parts.path)).is_relative_to(folder)


def test_former_address_leads_on_from_disk(site: Built, tab: Open) -> None:
    watched = tab()
    for page in site.moved():
        watched.page.goto((site.output / page).as_uri())
        watched.page.wait_for_function("document.querySelector('h1.code')")
        canonical = watched.page.get_attribute("link[rel=canonical]", "href")
        assert (
            canonical
            == site.base_url + Path(unquote(urlsplit(watched.page.url).path)).relative_to(site.output).as_posix()
        )
    assert watched.said == []


# Without JavaScript


TEXT = """() => {
  for (const e of document.querySelectorAll("button.copy, main [role=status], form.filter, form.lookup")) e.remove();
  return document.querySelector("main").innerText.replace(/\\s+/g, " ").trim();
}"""


def test_page_is_whole_without_javascript(site: Built, tab: Open) -> None:
    with_it, without = tab().page, tab(java_script_enabled=False).page
    for kind, page in site.kinds().items():
        address = (site.output / page).as_uri()
        with_it.goto(address)
        without.goto(address)
        assert (
            without.locator("button.copy, form.filter, form.lookup, form.find").locator("visible=true").count() == 0
        ), kind
        assert without.evaluate(TEXT) == with_it.evaluate(TEXT), kind
        assert len(without.inner_text("main")) > 100, kind


def test_filter_is_hidden_without_javascript(site: Built, tab: Open) -> None:
    address = (site.output / "errors" / "index.html").as_uri()
    with_it, without = tab().page, tab(java_script_enabled=False).page
    with_it.goto(address)
    without.goto(address)
    assert with_it.is_visible("form.filter")
    assert not without.is_visible("form.filter")
    assert without.locator("li[data-class]").locator("visible=true").count() == len(site.entries())


# From a host


VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
  console.error("policy: " + event.violatedDirective + " " + event.blockedURI));"""


def test_page_keeps_to_the_policy_below_a_sub_path(site: Built, host: str, tab: Open) -> None:
    watched = tab()
    watched.page.add_init_script(VIOLATIONS)
    for kind, page in site.kinds().items():
        answer = watched.page.goto(host + page)
        assert answer, kind
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert watched.page.evaluate("document.styleSheets[0].cssRules.length") > 50, kind
        assert watched.said == [], kind
    assert [url for url in watched.asked if not url.startswith(host)] == []
    assert {posixpath.splitext(url)[1] for url in watched.asked} == {".html", ".css", ".js", ".svg"}


def test_policy_forbids_what_a_page_does_not_need(site: Built, host: str, tab: Open) -> None:
    """The policy is at work: an inline script, style and a foreign image are refused."""
    watched = tab()
    watched.page.goto(f"{host}index.html")
    watched.page.evaluate(
        """() => {
          const add = (name, more) => document.body.append(Object.assign(document.createElement(name), more));
          add("script", {textContent: "window.ran = true"});
          add("style", {textContent: "body { color: red }"});
          add("img", {src: "https://elsewhere.example/pixel.png"});
        }"""
    )
    watched.page.wait_for_timeout(100)
    refused = [line for line in watched.said if "Content Security Policy" in line]
    assert [word for word in ("script-src", "style-src", "img-src") if not any(word in line for line in refused)] == []
    assert watched.page.evaluate("window.ran") is None


def test_missing_page_looks_like_the_site(site: Built, host: str, tab: Open) -> None:
    watched = tab()
    for page in site.missing():
        address = host + page.replace("404.html", "no-such-page.html")
        answer = watched.page.goto(address)
        assert answer
        assert answer.status == 404
        told = "console error: Failed to load resource: the server responded with a status of 404 (Not Found)"
        assert [line for line in watched.said if line not in (f"404: {address}", told)] == []
        assert watched.page.evaluate("document.styleSheets[0].cssRules.length") > 50
        watched.said.clear()
        watched.page.click("a.act")
        assert watched.page.url == f"{host}errors/index.html"
