"""Rules of ``copydesk init``: four questions on a terminal, none in a script, and every answer ends up in the settings."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from copydesk.cli import cli
from copydesk.errors import ConfigError
from copydesk.workspace import Workspace, starter_settings

COMMAND = [sys.executable, "-c", "from copydesk.cli import main; main()", "init"]


def answers(folder: Path) -> tuple[object, ...]:
    settings = Workspace.open(folder).settings
    return settings.name, settings.schema, settings.studio.url, settings.studio.annotators_per_task


def test_on_a_terminal_four_questions_are_asked_and_a_script_can_repeat_the_answers(
    terminal: Callable[..., Any], tmp_path: Path
) -> None:
    asked = terminal("init", "asked", columns=200, cwd=tmp_path)
    for question, answer in [
        ("to be called? [my-articles]: ", "harbour/news"),
        ("cannot be the name of a folder", "harbour-news"),
        ("to be labelled? [news-entities]: ", "conflict-events"),
        ("Label Studio? [the embedded one]: ", "https://labels.example.org"),
        ("read each article? [2]: ", "3"),
    ]:
        asked.wait_for(question)
        asked.say(f"{answer}\n")
    assert asked.end() == 0, asked.heard
    given = ("harbour-news", "conflict-events", "https://labels.example.org", 3)
    assert answers(tmp_path / "asked") == given
    (again,) = [line.partition("copydesk init ")[2] for line in asked.lines if "copydesk init " in line]
    words = shlex.split(again)
    done = subprocess.run([*COMMAND, "again", *words[1:]], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, answers(tmp_path / "again")) == (0, given), done.stderr


def test_enter_takes_what_a_script_gets_too(terminal: Callable[..., Any], tmp_path: Path) -> None:
    asked = terminal("init", "asked", cwd=tmp_path)
    asked.say("\n\n\n\n")
    assert asked.end() == 0
    usual = starter_settings()
    assert answers(tmp_path / "asked") == (usual.name, usual.schema, "", usual.studio.annotators_per_task)


@pytest.mark.parametrize("options", [["--yes"], ["--annotators", "1"]])
def test_with_options_nothing_is_asked_on_a_terminal_either(
    terminal: Callable[..., Any], tmp_path: Path, options: list[str]
) -> None:
    made = terminal("init", "made", *options, cwd=tmp_path)
    assert made.end() == 0, made.heard
    assert "?" not in made.heard


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--schema", "nope"], "there is no schema 'nope'"),
        (["--name", "../x"], "cannot be the name of a folder"),
        (["--url", "ftp://labels.example.org"], "no address of a server"),
        (["--annotators", "0"], "not in the range"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_and_nothing_is_made(tmp_path: Path, options: list[str], said: str) -> None:
    with pytest.raises((ConfigError, click.BadParameter), match=said):
        cli.main(["init", str(tmp_path / "w"), *options], standalone_mode=False)
    assert not (tmp_path / "w").exists()


def test_the_words_of_an_answer_are_no_settings(tmp_path: Path) -> None:
    url = 'https://labels.example.org/"\n[publish]\n\\1'
    made = Workspace.create(tmp_path / "w", answers={"url": url})
    assert made.settings.studio.url == url
