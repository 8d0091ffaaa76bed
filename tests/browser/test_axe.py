"""axe-core on a page of each kind, in both schemes, on a telephone and on a screen: it finds nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Open
from tests.built import KINDS
from tests.built import Built

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("half", [KINDS[::2], KINDS[1::2]], ids=["one half", "the other half"])
def test_axe_finds_nothing(site: Built, tab: Open, axe: str, half: tuple[str, ...], scheme: str, width: int) -> None:
    page = tab(color_scheme=scheme, viewport={"width": width, "height": 900}).page
    flaws: list[str] = []
    for kind, path in site.kinds().items():
        if kind not in half:
            continue
        page.goto((site.output / path).as_uri())
        page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        page.evaluate(axe)
        found = page.evaluate("rules => axe.run(document, rules)", RULES)
        assert len(found["passes"]) > 10
        flaws += [f"{path}: {flaw}" for violation in found["violations"] for flaw in _told(violation)]
    assert not flaws, "\n".join(flaws)


def _told(violation: dict[str, Any]) -> list[str]:
    return [
        f"{violation['id']}: {node['target']} {node['html'][:150]} {node['failureSummary'].splitlines()[-1].strip()}"
        for node in violation["nodes"]
    ]
