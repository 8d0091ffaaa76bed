"""What every test may use: small sites made from literals, and the command as a child process."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import NoReturn

import pytest
from hypothesis import settings

from errordocs import compiler
from tests.built import Built

REPOSITORY = Path(__file__).parent.parent

# The same examples on every run; `pytest --hypothesis-profile=explore` looks for new ones.
settings.register_profile("house", deadline=None, derandomize=True, database=None, max_examples=100)
settings.register_profile("explore", deadline=None, database=None, max_examples=5000)
settings.load_profile("house")

# Tests make tens of thousands of files: in memory, where there is room for them, no test waits for a disk.
MEMORY = Path("/dev/shm")
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_xdist_auto_num_workers() -> int:
    """Two workers a core: half of the tests' time is waiting, for a server, a browser or a child process."""
    return 2 * (os.cpu_count() or 1)


SITE = """\
title: Widget errors
short_title: Widgets
summary: Every error that the widget service gives, what it means, whether to try again, and what to do next about it.
base_url: https://widgets.example/docs/
language: en
publisher: The widget people
licence: CC BY 4.0
edit_url: https://repository.example/edit/main/{path}
parts:
  - {name: number, label: Number, pattern: "[2-5][0-9][0-9]", help: The number, subject: "^.(.)."}
  - {name: detail, label: Detail, pattern: "[245][.][0-9]+", help: The detail, twins: "yes"}
classes:
  - {digit: "5", name: permanent, label: Permanent, heading: Permanent errors, says: Stays., shape: octagon, twin: "4"}
  - {digit: "4", name: temporary, label: Temporary, heading: Temporary errors, says: Goes., shape: triangle, twin: "5"}
  - digit: "2"
    name: success
    label: Success
    heading: Successes
    says: It worked.
    shape: circle
    defaults: {retry: "no"}
    optional: [fix, faq]
facts:
  - name: retry
    label: Retry
    help: What to do with the request
    values: {"yes": Yes. Later., "no": No., after-fix: After a fix.}
sections:
  - {key: meaning, heading: What it means, kind: overview}
  - {key: fix, heading: How to fix it, kind: steps}
  - {key: faq, heading: FAQ, kind: faq}
sender_kinds: {service: Services}
link_purposes: {support: Support}
"""

BODY = """\
## What it means

It means this.

## How to fix it

### Turn it off

Then on.

## FAQ

### Why me?

Because.
"""

SUMMARY = "The widget could not be turned, because it was turned before; let it rest for a while and turn it again."


def entry(fields: str = 'number: "500"', body: str = BODY, **more: str) -> str:
    """The text of an entry that is sound, with these fields beside or instead of the usual ones."""
    usual = {"title": "It broke", "summary": SUMMARY, "updated": "2026-01-02", "retry": "after-fix"} | more
    lines = "".join(f"{name}: {value}\n" for name, value in usual.items() if value)
    return f"---\n{fields}\n{lines}---\n\n{body}"


def article(title: str = "A guide", body: str = "## One\n\nText.\n") -> str:
    """The text of a topic, guide or page that is sound."""
    return f"---\ntitle: {title}\nsummary: {SUMMARY}\nupdated: 2026-01-02\n---\n\n{body}"


def sender(name: str = "The turner", more: str = "") -> str:
    """The text of a sender that is sound."""
    return f"name: {name}\nkind: service\nsummary: {SUMMARY}\nupdated: 2026-01-02\n{more}"


@pytest.fixture
def content(tmp_path: Path) -> Callable[..., Path]:
    """Makes `content/` below an empty folder from `{name: text}`; site.yaml and one entry unless they are given."""

    def make(files: dict[str, str | bytes] | None = None, bare: bool = False) -> Path:
        usual: dict[str, str | bytes] = {} if bare else {"site.yaml": SITE, "errors/500.md": entry()}
        for name, text in (usual | (files or {})).items():
            path = tmp_path / "content" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "content"

    return make


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs build.py in the empty folder as a person would, with the project's own templates."""

    def run(*words: str, cwd: Path = tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
        templates = () if "--templates" in words else ("--templates", str(REPOSITORY / "templates"))
        command = [sys.executable, str(REPOSITORY / "build.py"), *templates, *words]
        full = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment}
        return subprocess.run(command, cwd=cwd, env=full, capture_output=True, text=True, timeout=120, check=False)

    return run


@pytest.fixture(scope="session", autouse=True)
def _same_template_compiles_once() -> Iterator[None]:
    """Compiles a template of the same text once a worker, wherever it lies: most of what a small build takes.

    As in a build that has its last one's state beside it; `tests/test_compiler.py` looks at the code itself.
    """
    known: dict[tuple[str, str | None], str] = {}
    codes: dict[tuple[str, str], CodeType] = {}
    compile_ = compiler.Environment.compile

    def compiled(
        self: compiler.Environment, source: str, name: str | None = None, filename: str | None = None
    ) -> CodeType:
        if (source, name) not in known:
            known[source, name] = compile_(self, source, name, filename, raw=True)
        made = known[source, name], filename or "<template>"
        if made not in codes:
            codes[made] = compile(*made, "exec")
        return codes[made]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiler.Environment, "compile", compiled)
        yield


# Sites that are built once, for the tests that only look


def lacking(reason: str) -> NoReturn:
    """Ends a test for want of a tool: skipped on a desk, red where CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@contextmanager
def _claimed(factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """A folder that all workers share, while no other looks at it."""
    above = factory.getbasetemp()
    folder = (above.parent if "PYTEST_XDIST_WORKER" in os.environ else above) / name
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _built(factory: pytest.TempPathFactory, name: str, prepare: Callable[[Path], object]) -> Built:
    """The site of that name, built by whichever worker comes first; fails with what the build said."""
    with _claimed(factory, f"site-{name}") as folder:
        told = Path(f"{folder}.told")
        if not told.exists():
            folder.mkdir()
            prepare(folder)
            templates = str(REPOSITORY / "templates")
            command = [sys.executable, str(REPOSITORY / "build.py"), "--quiet", "--templates", templates]
            environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
            run = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
            )
            told.write_text(f"{run.stdout}{run.stderr}" if run.returncode else "")
    if said := told.read_text().splitlines():
        shown = "\n".join((*said[:20], *(("...", said[-1]) if len(said) > 20 else ())))
        pytest.fail(f"the {name} site does not build:\n{shown}", pytrace=False)
    return Built(folder)


@pytest.fixture(scope="session")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The small site whose content is awkward on purpose."""
    from tests.awkward import FILES

    def prepare(folder: Path) -> None:
        for name, text in FILES.items():
            path = folder / "content" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return _built(tmp_path_factory, "awkward", prepare)


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The site of the repository's own content."""
    return _built(tmp_path_factory, "real", lambda folder: shutil.copytree(REPOSITORY / "content", folder / "content"))


@pytest.fixture(scope="session", params=["awkward", "real"])
def site(request: pytest.FixtureRequest) -> Built:
    """Both sites, one after the other."""
    built: Built = request.getfixturevalue(request.param)
    return built


@pytest.fixture(scope="session")
def generations(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three generations of a site of twelve entries, to be published; what a test changes, it copies."""
    from tests import stores

    with _claimed(tmp_path_factory, "generations") as folder:
        return stores.generations(folder)
