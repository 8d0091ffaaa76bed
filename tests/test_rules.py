"""Each rule's own examples: the wrong one breaks that rule and no other, the right one none."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from errordocs import check
from errordocs import load
from errordocs import prose
from errordocs.model import Problem
from errordocs.rules import BY_NAME
from errordocs.rules import RULES
from errordocs.rules import Rule
from tests.conftest import BODY
from tests.conftest import REPOSITORY
from tests.conftest import SITE
from tests.conftest import SUMMARY
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender

Make = Callable[..., Path]
FIELDS = {"number": '"500"', "title": "It broke", "summary": SUMMARY, "updated": "2026-01-02", "retry": "after-fix"}
SHOWN = [rule for rule in RULES if rule.place != "tree"]


SITES = {  # what a rule needs of site.yaml to say anything
    "step-verb": SITE + "step_verbs: [Turn]\n",
    "source-host": SITE + "source_hosts: [docs.example]\n",
}


def problems(folder: Path, rule: Rule) -> list[Problem]:
    """What the facts break, and the words too where the rule is of those."""
    loaded = load.load(str(folder))
    found = list(loaded.problems)
    if loaded.content is not None:
        findings = check.check(loaded.content)
        if rule.severity == "warning":
            findings += prose.findings(loaded.content, load.texts(str(folder)), {})
        found += load.located(str(folder), findings)
    return found


def files(rule: Rule, example: str) -> dict[str, str]:
    """A sound content in which the example stands where the rule says."""
    around = {
        **({"site.yaml": SITES[rule.name]} if rule.name in SITES else {}),
        "guides/turning.md": article(),
        "topics/turning.md": article(),
        "errors/400.md": entry('number: "400"'),
    }
    match rule.place:
        case "fields":
            named = re.match(r"(\w+):", example)
            kept = {name: value for name, value in FIELDS.items() if not named or name != named.group(1)}
            lines = "".join(f"{name}: {value}\n" for name, value in kept.items())
            text = f"---\n{lines}{example if example != 'title:' else ''}\n---\n\n{BODY}"
            return {**around, "errors/500.md": text}
        case "body":
            return {**around, "errors/500.md": entry(body=example)}
        case "text":
            return {**around, "errors/500.md": entry(body=BODY.replace("It means this.", example))}
        case "sender":
            rest = sender().partition("\n")[2]
            text = f"{example}\n---\n{sender()}" if example.startswith("%") else f"{example}\n{rest}"
            return {
                **around,
                "senders/turner.yaml": text if not example.startswith("---") else sender() + example + "\n",
            }
        case "site":
            return {
                **around,
                "site.yaml": SITE.replace('pattern: "[2-5][0-9][0-9]"', example).replace("[0-9]'", "[0-9]{3}'"),
            }
        case "name":
            plain = article() if example.startswith("guides") else entry()
            return {**around, example: plain}
    raise AssertionError(rule.place)


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.name)
def test_wrong_example_breaks_its_rule_alone(rule: Rule, content: Make) -> None:
    bare = rule.place == "name" and rule.wrong.startswith("errors")
    made = files(rule, rule.wrong)
    folder = content({"site.yaml": SITE, **made} if bare else made, bare=bare)
    assert {problem.rule for problem in problems(folder, rule)} == {rule.name}


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.name)
def test_right_example_breaks_nothing(rule: Rule, content: Make) -> None:
    assert problems(content(files(rule, rule.right)), rule) == []


def test_every_rule_that_the_code_names_is_in_the_list_and_the_other_way() -> None:
    modules = [path for path in (REPOSITORY / "errordocs").glob("*.py") if path.name != "rules.py"]
    words = {word for path in modules for word in re.findall(r'"([a-z]+(?:-[a-z]+)*)"', path.read_text())}
    assert BY_NAME.keys() <= words
    emitted = {
        name
        for path in modules
        for name in re.findall(
            r'(?:Problem|Finding|Flaw|_problem|_add|_stop|_stray|_site)\((?:[^()"]|\([^()]*\))*?"([a-z]+(?:-[a-z]+)*)",',
            path.read_text(),
        )
    }
    assert emitted - BY_NAME.keys() == set()
    assert len(emitted) > len(BY_NAME) / 2
