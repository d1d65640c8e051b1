"""``copydesk publish --to s3://…`` is killed at its requests: there is the old version or the new one, and running it again finishes."""

import re
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from faultproxy import Fault
from stored import whole

from copydesk.datasets.load import verify
from copydesk.remote import reaching

# Of the server's own libraries, not of ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A workspace with labels that its first version does not have."""
    folder = tmp_path_factory.mktemp("desk")
    traced = runpy.run_path(str(Path(__file__).parents[2] / "line" / "traced.py"), run_name="traced")
    traced["publish_twice"](folder)
    return folder


@pytest.fixture
def publish(desk, s3):
    """A function that lays the first version into a new home in the store, and starts publishing the next one there."""

    def start(name, *, anew=True):
        folder = s3 / name / "desk"
        if anew:
            with reaching(folder) as store:
                store.put(f"{desk}/datasets/desk/1.0.0/", f"{folder}/1.0.0/", recursive=True)
        code = "from copydesk.cli import main; main()"
        command = [sys.executable, "-c", code, "--workspace", str(desk), "publish", "--to", str(folder.parent)]
        return folder, subprocess.Popen(command, stdout=subprocess.DEVNULL)

    return start


def count_requests(publish, asked):
    with asked() as seen:
        folder, running = publish("whole")
        before = len(seen)
        assert running.wait() == 0
    assert len(whole(folder)) == 2
    return len(seen) - before


def kill_at(publish, asked, points):
    """Kill it at a request of each of these kinds, or of these numbers; give how often the new version was there at once."""
    made = 0
    for at in points:
        started, met = [], []

        def meet(_, request, at=at, started=started, met=met):
            if not started or None in met:
                return None
            met.append(f"{request.method} {request.path}")
            if not (len(met) == at if isinstance(at, int) else re.match(at, met[-1])):
                return None
            met.append(None)
            started[0].send_signal(signal.SIGKILL)
            started[0].wait()
            return Fault("cut-answer")  # what it asked is done, and nobody is there to hear of it

        with asked(meet):
            folder, running = publish(f"killed-{at}" if isinstance(at, int) else "killed")
            started.append(running)
            assert running.wait() == -signal.SIGKILL
        found = whole(folder)
        assert found[0] == "1.0.0"
        assert len(found) in (1, 2)
        assert [verify(folder / version) for version in found] == [()] * len(found)
        made += len(found) == 2
        _, again = publish(folder.parent.name, anew=False)
        assert again.wait() == 0
        assert [verify(folder / version) for version in whole(folder)] == [(), ()]
    return made


def test_killed_at_the_claim_a_publisher_leaves_a_version_that_running_it_again_finishes(publish, asked):
    assert kill_at(publish, asked, [r"PUT .*/\.claims/"]) == 0


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_at_every_request_publish_leaves_old_or_new_and_finishes(publish, asked, record_property):
    total = count_requests(publish, asked)
    made = kill_at(publish, asked, range(1, total + 1))
    told = f"copydesk publish killed at {total} of {total} requests to S3: 0 bad versions, {made} there at once, each retry finished"
    record_property("killed", told)
