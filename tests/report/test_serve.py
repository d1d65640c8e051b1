"""The server of the pages: who is let in, what a page may load, and that nothing is written."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from copydesk.errors import UnknownError, UsageError
from copydesk.flow.site import served
from copydesk.model.progress import Say
from copydesk.report.page import part
from copydesk.report.serve import Site, application, cookie_of
from copydesk.serving import address, serving
from copydesk.workspace import Workspace

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)><a href="javascript:alert(3)">\u202eevil\u202c'


def tree(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def visitor(site: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.address, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/?token=wrong", "/?token=", "/nowhere"])
def test_nobody_sees_a_page_without_the_token(visitor: httpx.Client, path: str, shown: Workspace) -> None:
    answer = visitor.get(path)
    assert answer.status_code in {401, 404}
    assert shown.settings.name not in answer.text


def test_the_token_lets_in_and_leaves_the_address(site: Any) -> None:
    with httpx.Client(trust_env=False, follow_redirects=True) as visitor:
        answer = visitor.get(site.entry)
        assert answer.status_code == 200
        assert "token" not in str(answer.url)
        assert visitor.get(f"{site.address}/").status_code == 200
        assert not visitor.get(f"{site.address}/assets/copydesk.css").headers.get("set-cookie")


def test_two_servers_of_a_machine_let_the_same_browser_in(site: Any, shown: Workspace) -> None:
    with (
        served(shown, host="127.0.0.1", port=0, say=pytest.fail) as other,
        httpx.Client(trust_env=False, follow_redirects=True) as visitor,
    ):
        assert [visitor.get(entry).status_code for entry in (site.entry, other)] == [200, 200]
        assert visitor.get(f"{site.address}/").status_code == 200, "a browser sends its cookies to every port"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example"])
def test_another_name_for_this_machine_is_refused(site: Any, host: str) -> None:
    answer = httpx.get(site.entry, headers={"Host": host}, trust_env=False)
    assert answer.status_code == 421
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(site: Any, method: str) -> None:
    assert httpx.request(method, site.entry, trust_env=False).status_code == 405


def test_an_address_that_others_could_reach_is_refused(shown: Workspace) -> None:
    with pytest.raises(UsageError, match=r"0\.0\.0\.0: others"), served(shown, host="0.0.0.0", port=0, say=print):
        pass


def test_looking_at_every_page_writes_nothing(shown: Workspace, look: Callable[..., Any]) -> None:
    before = tree(shown.root)
    with served(shown, host="127.0.0.1", port=0, say=pytest.fail) as entry:
        page = look(entry)
        menu = page.get_by_role("navigation", name="Pages").get_by_role("link")
        for number in range(menu.count()):
            menu.nth(number).click()
            assert page.locator("h1").count() == 1
    assert tree(shown.root) == before


def made(views: dict[str, Any], say: Say) -> Any:
    return application(Site(views, HOSTILE, "secret"), say=say)


def test_what_others_wrote_is_text_wherever_it_stands(look: Callable[..., Any]) -> None:
    def failing(_asked: object) -> Any:
        raise UnknownError(f"no {HOSTILE}", fix=HOSTILE)

    def failure(_asked: object) -> Any:
        return part("failure.html", title=HOSTILE, message=HOSTILE, fix=HOSTILE)

    with serving(made({"/": failure, "/gone": failing}, print), host="127.0.0.1", port=0) as port:
        at = address("127.0.0.1", port)
        page = look(f"{at}/?token=secret")
        assert "⟦U+202E⟧evil⟦U+202C⟧" in page.locator("main").inner_text()
        assert page.locator("main script, main img, main a").count() == 0


def test_a_fault_of_a_view_is_one_sentence_and_is_said(site: Any) -> None:
    said: list[str] = []

    def broken(_asked: object) -> Any:
        raise ValueError("seven")

    with serving(made({"/": broken}, said.append), host="127.0.0.1", port=0) as port:
        answer = httpx.get(f"{address('127.0.0.1', port)}/", cookies={cookie_of("secret"): "secret"}, trust_env=False)
    assert answer.status_code == 500
    assert "ValueError: seven" in answer.text
    assert len(said) == 1
    assert said[0].startswith("/: ValueError: seven (fix: this is a fault of Copydesk itself")


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_serves_and_ends_well(shown: Workspace, ended_by: signal.Signals) -> None:
    command = [Path(sys.executable).with_name("copydesk"), "--workspace", shown.root, "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout
        said = "".join(running.stdout.readline() for _ in range(3))
        assert httpx.get(json.loads(said)["serve"], trust_env=False).status_code == 303
        running.send_signal(ended_by)
        _, complaints = running.communicate(timeout=60)
    assert (running.returncode, complaints) == (0, "")
