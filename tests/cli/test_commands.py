"""Rules of the command line: cheap help, one JSON object on demand, honest exit codes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from copydesk.cli import COMMANDS, cli

HEAVY = (
    "pandas",
    "pyarrow",
    "numpy",
    "great_expectations",
    "label_studio_sdk",
    "label_studio",
    "pyspark",
    "httpx",
    "rich",
)


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from copydesk.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize(
    "code", ["import copydesk", "from copydesk.cli import main; sys.argv = ['copydesk', '--help']; main()"]
)
def test_importing_and_help_load_nothing_heavy(code: str) -> None:
    program = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr))\n" + code
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_help_names_every_command_and_each_has_help_and_json() -> None:
    shown = run("--help").stdout
    for path, command in leaves(cli):
        assert path[0] in shown
        assert command.help
        assert "--json" in [option for parameter in command.params for option in parameter.opts], path


def test_the_line_of_help_agrees_with_what_the_command_does() -> None:
    context = click.Context(cli)
    for name, line in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert line.endswith(".")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("status",), 2, "no copydesk.toml"),
        (("nonsense",), 2, "No such command"),
        (("ingest", "not-there"), 2, "no copydesk.toml"),
        (("--workspace", "not-there", "status"), 2, "no copydesk.toml"),
    ],
)
def test_wrong_use_leaves_with_2_and_says_why(tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_json_too_where_json_was_asked_for(tmp_path: Path) -> None:
    done = run("status", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["error"] == "workspace"
    assert json.loads(done.stdout)["fix"].startswith("run copydesk init")


def test_no_label_studio_is_a_fault_of_the_environment(tmp_path: Path) -> None:
    run("init", str(tmp_path / "w"))
    for command in ("push", "pull"):
        done = run(command, cwd=tmp_path / "w")
        assert done.returncode == 3, done.stderr
        assert "copydesk studio start" in done.stderr


def test_a_new_workspace_goes_as_far_as_documents_without_any_server(tmp_path: Path) -> None:
    made = json.loads(run("init", str(tmp_path / "w"), "--json").stdout)
    (tmp_path / "w" / "seeds" / "story.txt").write_text(
        "A headline\n\nA paragraph that says something.\n", encoding="utf-8"
    )
    (tmp_path / "w" / "seeds" / "empty.txt").write_text("", encoding="utf-8")
    first = json.loads(run("ingest", "--json", cwd=Path(made["workspace"])).stdout)
    assert (first["counts"]["kept"], first["counts"]["rejected"]) == (2, 1), "the starter has an article of its own"
    assert first["reasons"] == {"empty": 1}
    second = json.loads(run("ingest", "--json", cwd=Path(made["workspace"])).stdout)
    assert second["changed"] is False
    assert {**second["counts"], "new": 3} == first["counts"]
    shown = json.loads(run("show", "seeds/story.txt", "--json", cwd=Path(made["workspace"])).stdout)
    assert [zone["kind"] for zone in shown["zones"]] == ["headline", "paragraph"]


def test_more_rejected_files_than_allowed_leave_with_1_and_the_rest_is_kept(tmp_path: Path) -> None:
    run("init", str(tmp_path))
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text("", encoding="utf-8")
    (tmp_path / "d.txt").write_text("A headline\n\nA paragraph that says something.\n", encoding="utf-8")
    done = run("ingest", *(str(tmp_path / f"{name}.txt") for name in "abcd"), cwd=tmp_path)
    assert done.returncode == 1
    assert "3 of 4 articles were rejected" in done.stderr
    assert json.loads(run("status", "--json", cwd=tmp_path).stdout)["documents"]["documents"] == 1


def test_an_unknown_document_is_wrong_use(tmp_path: Path) -> None:
    run("init", str(tmp_path))
    done = run("show", "doc-none", cwd=tmp_path)
    assert (done.returncode, "no document 'doc-none'" in done.stderr) == (2, True)


def test_faulty_data_is_one_json_object_that_holds_the_report_and_the_error(tmp_path: Path) -> None:
    run("init", str(tmp_path))
    (tmp_path / "seeds" / "004_sarn-pass.txt").write_text("", encoding="utf-8")
    done = run("ingest", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, told["error"], told["counts"]["rejected"]) == (1, "rejected", 1)


@pytest.mark.parametrize("named", ["not-there", "nothing/*.jsonl", "ftp://example.org/a.txt"])
def test_a_path_pattern_or_address_that_gives_nothing_is_named(tmp_path: Path, named: str) -> None:
    run("init", str(tmp_path))
    done = run("ingest", named, "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, told["error"]) == (2, "unknown")
    assert named in told["message"]


@pytest.mark.parametrize("arguments", [("nonsense",), ("agree", "--nope"), ("show",)])
def test_wrong_use_is_json_too_where_json_was_asked_for(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    run("init", str(tmp_path / "w"))
    done = run(*arguments, "--json", cwd=tmp_path / "w")
    assert (done.returncode, json.loads(done.stdout)["error"]) == (2, "usage")


def test_a_linked_file_is_read_under_its_own_name_and_files_outside_never_collapse(tmp_path: Path) -> None:
    run("init", str(tmp_path / "w"))
    for folder in ("a", "b"):
        (tmp_path / folder / "news").mkdir(parents=True)
        (tmp_path / folder / "news" / "x.txt").write_text(
            f"Headline of {folder}\n\nA story told by {folder}.\n", encoding="utf-8"
        )
    (tmp_path / "w" / "seeds" / "link.txt").symlink_to(tmp_path / "a" / "news" / "x.txt")
    outside = [str(tmp_path / folder / "news") for folder in ("a", "b")]
    assert json.loads(run("ingest", "--json", cwd=tmp_path / "w").stdout)["counts"]["kept"] == 2
    assert json.loads(run("ingest", *outside, "--json", cwd=tmp_path / "w").stdout)["counts"]["kept"] == 2
    assert json.loads(run("status", "--json", cwd=tmp_path / "w").stdout)["documents"]["documents"] == 4
    assert json.loads(run("show", "seeds/link.txt", "--json", cwd=tmp_path / "w").stdout)["title"] == "Headline of a"


def test_what_a_new_limit_rejects_is_told_though_an_earlier_document_stays(tmp_path: Path) -> None:
    run("init", str(tmp_path))
    run("ingest", cwd=tmp_path)
    settings = tmp_path / "copydesk.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("1_000_000", "900"), encoding="utf-8")
    done = json.loads(run("ingest", "--json", cwd=tmp_path).stdout)
    assert (done["counts"]["kept"], done["reasons"]) == (0, {"too-long": 1})
    counts = json.loads(run("status", "--json", cwd=tmp_path).stdout)
    assert (counts["articles"]["rejected"], counts["documents"]["documents"]) == (1, 1)


def test_nothing_is_validated_or_published_on_agreed_labels_that_are_out_of_date(tmp_path: Path) -> None:
    run("init", str(tmp_path))
    run("ingest", cwd=tmp_path)
    for command in ("validate", "publish"):
        done = run(command, cwd=tmp_path)
        assert (done.returncode, "copydesk agree" in done.stderr) == (2, True), command
    assert run("agree", cwd=tmp_path).returncode == 0
    done = run("validate", "--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["error"]) == (4, "not-evaluated"), (
        "there is nothing to publish yet"
    )
    assert run("publish", cwd=tmp_path).returncode == 4


def test_a_state_folder_that_is_a_file_is_a_fault_of_the_environment(tmp_path: Path) -> None:
    run("init", str(tmp_path))
    (tmp_path / ".copydesk").write_text("not a folder", encoding="utf-8")
    done = run("ingest", cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
