"""What a module's comments say of the names that it defines; a comment stands behind what it is about."""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from types import ModuleType


class Source:
    """The text of a module: its comments by line."""

    def __init__(self, module: ModuleType) -> None:
        text = inspect.getsource(module)
        self.tree = ast.parse(text)
        self.lines = text.splitlines()
        self.comments = {
            token.start[0]: token.string.lstrip("# ")
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT
        }

    def behind(self, node: ast.stmt | ast.expr) -> str:
        """The comments in the lines of a node."""
        last = node.end_lineno or node.lineno
        return " ".join(self.comments[line] for line in range(node.lineno, last + 1) if line in self.comments)

    def above(self, node: ast.stmt) -> str:
        """The lines of comment right above a statement, and the one behind its first line."""
        line = node.lineno
        while self.lines[line - 2].startswith("#"):
            line -= 1
        told = [self.comments[number] for number in range(line, node.lineno + 1) if number in self.comments]
        return " ".join(told)
