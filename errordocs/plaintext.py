"""Bytes of a file to text, and a text to the fields above it and the body."""

from __future__ import annotations

import re

from errordocs.model import Problem

FENCE = "---\n"
BAD_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
PLAIN = bytes((*b"\t\n", *range(0x20, 0x7F)))


class Broken(Exception):
    """Carries the problem that stops a file from being read further."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def decode(path: str, raw: bytes) -> str:
    """The text with LF line ends and no byte order mark; raises Broken for what no text file should hold."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        line, column = _end_of(before)
        what = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise Broken(Problem(path, line, column, "encoding", what, "save the file as UTF-8")) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if _is_plain(raw):
        return text
    if found := BAD_CHARACTERS.search(text):
        line, column = _end_of(text[: found.start()])
        what = f"character U+{ord(found.group()):04X} is a control or direction character"
        raise Broken(Problem(path, line, column, "control-character", what, "delete it"))
    return text


def _is_plain(raw: bytes) -> bool:
    """Whether there are none but printable ASCII characters and line ends: the usual case, told in no time."""
    return raw.isascii() and not raw.translate(None, PLAIN)


def split(path: str, text: str) -> tuple[str, str, int]:
    """The front matter, the body, and the number of lines before the body."""
    if not text.startswith(FENCE):
        what = "the file does not begin with front matter"
        raise Broken(Problem(path, 1, 1, "front-matter", what, "put a line `---` first, the fields, and `---` again"))
    end = text.find("\n" + FENCE, len(FENCE) - 1)
    if end < 0 and text.endswith("\n---"):
        text += "\n"
        end = len(text) - len(FENCE) - 1
    if end < 0:
        what = "the front matter is not closed"
        raise Broken(Problem(path, 1, 1, "front-matter", what, "end it with a line `---`"))
    body = end + 1 + len(FENCE)
    return text[len(FENCE) : end + 1], text[body:], text.count("\n", 0, body)


def _end_of(before: str) -> tuple[int, int]:
    before = before.removeprefix("\ufeff").replace("\r\n", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")
