"""Publish over an earlier version once for each file operation, killed there; print what each crash left, as JSON lines.

``python kill_each.py FOLDER STEP``: each crash happens in a child process, forked before Arrow has started a thread, in a copy
of the same old state. Of the operations every STEP-th is tried, and the last twelve, where the version is committed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


newsroom = _module(HERE / "newsroom.py")
killpoint = _module(HERE.parent / "kill" / "killpoint.py")


def in_child(work: Callable[[], object]) -> int:
    """Do it in a forked child; give its exit code, negative for the signal that ended it."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, with its digest."""
    from copydesk.store import file_sha256

    return {p.relative_to(folder).as_posix(): file_sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def versions(folder: Path) -> dict[str, str]:
    """Every file that belongs to a version; the pointer to the newest one may lag."""
    return {path: digest for path, digest in tree(folder).items() if path != "latest.json" and path[0] != "."}


def count(folder: Path, into: Path) -> None:
    """Publish unharmed and say how many operations it took."""
    points = killpoint.Points(0)
    points.arm()
    newsroom.put_out(folder, "relabelled")
    met = points.met
    sys.setprofile(None)
    into.write_text(str(met))


def killed(folder: Path, number: int) -> None:
    """Publish, and be killed at that operation."""
    killpoint.Points(number).arm()
    newsroom.put_out(folder, "relabelled")


def main() -> None:
    """Try every point."""
    root, step = Path(sys.argv[1]), int(sys.argv[2])
    old, whole, tried = (root / side / newsroom.NAME for side in ("old", "whole", "tried"))
    assert in_child(lambda: newsroom.put_out(old)) == 0
    shutil.copytree(old, whole)
    assert in_child(lambda: count(whole, root / "count")) == 0
    total = int((root / "count").read_text())
    after = tree(whole)
    for number in sorted({*range(1, total + 1, step), *range(max(1, total - 11), total + 1)}):
        shutil.rmtree(tried, ignore_errors=True)
        shutil.copytree(old, tried)
        code = in_child(lambda number=number: killed(tried, number))  # type: ignore[misc]
        left = versions(tried)
        again = in_child(lambda: newsroom.put_out(tried, "relabelled"))
        print(
            json.dumps(
                {
                    "point": number,
                    "of": total,
                    "code": code,
                    "left": "old" if left == versions(old) else "new" if left == versions(whole) else "torn",
                    "again": again,
                    "same": tree(tried) == after and not (tried / ".staging").exists(),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
