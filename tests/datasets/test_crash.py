"""A crash or a disk that refuses leaves the old state or the new one, and publishing again finishes."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STORE_ERROR = 3  # the exit code of kill_each.py's children for a StoreError
MEMORY = Path(
    "/dev/shm"
)  # a kill leaves what was written there as on a disk, and waiting for a disk is most of the time


def _tried(command, fault, step=1):
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        program = [sys.executable, str(HERE / "kill_each.py"), folder, command, fault, str(step)]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
    tries = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [one for one in tries if one["left"] == "torn" or one["faults"]] == []
    assert [one for one in tries if one["again"] or not one["same"] or one["rest"]] == []
    assert {"old", "new"} <= {one["left"] for one in tries}  # stopped before the first commit, and after the last
    return tries


COMMANDS = ["publish-first", "publish", "yank", "unyank", "alias", "retract", "condemn", "remove"]
SAMPLES = [("publish", "kill", 110), ("retract", "power-loss", 160), ("remove", "kill", 7), ("alias", "power-loss", 2)]


@pytest.mark.parametrize(("command", "fault", "step"), SAMPLES)
def test_killed_at_a_sample_of_its_operations_a_command_leaves_old_or_new_and_finishes(command, fault, step):
    assert {one["code"] for one in _tried(command, fault, step)} == {-signal.SIGKILL}


@pytest.mark.parametrize(("command", "fault", "step"), [("yank", "ENOSPC", 1), ("publish", "EROFS", 110)])
def test_an_operation_that_fails_is_a_store_error_or_of_no_account(command, fault, step):
    tries = _tried(command, fault, step)
    assert {one["code"] for one in tries} == {0, STORE_ERROR}
    assert [one for one in tries if one["code"] == 0 and one["left"] != "new"] == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("fault", ["kill", "power-loss"])
def test_killed_at_every_operation_a_command_leaves_old_or_new_and_finishes(command, fault, record_property):
    tries = _tried(command, fault)
    assert {one["code"] for one in tries} == {-signal.SIGKILL}
    assert len(tries) == tries[0]["of"]
    record_property("killed", f"{command}, {fault}: killed at {len(tries)} of {tries[0]['of']} points, 0 bad versions")


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("command", COMMANDS)
def test_whichever_operation_the_full_disk_fails_it_is_told_and_nothing_is_torn(command, record_property):
    tries = _tried(command, "ENOSPC")
    assert [one for one in tries if one["code"] not in (0, STORE_ERROR)] == []
    assert [one for one in tries if one["code"] == 0 and one["left"] != "new"] == []
    assert len(tries) == tries[0]["of"]
    record_property("failed", f"{command}, ENOSPC: failed at {len(tries)} of {tries[0]['of']} points, 0 bad versions")


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_at_any_moment_a_version_stays_whole_beside_what_other_ways_of_saving_leave(record_property):
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        command = [sys.executable, str(HERE / "kill_savers.py"), folder, "100"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = Counter((one["saver"], one["found"]) for one in map(json.loads, done.stdout.splitlines()))
    for saver in ("copydesk", "to_parquet", "save_to_disk"):
        left = {state: found[saver, state] for state in ("old", "new", "mixed", "unreadable")}
        assert sum(left.values()) == 100
        record_property("killed", f"{saver}: 100 kills left " + ", ".join(f"{left[one]} {one}" for one in left))
    assert found["copydesk", "mixed"] == found["copydesk", "unreadable"] == 0


def test_who_was_killed_after_the_commit_and_asks_again_hears_that_nothing_changed(home, tmp_path, newsroom):
    """The acknowledgement is lost: the version is there, and whoever published was not told."""
    wrapper = HERE.parent / "kill" / "killpoint.py"

    def run(number, folder):
        command = [sys.executable, str(wrapper), str(number), "--", newsroom.__file__, str(folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    count = int(run(10**6, tmp_path / newsroom.NAME).stderr.splitlines()[-1].removeprefix("killpoints: "))
    assert run(count, home).returncode == -signal.SIGKILL
    again = newsroom.put_out(home)
    assert (again.version, again.created, again.reasons) == ("1.0.0", False, ("nothing changed since 1.0.0",))


def test_the_killing_wrapper_kills_at_its_point_and_otherwise_tells_the_count(home, newsroom):
    def run(number):
        wrapper = HERE.parent / "kill" / "killpoint.py"
        command = [sys.executable, str(wrapper), str(number), "--", newsroom.__file__, str(home)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run(40).returncode == -signal.SIGKILL
    assert list(home.glob("*")) == [home / ".staging"]
    whole = run(10**6)
    assert whole.returncode == 0
    assert json.loads(whole.stdout)["version"] == "1.0.0"
    count = int(whole.stderr.splitlines()[-1].removeprefix("killpoints: "))
    assert count > 100
    assert sorted(path.name for path in home.iterdir()) == ["1.0.0", "latest.json"]


def test_what_a_killed_publisher_left_goes_and_a_publisher_at_work_keeps_its_place(home, newsroom):
    import fcntl

    newsroom.put_out(home)
    left, busy = home / ".staging" / ".tmp-1-left", home / ".staging" / ".tmp-2-busy"
    for folder in (left, busy):
        folder.mkdir(parents=True)
        (folder / "train.parquet").write_bytes(b"half")
    handle = os.open(busy, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        newsroom.put_out(home)
        assert not left.exists()
        assert (busy / "train.parquet").exists()
    finally:
        os.close(handle)
    newsroom.put_out(home)
    assert not (home / ".staging").exists()


# Run as a program: what a user without rights, or with a full disk, meets. A limit on the size of files stands for the full
# disk: the write fails in the middle of a file, as it does there.
REFUSED = """
import importlib.util, os, resource, sys
spec = importlib.util.spec_from_file_location("newsroom", sys.argv[1])
newsroom = importlib.util.module_from_spec(spec)
sys.modules["newsroom"] = newsroom
spec.loader.exec_module(newsroom)
import pathlib
from copydesk.errors import StoreError
if sys.argv[3] == "rights":
    if os.geteuid() == 0:
        os.seteuid(65534)
else:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    newsroom.put_out(pathlib.Path(sys.argv[2]), "relabelled")
except StoreError as error:
    print(f"{error.code}: {error}")
"""


def _refused(newsroom, folder, how):
    command = [sys.executable, "-c", REFUSED, newsroom.__file__, str(folder), how]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("limit", ["100", "3000", "6000", "9000"])
def test_a_full_disk_is_a_store_error_and_nothing_half_is_there(home, newsroom, tree, limit):
    newsroom.put_out(home)
    before = tree(home)
    done = _refused(newsroom, home, limit)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("store: cannot ")
    assert "check the disk's space" in done.stdout
    assert tree(home) == before
    assert newsroom.put_out(home, "relabelled").version == "1.1.0"


def test_a_folder_that_cannot_be_written_is_a_store_error_and_stays_as_it_is(newsroom, tree):
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)  # another user must get as far as the dataset's folder
        home = Path(place) / newsroom.NAME
        newsroom.put_out(home)
        before = tree(home)
        home.chmod(0o555)
        done = _refused(newsroom, home, "rights")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("store: cannot publish in ")
        assert "Permission denied" in done.stdout
        assert tree(home) == before
        home.chmod(0o755)


def test_a_file_in_the_place_of_the_folder_is_a_store_error(home, newsroom):
    home.parent.mkdir(parents=True)
    home.write_text("not a folder")
    done = _refused(newsroom, home, str(10**9))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("store: cannot publish in ")
    assert home.read_text() == "not a folder"
