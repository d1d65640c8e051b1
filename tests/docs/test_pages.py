"""Rules of every page: what stands in its blocks is run, or is at least what the code takes."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from blocks import NOT_RUN, ROOT, Block, blocks, pages

from copydesk.cli import COMMANDS, cli
from copydesk.model.settings import Settings, read_settings

BLOCKS = [block for page in pages() for block in blocks(page)]
TYPED = {"console", "sh"}
SHOWN = {"text", "toml", "json", "python"}
INLINE = re.compile(r"(?<!`)`(copydesk [^`\n]+)`")
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
SETTINGS = set(Settings.__dataclass_fields__)


def of(*languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in languages]


def runs_and_says_nothing(program: str) -> bool:
    return subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_block_is_run_or_says_why_not() -> None:
    directives = {"{toctree}", "{include}"}
    assert {block.place: block.language for block in BLOCKS if block.language not in TYPED | SHOWN | directives} == {}
    unsaid = [block.place for block in of("sh") if len(block.told.removeprefix(NOT_RUN).split()) < 2]
    assert unsaid == [], f"say ```sh {NOT_RUN}REASON"


@pytest.mark.parametrize("block", of("python"), ids=lambda block: block.place)
def test_python_is_run_or_says_why_not(block: Block) -> None:
    compile(block.text, block.place, "exec")
    assert block.told.startswith(NOT_RUN) or runs_and_says_nothing(block.text)


def test_settings_are_taken_as_they_stand() -> None:
    for block in of("toml"):
        found = tomllib.loads(block.text)
        if set(found) <= SETTINGS:
            read_settings({"name": "any", "schema": "any", **found}, place=block.place)


def test_json_is_json() -> None:
    for block in of("json"):
        json.loads(block.text)


def named() -> Iterator[tuple[str, list[str]]]:
    """Every command line of copydesk on any page: in blocks, and in the midst of sentences."""
    for block in of(*TYPED):
        for line in block.text.replace("\\\n", " ").splitlines():
            for part in re.findall(r"(?:^|[|;&(] *|[A-Z_]+=\S+ )(?:\$ )?(copydesk [^|;&)]*)", line):
                yield block.place, shlex.split(part, comments=True)
    for page in pages():
        for line in INLINE.findall(page.read_text(encoding="utf-8")):
            yield str(page.relative_to(ROOT)), line.split()


def lacking(words: list[str]) -> str:
    """What is no command or option in a command line; nothing where all of it is. Words in capitals and after ``…`` stand for others."""
    command: click.Command = cli
    context = click.Context(cli, info_name="copydesk")
    for word in words[1:]:
        if isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]+", word):
            found = command.get_command(context, word)
            if found is None:
                return word
            command, context = found, click.Context(found, info_name=word, parent=context)
        elif word.startswith("-"):
            known = [name for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)]
            if word.rstrip(",;").partition("=")[0] not in known:
                return f"{context.info_name} {word}"
    return ""


def test_every_command_and_option_that_a_page_names_is_there() -> None:
    wrong = {(place, " ".join(words)): found for place, words in named() if (found := lacking(words))}
    assert wrong == {}


def test_the_check_of_commands_finds_what_is_not_there() -> None:
    assert lacking(["copydesk", "pusch"]) == "pusch"
    assert lacking(["copydesk", "people", "rename", "anna"]) == "rename"
    assert lacking(["copydesk", "push", "--updated"]) == "push --updated"
    assert lacking(["copydesk", "--json-lines", "status"]) == "copydesk --json-lines"


def test_every_command_is_told_of_outside_of_the_reference() -> None:
    told = {words[1] for _, words in named() if len(words) > 1}
    assert set(COMMANDS) - told == set()


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")), ids=lambda page: page.name)
def test_links_of_the_pages_outside_of_the_site_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_commands_of_make_that_a_reader_begins_with_are_there() -> None:
    assert blocks(ROOT / "README.md")[0].text == "make demo\nmake test\n"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "install: $(READY)\n" in makefile
    assert "demo: $(READY)\n\t$(BIN)/copydesk demo\n" in makefile
    assert "test: $(READY)\n\t$(BIN)/python -m pytest --numprocesses 2 --no-loadscope-reorder\n" in makefile


def test_the_citation_says_what_the_package_says() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {citation[key] for key in ("cff-version", "type")} == {"1.2.0", "software"}
    assert (citation["version"], citation["license"]) == (package["version"], package["license"])
