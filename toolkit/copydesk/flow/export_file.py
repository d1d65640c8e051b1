"""A file that Label Studio exported goes in, its tasks come out one at a time: JSON, also compressed or the one JSON in a zip."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from copydesk.articles.archive import read_zip
from copydesk.articles.entry import At
from copydesk.articles.json_file import elements
from copydesk.articles.streams import BLOCK, Budget, InputFault, as_utf8, local, opened
from copydesk.errors import ExportError, UnknownError
from copydesk.model.reading import ReadOptions
from copydesk.studio.exported import Task, checked

_FIX = "export the project again as JSON (Label Studio: Export > JSON), and import that file; nothing of this one was taken"
_COMPRESSED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_ZIP = b"PK"
# What a file that is no list begins with, and what it is then; another beginning is that of a table or a text.
_OTHERS = {
    b"": "is empty",
    b"{": "holds a JSON object, or one in each line, and no list of tasks",
    b"<": "is XML or HTML",
    b"P": "is Parquet, or another archive than a zip",
}
_NO_JSON = "is no JSON: a table such as CSV or TSV, CoNLL, or another format"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """An exported file; ``stamp`` tells whether it was changed since."""

    path: Path
    options: ReadOptions
    stamp: tuple[int, int]

    @classmethod
    def at(cls, path: Path, options: ReadOptions) -> ExportFile:
        """Take a file; raises UnknownError where there is none."""
        if not path.exists():
            raise UnknownError(f"there is no file {str(path)!r}", fix="name one that exists")
        return cls(path, options, _stamp(path))

    def tasks(self) -> Iterator[Task]:
        """Give the tasks in the order of the file, each checked for the shape of a whole export, and one in memory at a time.

        Raises ExportError where the file is damaged, of another format, empty, or changed since it was looked at first.
        """
        if _stamp(self.path) != self.stamp:
            raise ExportError(f"{self.path} was changed while it was read", fix="import it again when it is whole")
        number = 0
        try:
            with self._opened() as stream:
                head = stream.peek(BLOCK).lstrip()[:1]
                if head != b"[":
                    raise ExportError(f"{self.path} {_OTHERS.get(head, _NO_JSON)}", fix=_FIX)
                for number, value in elements(stream, self.options.limits):
                    yield self._checked(value, number)
        except InputFault as fault:
            said = fault.detail.partition(" (fix:")[0]
            what = (
                "is damaged, or ends before its end" if fault.reason in {"not-json", "truncated"} else "cannot be read"
            )
            raise ExportError(f"{self.path} {what}: {said}", fix=_FIX) from fault
        if not number:
            raise ExportError(f"{self.path} is an empty list: no task was exported", fix=_FIX)

    def _checked(self, value: object, number: int) -> Task:
        try:
            return checked(value, number)
        except ExportError as error:
            raise ExportError(
                f"{self.path}: {error.message}", fix=f"{error.fix}; nothing of this one was taken"
            ) from error

    @contextmanager
    def _opened(self) -> Iterator[io.BufferedReader]:
        budget = Budget(self.options.limits)
        with ExitStack() as stack:
            file = cast("BinaryIO", stack.enter_context(local(self.path)))
            head = file.read(4)
            file.seek(0)
            if head.startswith(_ZIP):
                yield as_utf8(self._member(file, budget, stack))
                return
            compression = next((name for sign, name in _COMPRESSED.items() if head.startswith(sign)), "")
            yield as_utf8(opened(file, compression=compression, budget=budget))

    def _member(self, file: BinaryIO, budget: Budget, stack: ExitStack) -> io.BufferedReader:
        """Open the one JSON file in a zip archive."""
        at = At(self.path.name, self.options, budget)
        names = [one.name for one in read_zip(file, at) if _is_json(one.name)]
        if len(names) != 1:
            listed = ", ".join(names[:5]) or "none"
            raise ExportError(
                f"{self.path} is a zip with {len(names)} JSON files: {listed}", fix="unpack it, and import one file"
            )
        members = read_zip(file, at)
        member = next(one for one in members if one.name == names[0])
        stack.callback(members.close)  # type: ignore[attr-defined]
        if member.fault:
            raise member.fault
        return stack.enter_context(member.open())


def _is_json(name: str) -> bool:
    return name.lower().endswith(".json") and not PurePosixPath(name).name.startswith(".") and "__MACOSX" not in name


def _stamp(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns
