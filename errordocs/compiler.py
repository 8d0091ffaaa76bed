"""Jinja's templates as quicker code: the same pages in some two thirds of the time.

What it leaves out are services that templates here have no use for: async, a sandbox, functions that ask for the
context, and values that are made into objects on every step of their way.
"""

# ruff: noqa: N802 - the methods have the names that Jinja calls

from __future__ import annotations

from hashlib import blake2b
from keyword import iskeyword
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2 import runtime
from jinja2.compiler import CodeGenerator
from jinja2.utils import missing as MISSING  # noqa: N812 - it is a constant
from markupsafe import Markup
from markupsafe import _escape_inner  # type: ignore[attr-defined]  # what `escape` calls, without the object around it
from markupsafe import escape

with open(__file__, "rb") as _file:
    VERSION = blake2b(_file.read() + jinja2.__version__.encode(), digest_size=16).hexdigest()


class Safe(str):
    """HTML that is inserted as it is; a `Markup` that is made in a tenth of the time."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def escaped(value: Any) -> str:
    """What a template writes in the place of a value: as `markupsafe.escape`, but plain text stays a plain string."""
    kind = type(value)
    if kind is str:
        return _escape_inner(value)
    if kind is Safe or kind is Markup:
        return value  # type: ignore[no-any-return]
    return str(value if kind is int else escape(value))


class Macro(runtime.Macro):
    """A macro that is called with as many values as it names, or fewer, in their order, without a detour."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        missing = len(self.arguments) - len(given)
        if named or missing < 0 or self.caller or self.catch_varargs or self.catch_kwargs:
            return super().__call__(*given, **named)
        return str.__new__(Markup, self._func(*given, *[MISSING] * missing))


class _Generator(CodeGenerator):
    """Writes the code of a template."""

    def visit_Template(self, node: nodes.Template, frame: Any = None) -> None:
        super().visit_Template(node, frame)
        self.writeline("from errordocs.compiler import Macro, escaped as escape")

    def visit_Call(self, node: nodes.Call, frame: Any, forward_caller: bool = False) -> None:
        """A call by itself, without asking whether it wants the context: nothing here does."""
        if forward_caller or node.kwargs or node.dyn_args or node.dyn_kwargs:
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for value in node.args:
            self.visit(value, frame)
            self.write(", ")
        self.write(")")

    def visit_Getattr(self, node: nodes.Getattr, frame: Any) -> None:
        """An attribute by itself: views are records, so that what they lack is a mistake in the template."""
        if iskeyword(node.attr) or (isinstance(node.node, nodes.Name) and node.node.name == "self"):
            super().visit_Getattr(node, frame)
            return
        self.write("(")
        self.visit(node.node, frame)
        self.write(f").{node.attr}")

    def visit_CondExpr(self, node: nodes.CondExpr, frame: Any) -> None:
        """A condition without `else` comes to nothing, and makes no object that says so."""
        node.expr2 = node.expr2 or nodes.Const("")
        super().visit_CondExpr(node, frame)


class Kept(jinja2.FileSystemBytecodeCache):
    """Compiled templates in a folder; what another version of this module compiled is compiled again."""

    def get_source_checksum(self, source: str) -> str:
        return super().get_source_checksum(f"{VERSION}{source}")


class Environment(jinja2.Environment):
    """Jinja with that code."""

    code_generator_class = _Generator
