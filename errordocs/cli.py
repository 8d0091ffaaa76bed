"""Words, progress and exit status of the command; no rules here."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from errordocs import stamp
from errordocs.model import SLUG
from errordocs.model import Content
from errordocs.model import Failed
from errordocs.model import Misused
from errordocs.model import Problem

if TYPE_CHECKING:
    from errordocs.pipeline import Places

AS_MANY = 0  # jobs as are usual
_kept: list[object] = []  # what a build leaves in memory until the process ends: to take it apart takes time
DONE, PROBLEMS, USAGE, FAILED = 0, 1, 2, 3


def main(argv: Sequence[str], now: stamp.Start | None = None) -> int:
    """Runs the command and returns its exit status: 0 done, 1 problems, 2 usage, 3 the environment failed.

    `now` is what was seen just now of the files of a command that has run before.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # any text on any terminal
    options = _options(argv)
    options.now = now
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except Failed as failed:
        print(f"build.py: {failed}", file=sys.stderr)
        return USAGE if isinstance(failed, Misused) else FAILED
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in the buffer goes there
        if not isinstance(error, BrokenPipeError):
            print(f"build.py: {error.filename or 'standard output'}: {error.strerror}", file=sys.stderr)
        return FAILED
    return status


def script() -> int:
    """The exit status of the installed command; build.py is the same for a checkout."""
    try:
        return main(sys.argv[1:])
    except KeyboardInterrupt:
        print("errordocs: stopped; another run finishes the work", file=sys.stderr)
        return FAILED


def build(options: argparse.Namespace) -> int:
    """Builds the content into the output folder."""
    from errordocs import pipeline
    from errordocs import progress
    from errordocs import report
    from errordocs import summary

    began = time.monotonic()
    started = stamp.start((options.content, options.templates, *stamp.makers()), options.now)
    watch = progress.watch(options.quiet)
    seen = stamp.files_below(started, options.content)
    memory = pipeline.Memory()
    _kept.append(memory)
    done = pipeline.build(_places(options), memory, _notice, options.jobs, watch, seen=seen)
    if any(problem.severity == "error" for problem in done.problems):
        sys.stdout.write(report.text(done.problems))
        print(f"{report.tally(done.problems)}; nothing was written", file=sys.stderr)
        return PROBLEMS
    page = os.path.join(os.path.abspath(options.output), "index.html")
    where = "" if options.quiet else f"open {page}\n  or file://{quote(page)}\n"
    sys.stdout.write(where)
    if not options.quiet:
        print(summary.built(done, time.monotonic() - began), file=sys.stderr)
    if options.profile:
        sys.stderr.write(summary.stages(done.seconds))
    counts = "" if options.quiet else f"0 written, {done.written + done.unchanged} unchanged, 0 removed, 0.0 MB\n"
    written = None if done.moved is None else [os.path.join(options.output, path) for path in done.moved]
    stamp.keep(options.argv, started, (options.output,), (DONE, where, counts), options.now, written)
    return DONE


def _notice(line: str) -> None:
    print(f"build.py: {line}", file=sys.stderr)


def _places(options: argparse.Namespace) -> Places:
    from errordocs.pipeline import Places

    return Places(options.content, options.templates, options.output, options.preview)


def check(options: argparse.Namespace) -> int:
    """Reports every problem of the content; writes nothing."""
    from errordocs import history
    from errordocs import pipeline
    from errordocs import report

    started = stamp.start((options.content, history.log_file(options.content), *stamp.makers()), options.now)
    content, problems = pipeline.read(_places(options), render=False)
    if content is not None:
        wrong = {problem.path for problem in problems}  # a file's facts come before its words
        problems = sorted({*problems, *(w for w in _warnings(content, options) if w.path not in wrong)})
    if options.changed is not None:
        changed = history.changed_since(options.changed, options.content)
        problems = [problem for problem in problems if os.path.abspath(problem.path) in changed]
    told = report.FORMATS[options.format](problems)
    tally = "" if options.quiet else report.tally(problems) + "\n"
    status = PROBLEMS if any(problem.severity == "error" for problem in problems) else DONE
    sys.stdout.write(told)
    sys.stderr.write(tally)
    if options.changed is None and not options.external:
        stamp.keep(options.argv, started, (), (status, told, tally))
    return status


def _warnings(content: Content, options: argparse.Namespace) -> list[Problem]:
    """What the prose rules say; errors where --strict asks for that."""
    from errordocs import history
    from errordocs import load
    from errordocs import prose

    folder = options.content.rstrip("/") or "/"
    findings = list(prose.findings(content, load.texts(folder), history.last_changes(folder)))
    if options.external:
        from errordocs import external

        findings += external.findings(content, _places(options).state)
    found = load.located(folder, findings)
    return [msgspec.structs.replace(problem, severity="error") for problem in found] if options.strict else found


def bundle(options: argparse.Namespace) -> int:
    """Makes one zip of the built site, which opens from any folder."""
    from errordocs import bundle as maker

    name = os.path.basename(os.path.abspath(options.output))
    target = options.to or os.path.join("dist", f"{name}.zip")
    count = maker.bundle(options.output, target, name)
    if not options.quiet:
        print(f"{target}: {count} files")
    return DONE


def publish(options: argparse.Namespace) -> int:
    """Sends what changed of the built site to where it is served from, and keeps it whole for every visitor."""
    from errordocs import cloudfront
    from errordocs import progress
    from errordocs import publish as sender
    from errordocs import summary

    started = time.monotonic()
    names = sender.Wishes.__struct_fields__
    wishes = sender.Wishes(**{name: getattr(options, name) for name in names})
    if options.jobs == AS_MANY:
        wishes = msgspec.structs.replace(wishes, jobs=sender.Wishes().jobs)
    distribution = cloudfront.opened(options.invalidate) if options.invalidate and not options.dry_run else None
    watch = progress.watch(options.quiet)
    done = sender.publish(options.output, options.target, _places(options).state, wishes, watch)
    if options.dry_run:
        sys.stdout.write(summary.plan(done))
    elif distribution and (stale := sender.stale(done)):
        cloudfront.invalidate(distribution, stale)
    if not options.quiet:
        print(summary.published(done, options.target, options.dry_run, time.monotonic() - started), file=sys.stderr)
    return DONE


def new(options: argparse.Namespace) -> int:
    """Writes a new entry, filled with what the registries know; `check` reports what is left to write."""
    import datetime

    from errordocs import load
    from errordocs import scaffold

    folder = options.content.rstrip("/") or "/"
    content = load.load(folder).content
    if content is None:
        raise Failed(f"{folder}/site.yaml cannot be read; run check")
    if options.folder is not None and not re.match(SLUG, options.folder):
        raise Misused(f"`{options.folder}` is no folder of errors/; use a-z and 0-9, with single `-` between")
    home = options.folder or options.sender or scaffold.family(content, options.code)
    schema = os.path.relpath(
        os.path.join(os.path.dirname(os.path.abspath(folder)), "schemas", "entry.schema.json"),
        os.path.join(folder, "errors", home),
    )
    today = datetime.date.today().isoformat()
    slug, text = scaffold.scaffold(content, options.code, options.sender, options.variant, today, schema)
    path = os.path.join(folder, "errors", home, f"{slug}.md")
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}; choose another --folder or --variant") from None
    print(f"{path}: written; fill in each TODO, then run check")
    return DONE


def serve(options: argparse.Namespace) -> int:
    """Builds, serves on this machine, rebuilds what changes, and reloads the browser."""
    from errordocs import serve as preview

    preview.serve(_places(options), options.port, lambda line: print(line, flush=True))
    return DONE


def schema(options: argparse.Namespace) -> int:
    """Writes the JSON Schemas that editors use."""
    from errordocs import load
    from errordocs import schemas

    content = load.load(options.content.rstrip("/") or "/").content
    if content is None:
        raise Failed(f"{options.content}/site.yaml cannot be read; run check")
    try:
        os.makedirs(options.to, exist_ok=True)
        for name, text in schemas.schemas(content.site).items():
            with open(os.path.join(options.to, name), "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise Failed(f"{error.filename}: {error.strerror}; choose another folder with --to") from None
    return DONE


def _options(argv: Sequence[str]) -> argparse.Namespace:
    # Nothing is set by an option that is not given, so that the common ones may stand before or after the command.
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--content", type=_folder, metavar="DIR", help="what is read (default: content)")
    common.add_argument("--templates", type=_folder, metavar="DIR", help="how pages look (default: templates)")
    common.add_argument("--output", type=_folder, metavar="DIR", help="what is written (default: output)")
    common.add_argument("--quiet", action="store_true", help="only problems")
    common.add_argument("--jobs", type=_jobs, metavar="N", help="how much is done at once (default: one a core)")
    common.add_argument("--profile", action="store_true", help="say what took how long")
    parser = argparse.ArgumentParser(
        prog="build.py",
        parents=[common],
        description="Builds a static reference of error codes from content/ into output/.",
        epilog="Without a command: build. Exit status: 0 done, 1 problems in the content, 2 wrong usage, "
        "3 the environment failed.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    parser.add_argument("--preview", action="store_true", default=argparse.SUPPRESS, help=PREVIEW)
    for run, words in COMMANDS.items():
        command = commands.add_parser(run.__name__, parents=[common], help=words, description=run.__doc__)
        command.set_defaults(run=run)
        if run is build:
            command.add_argument("--preview", action="store_true", default=argparse.SUPPRESS, help=PREVIEW)
        if run is check:
            command.add_argument(
                "--format", choices=FORMATS, default="text", help="how problems are told (default: text)"
            )
            command.add_argument("--external", action="store_true", help="fetch external links too")
            command.add_argument("--strict", action="store_true", help="warnings are errors")
            command.add_argument("--changed", metavar="REF", help="tell only of files that changed since a git ref")
        if run is new:
            command.add_argument("code", metavar="CODE", help="the code, its parts joined by blanks or hyphens")
            command.add_argument("--sender", metavar="SLUG", help="whose variant it is")
            command.add_argument("--variant", metavar="WORD", help="the end of the slug: a word for the cause")
            command.add_argument("--folder", metavar="NAME", help="the folder below errors/")
            command.set_defaults(sender=None, variant=None, folder=None)
        if run is serve:
            command.add_argument("--port", type=_port, default=8000, help="default: 8000; 0 takes a free one")
        if run is schema:
            command.add_argument(
                "--to", metavar="DIR", default="schemas", help="the schemas' folder (default: schemas)"
            )
        if run is publish:
            _publish_options(command)
        if run is bundle:
            command.add_argument("--to", metavar="FILE", help="the zip's path (default: dist/<output's name>.zip)")
    # Defaults stand in the namespace: those of a parser are those of its commands too, and undo what stood before.
    usual = {"content": "content", "templates": "templates", "output": "output", "quiet": False, "preview": False}
    usual |= {"jobs": AS_MANY, "profile": False}
    return parser.parse_args(argv, argparse.Namespace(argv=tuple(argv), run=build, **usual))


def _publish_options(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("target", metavar="TARGET", type=_folder, help="s3://bucket/prefix, gs://, az://container/prefix, or a folder")
    add("--endpoint-url", dest="endpoint", metavar="URL", help="a server that speaks S3, or stands in for the others")
    add("--dry-run", action="store_true", help="only print what would be sent and deleted")
    add(
        "--delete",
        action=argparse.BooleanOptionalAction,
        help="old files go, even a mass of them (default: they go, but a mass is refused); --no-delete keeps all",
    )
    add("--grace", type=_days, default=7, metavar="DAYS", help="how long unused assets stay (default: 7)")
    add("--compress", choices=("gzip", "br"), help="send compressed; in a folder, compressed files beside the plain")
    add("--verify", action="store_true", help="compare everything that is there, and mend it")
    add(
        "--overwrite",
        action="store_true",
        help="go on where files lie that no publish put there; only namesakes change",
    )
    add(
        "--take-over",
        action="store_true",
        help="go on though another publish, which you know is dead, holds the target",
    )
    add("--invalidate", metavar="ID[/PATH]", help="then tell this CloudFront distribution, which serves it below PATH")
    command.set_defaults(delete=None)


def _days(text: str) -> float:
    if not re.fullmatch(r"\d{1,4}(?:\.\d+)?", text):
        raise argparse.ArgumentTypeError(f"`{text}` is no number of days; write 0 or more")
    return float(text)


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 256:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of jobs; write 1 to 256")
    return int(text)


def _folder(text: str) -> str:
    if not text:  # as from a variable that is not set
        raise argparse.ArgumentTypeError("the name of a folder is empty")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"`{text}` is no port; name one from 0 to 65535")
    return int(text)


PREVIEW = "build for people to look at before it is published: robots are told off"
FORMATS = ("text", "github", "sarif", "json")
COMMANDS: dict[Callable[[argparse.Namespace], int], str] = {
    build: "build what changed (the default)",
    check: "every rule, no output",
    serve: "build, serve, rebuild on change, reload the browser",
    new: "a new entry, filled with what the registries know",
    schema: "the JSON Schemas that editors use",
    bundle: "the offline download",
    publish: "send what changed to a CDN's bucket, or a folder",
}
