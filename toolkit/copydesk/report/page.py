"""Values and a template go in, HTML comes out in which nothing that others wrote is markup.

A page is made of parts. Served, a page has one part and takes style and script from beside it; exported, one file has all parts
and everything that they need. Both forbid everything that is not their own by a Content-Security-Policy.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from copydesk.report.charts import svg
from copydesk.report.inert import shown

if TYPE_CHECKING:
    from jinja2 import Environment

MENU = (
    ("/", "Desk"),
    ("/documents", "Documents"),
    ("/agreement", "Agreement"),
    ("/findings", "Findings"),
    ("/versions", "Versions"),
)
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'self'; img-src 'self' data:"
SERVED_POLICY = (
    f"{_POLICY}; style-src 'self'; script-src 'self'; connect-src 'self'; font-src 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between a page's menu and its end.

    ``name`` is its place in an exported file, whose menu has those that are ``listed``; a ``live`` one asks anew for itself.
    """

    title: str
    body: str
    name: str = ""
    live: bool = False
    listed: bool = True

    @property
    def tag(self) -> str:
        """What tells this body from another, as an HTTP header says it."""
        return f'"{hashlib.sha256(self.body.encode()).hexdigest()[:32]}"'


def part(template: str, *, title: str, name: str = "", live: bool = False, listed: bool = True, **values: Any) -> Part:
    """Fill in a template of ``templates/``: every value is escaped, and one that it names and is not given is an error."""
    body = _environment().get_template(template).render(**values)
    return Part(title, body, name, live, listed)


def page(one: Part, *, workspace: str = "", path: str = "", menu: Container[str] = ()) -> str:
    """Give a whole page of one part, as it is served under ``path``; of ``MENU`` it has what is in ``menu``."""
    layout = _environment().get_template("served.html")
    entries = [(href, name) for href, name in MENU if href in menu]
    return layout.render(
        part=one, workspace=workspace, path=path, menu=entries, styles=assets("css"), scripts=assets("js")
    )


def exported(parts: Sequence[Part], *, workspace: str, title: str) -> str:
    """Give one file of several parts that needs no other."""
    style, script = ("\n".join(asset(name).decode() for name in assets(kind)) for kind in ("css", "js"))
    policy = f"{_POLICY}; style-src {_hash_of(style)}; script-src {_hash_of(script)}"
    layout = _environment().get_template("exported.html")
    return layout.render(
        parts=parts, workspace=workspace, title=title, style=style, script=script, policy=policy.replace("'self' ", "")
    )


@cache
def asset(name: str) -> bytes:
    """Give a file of ``assets/``."""
    return resources.files(__package__).joinpath("assets", name).read_bytes()


def assets(kind: str = "") -> list[str]:
    """Name the files of ``assets/``, or those of a kind such as ``css``."""
    names = sorted(entry.name for entry in resources.files(__package__).joinpath("assets").iterdir())
    return [name for name in names if name.endswith(kind)]


def _hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("copydesk.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(shown=shown, svg=svg, count=_count, share=_share, figure=_figure, duration=_duration)
    return made


def _count(number: int) -> str:
    return f"{number:,}"


def _share(number: float | None) -> str:
    return "–" if number is None else f"{number:.0%}"


def _figure(number: float | None) -> str:
    return "–" if number is None else f"{number:.3f}"


def _duration(seconds: float | None) -> str:
    """Seconds as a person says them."""
    if seconds is None:
        return "–"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
