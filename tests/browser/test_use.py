"""What a person does: filters the list, copies a reply, uses the keyboard, prints a page, reads it at night."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.built import KINDS
from tests.built import Built

SHOWN = "li[data-class]:visible"


# The filter of the list


@pytest.fixture
def errors(site: Built, tab: Open) -> Page:
    """The list of all errors, opened from disk."""
    page = tab().page
    page.goto((site.output / "errors" / "index.html").as_uri())
    return page


def told(page: Page, count: int) -> None:
    """What the live region comes to say, once a person has stopped typing."""
    every = page.locator("li[data-class]").count()
    text = f"{count} of {every} errors" if count else "No error fits"
    expect(page.locator("form.filter [role=status]")).to_have_text(text)


def shown(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(SHOWN).all_inner_texts()]


def test_filter_by_text_takes_every_word_in_any_order_and_case(errors: Page) -> None:
    everything = shown(errors)
    first = everything[0]
    words = sorted(set(first.upper().split()))[:3]
    errors.fill("#q", "  ".join(reversed(words)))
    wanted = [text for text in everything if all(word.lower() in text.lower() for word in words)]
    assert first in wanted
    told(errors, len(wanted))
    assert shown(errors) == wanted


def test_filter_that_nothing_fits_says_so_and_hides_the_groups(errors: Page) -> None:
    errors.fill("#q", "no error has these words")
    told(errors, 0)
    assert shown(errors) == []
    assert errors.locator("[data-group]:visible").count() == 0


@pytest.mark.parametrize("name", ["class", "sender", "topic"])
def test_filter_by_choice_shows_what_has_it(errors: Page, name: str) -> None:
    options = errors.locator(f"select[name={name}] option").evaluate_all("all => all.map(one => one.value)")
    attribute = {"class": "data-class", "sender": "data-senders", "topic": "data-topics"}[name]
    assert options[0] == ""
    assert len(options) > 1
    for value in options[1:]:
        wanted = errors.locator(f"li[{attribute}~='{value}']").count()
        errors.select_option(f"select[name={name}]", value)
        assert errors.locator(SHOWN).count() == wanted > 0
    told(errors, wanted)
    errors.select_option(f"select[name={name}]", "")
    assert errors.locator(SHOWN).count() == errors.locator("li[data-class]").count()


def test_filters_narrow_each_other(errors: Page) -> None:
    first = errors.locator("li[data-topics*='-'], li[data-topics]:not([data-topics=''])").first
    topic = (first.get_attribute("data-topics") or "").split()[0]
    class_ = first.get_attribute("data-class") or ""
    errors.select_option("select[name=topic]", topic)
    errors.select_option("select[name=class]", class_)
    wanted = errors.locator(f"li[data-class='{class_}'][data-topics~='{topic}']").count()
    told(errors, wanted)
    assert errors.locator(SHOWN).count() == wanted > 0
    assert errors.locator("[data-group]:visible").count() == 1


def test_filter_is_kept_in_the_address_and_cleared_again(errors: Page) -> None:
    everything = shown(errors)
    page = errors.url
    sender = errors.locator("select[name=sender] option").nth(1).get_attribute("value") or ""
    code = everything[0].split()[0]
    errors.select_option("select[name=sender]", sender)
    errors.fill("#q", code)
    before = shown(errors)
    assert errors.evaluate("location.href") == f"{page}#q={code}&sender={sender}"
    errors.reload()
    assert errors.input_value("#q") == code
    assert shown(errors) == before
    told(errors, len(before))
    errors.click("form.filter button[type=reset]")
    told(errors, len(everything))
    assert shown(errors) == everything
    assert errors.evaluate("location.href") == page


def test_filter_survives_a_visit_to_an_entry(errors: Page) -> None:
    code = shown(errors)[-1].split()[0]
    errors.fill("#q", code)
    before = shown(errors)
    errors.locator(f"{SHOWN} a").last.click()
    expect(errors.locator("h1.code")).to_be_visible()
    errors.go_back()
    expect(errors.locator("#q")).to_have_value(code)
    assert shown(errors) == before


def test_address_with_a_filter_from_elsewhere_is_read(errors: Page) -> None:
    """OpenSearch and links lead to `#q=`; a value that no option has is as good as none."""
    everything = shown(errors)
    errors.goto(f"{errors.url}#q=%20&class=nonsense&sender=%3Cscript%3E&other=1")
    errors.reload()
    told(errors, len(everything))
    assert shown(errors) == everything


def test_enter_in_the_filter_does_not_leave_the_page(errors: Page) -> None:
    errors.fill("#q", "4")
    errors.press("#q", "Enter")
    assert errors.evaluate("location.hash + location.search") == "#q=4"
    assert errors.input_value("#q") == "4"


def test_link_to_a_class_shows_it_even_when_a_filter_hid_it(errors: Page) -> None:
    name = errors.locator("section[data-group]").last.get_attribute("id") or ""
    errors.fill("#q", "no error has these words")
    told(errors, 0)
    errors.evaluate("name => { location.hash = name }", name)
    expect(errors.locator(f"section#{name}")).to_be_in_viewport()
    assert errors.locator(SHOWN).count() == errors.locator("li[data-class]").count()


# Copying


@pytest.mark.parametrize("kind", ["entry", "guide"])
def test_copy_button_copies_the_very_text(site: Built, host: str, tab: Open, kind: str) -> None:
    watched = tab(permissions=["clipboard-read", "clipboard-write"])
    page = watched.page
    page.goto(host + site.kinds()[kind])
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    blocks = page.locator(".clip")
    assert blocks.count() == page.locator("pre").count() > 0
    for number in range(min(blocks.count(), 12)):
        block = blocks.nth(number)
        block.locator("button").click()
        expect(block.locator("button")).to_have_text("Copied")
        expect(page.locator("main > [role=status]")).to_have_text("Copied")
        literal = site.tree(site.kinds()[kind]).css("pre")[number].text().removesuffix("\n")
        assert page.evaluate("navigator.clipboard.readText()") == literal
    expect(blocks.last.locator("button")).to_have_text("Copy", timeout=8000)
    assert watched.said == []


def test_copying_that_is_refused_selects_the_text(site: Built, host: str, tab: Open) -> None:
    watched = tab()
    watched.page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))")
    watched.page.goto(host + site.kinds()["entry"])
    watched.page.locator(".clip button").first.click()
    text = watched.page.locator("pre").first.text_content() or ""
    assert watched.page.evaluate("getSelection().toString()").strip() == text.strip()
    assert watched.said == []


def test_copy_button_is_absent_where_nothing_can_be_copied(site: Built, host: str, tab: Open) -> None:
    watched = tab()
    watched.page.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', {get: () => undefined})")
    watched.page.goto(host + site.kinds()["entry"])
    assert watched.page.locator("button.copy").count() == 0
    assert watched.said == []


# The keyboard


FOCUS = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  return {
    what: e.outerHTML.slice(0, 120),
    is_body: e === document.body,
    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    is_in_view: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    is_on_top: [...e.getClientRects()].some((r) => {
      const hit = document.elementFromPoint(
        Math.min(Math.max(r.left + r.width / 2, 0), innerWidth - 1),
        Math.min(Math.max(r.top + r.height / 2, 0), innerHeight - 1));
      return hit && (e.contains(hit) || hit.contains(e));
    }),
  };
}"""


@pytest.mark.parametrize("kind", ["home", "errors", "entry", "topic", "registry"])
def test_every_tab_stop_is_seen(site: Built, tab: Open, kind: str) -> None:
    page = tab(viewport={"width": 390, "height": 700}, reduced_motion="reduce").page
    page.goto((site.output / site.kinds()[kind]).as_uri())
    unseen: list[str] = []
    stops = 0
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found["is_body"]:
            break
        stops += 1
        if found["outline"] < 2 or not found["is_in_view"] or not found["is_on_top"]:
            unseen.append(f"{found}")
    assert stops > 10
    assert not unseen, "\n".join(unseen)


@pytest.mark.parametrize("kind", KINDS)
def test_skip_link_comes_first_and_leads_to_the_content(site: Built, tab: Open, kind: str) -> None:
    page = tab().page
    page.goto((site.output / site.kinds()[kind]).as_uri())
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    box = skip.bounding_box()
    assert box
    assert box["width"] > 50
    assert box["height"] > 20
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))  # the tab learns of it a moment later
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_block_that_scrolls_is_a_tab_stop_and_scrolls_by_arrow(site: Built, tab: Open) -> None:
    """Those that do not scroll are none."""
    page = tab(viewport={"width": 320, "height": 700}).page
    page.goto((site.output / site.kinds()["guide"]).as_uri())
    scrolls = """all => all.map(one => [
      one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === "auto",
      one.tabIndex === 0 && one.getAttribute("role") === "region" && !!one.getAttribute("aria-label")])"""
    found = page.eval_on_selector_all("pre, .scroll", scrolls)
    assert [True, True] in found
    assert all(is_wide == is_stop for is_wide, is_stop in found)
    block = page.locator("pre[tabindex='0'], .scroll[tabindex='0']").first
    block.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("one => one.scrollLeft > 0", arg=block.element_handle())


def test_tab_stops_follow_the_width(site: Built, tab: Open) -> None:
    page = tab(viewport={"width": 320, "height": 700}).page
    page.goto((site.output / site.kinds()["guide"]).as_uri())
    assert page.locator("[tabindex='0']").count() > 0
    page.set_viewport_size({"width": 3000, "height": 700})
    wide = "() => [...document.querySelectorAll('pre, .scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    page.wait_for_function(f"() => document.querySelectorAll('[tabindex=\"0\"]').length === ({wide})()")


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_more_replies_open_by_keyboard(site: Built, tab: Open, key: str) -> None:
    page = tab().page
    page.goto((site.output / "errors" / f"{_with_many_replies(site)}.html").as_uri())
    hidden = page.locator("details.rest pre").first
    expect(hidden).not_to_be_visible()
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.localName") == "summary":
            break
    page.keyboard.press(key)
    expect(hidden).to_be_visible()
    every = page.locator("ol.replies > li:visible").count()
    assert page.locator("#replies .note").inner_text() == f"{every} known"
    page.keyboard.press(key)
    expect(hidden).not_to_be_visible()


def _with_many_replies(site: Built) -> str:
    page = next(page for page in site.entries() if site.tree(page).css_first("details.rest"))
    return page.removeprefix("errors/").removesuffix(".html")


# Widths, print, motion, schemes


@pytest.fixture
def each(site: Built, tab: Open) -> Callable[..., list[tuple[str, Page]]]:
    """Opens a page of each kind in a tab with the given settings, one after the other."""

    def pages(**settings: object) -> list[tuple[str, Page]]:
        page = tab(**settings).page

        def opened() -> object:
            for kind, path in site.kinds().items():
                page.goto((site.output / path).as_uri())
                yield kind, page

        return opened()  # type: ignore[return-value]

    return pages


@pytest.mark.parametrize("width", [320, 390, 640, 900, 1280, 1920])
def test_page_never_scrolls_sideways(each: Callable[..., list[tuple[str, Page]]], width: int) -> None:
    wide = []
    for kind, page in each(viewport={"width": width, "height": 800}):
        page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(kind)
        page.evaluate("scrollTo(1000, 0)")
        assert page.evaluate("scrollX") == 0, kind
    assert wide == []


def test_page_does_not_scroll_sideways_where_letters_are_twice_as_large(
    each: Callable[..., list[tuple[str, Page]]],
) -> None:
    """WCAG 1.4.4; 640 pixels at 200 % are what 320 are at 100 %."""
    for kind, page in each(viewport={"width": 640, "height": 800}):
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 640, kind


def test_print_leaves_out_what_paper_cannot_follow(each: Callable[..., list[tuple[str, Page]]]) -> None:
    for kind, page in each(color_scheme="dark"):
        page.emulate_media(media="print", color_scheme="dark")
        shown = page.locator("nav, form, button, .skip, .edit, aside").locator("visible=true")
        assert shown.count() == 0, f"{kind}: {shown.first.evaluate('e => e.outerHTML')[:200]}"
        assert page.locator("h1").is_visible()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), kind


def test_print_shows_the_addresses_of_sources(site: Built, tab: Open) -> None:
    page = tab().page
    page.goto((site.output / site.kinds()["entry"]).as_uri())
    link = page.locator("main a[href^=https]").first
    assert link.evaluate("e => getComputedStyle(e, '::after').content") == "none"
    page.emulate_media(media="print")
    assert (link.get_attribute("href") or "?") in link.evaluate("e => getComputedStyle(e, '::after').content")


def test_nothing_moves_for_who_asked_for_less_motion(each: Callable[..., list[tuple[str, Page]]]) -> None:
    moving = """() => [...document.querySelectorAll("*")].filter((e) => {
      const style = getComputedStyle(e);
      return /[1-9]/.test(style.transitionDuration) || style.animationName !== "none" ||
        style.scrollBehavior === "smooth";
    }).length"""
    for kind, page in each(reduced_motion="reduce"):
        assert page.evaluate(moving) == 0, kind


def test_scheme_follows_the_system(each: Callable[..., list[tuple[str, Page]]]) -> None:
    colours = "() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    light = {kind: page.evaluate(colours) for kind, page in each(color_scheme="light")}
    dark = {kind: page.evaluate(colours) for kind, page in each(color_scheme="dark")}
    for kind, (paper, ink) in light.items():
        assert _brightness(paper) > 200 > 60 > _brightness(ink)
        assert _brightness(dark[kind][0]) < 60 < 200 < _brightness(dark[kind][1])


def _brightness(colour: str) -> float:
    return sum(map(float, re.findall(r"[0-9.]+", colour)[:3])) / 3


def test_targets_are_large_enough_for_a_finger(each: Callable[..., list[tuple[str, Page]]]) -> None:
    """WCAG 2.5.8: 24 pixels, but for links in a sentence."""
    small = """() => [...document.querySelectorAll("button, summary, select, input, nav a, h2 a, .codes a, .act")]
      .filter((e) => e.checkVisibility()).map((e) => [e.getBoundingClientRect(), e])
      .filter(([box]) => box.height < 24 || box.width < 24).map(([box, e]) => `${box.height} ${e.outerHTML}`)"""
    for kind, page in each(viewport={"width": 320, "height": 700}):
        assert page.evaluate(small) == [], kind
