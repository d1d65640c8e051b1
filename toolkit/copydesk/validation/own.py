"""Names of modules go in; the expectations that users wrote in them are known to Great Expectations afterwards."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

from copydesk.errors import ConfigError

GROUP = "copydesk.expectations"  # entry points of installed packages, loaded without being named


def load(modules: Sequence[str | Path]) -> None:
    """Import our own expectations, those that installed packages announce, and these modules: files, or names.

    Raises ConfigError for one that cannot be imported: a suite that needs it could not be evaluated.
    """
    import copydesk.validation.run  # noqa: F401 - registers our own

    for entry in entry_points(group=GROUP):
        _imported(entry.value.partition(":")[0])
    for module in modules:
        _imported(module)


def _imported(module: str | Path) -> None:
    try:
        if isinstance(module, Path):
            _from_file(module)
        else:
            importlib.import_module(module)
    except (ImportError, OSError, SyntaxError, TypeError, ValueError, AttributeError, NameError) as error:
        raise ConfigError(
            f"the expectations in {module} cannot be loaded: {error}", fix="correct [validation] modules, or the module"
        ) from error


def _from_file(path: Path) -> None:
    name = f"copydesk_expectations_{path.stem}"
    loaded = sys.modules.get(name)
    if loaded is not None and loaded.__file__ == str(path):
        return
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    sys.modules[name] = made
