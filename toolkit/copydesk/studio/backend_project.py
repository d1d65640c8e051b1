"""The address of an ML backend and a project go in; the project asks that backend, once, and no longer after the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from copydesk.errors import StudioError, StudioRefused
from copydesk.model.progress import Say
from copydesk.studio.backend import Login
from copydesk.studio.client import Studio
from copydesk.studio.projects import MODEL_VERSION, show_suggestions

_DESCRIPTION = "copydesk backend"
_SILENT = {"DI": "does not answer", "ER": "answers with an error"}  # by the state that Label Studio gives it
_FIX_ADDRESS = (
    "the embedded one: copydesk studio stop, and start it again; one of your own: set ML_BLOCK_LOCAL_IP=false where it runs, or name "
    "an address that it may reach with --url"
)


@contextmanager
def registered(studio: Studio, project_ids: Sequence[int], *, url: str, login: Login, say: Say) -> Iterator[None]:
    """Have these projects ask the backend at ``url``, until the end.

    It is called as the suggestions that are sent are, so that it is asked for those of a task that has none when the task is
    served. Where such a backend is registered and does not answer, Label Studio shows no suggestions at all: so it is taken away in
    the end, and one that is left of an earlier time is used again. ``say`` is told where it could not be taken away.
    """
    try:
        for project_id in project_ids:
            _register(studio, project_id, url=url, login=login)
        yield
    finally:
        try:
            for project_id in project_ids:
                remove_backends(studio, project_id, _backends(studio, project_id))
        except StudioError as error:
            say(
                f"the backend is still registered, and no suggestions are shown until it runs again or is removed: {error}"
            )


def _register(studio: Studio, project_id: int, *, url: str, login: Login) -> None:
    body = {
        "project": project_id,
        "title": MODEL_VERSION,
        "description": _DESCRIPTION,
        "url": url,
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": login.user,
        "basic_auth_pass": login.password,
    }
    there = _backends(studio, project_id)
    try:
        if there:
            studio.patch(f"api/ml/{there[0]}", json=body)
        else:
            studio.post("api/ml/", json=body)
    except StudioRefused as error:
        if "reserved network address" not in error.message:
            raise
        raise StudioRefused(f"Label Studio asks no backend at {url}: {error.message}", fix=_FIX_ADDRESS) from error
    show_suggestions(studio, project_id)
    _remove_webhook(studio, project_id, url)


def faults_of(studio: Studio, project_id: int) -> Iterator[tuple[str, str, int]]:
    """Give code, sentence and id of each backend for which this project does not show what is suggested.

    Label Studio asks each of them how it is.
    """
    for one in studio.get("api/ml/", params={"project": project_id}):
        told = f"the backend at {one['url']}"
        if one["title"] != MODEL_VERSION:
            if one["description"] == _DESCRIPTION:
                yield "changed-backend", f"{told} was made by copydesk, and is called {one['title']!r} now", one["id"]
        elif one["state"] in _SILENT:
            yield "dead-backend", f"{told} {_SILENT[one['state']]}, and no suggestions are shown", one["id"]
        elif one["model_version"] != MODEL_VERSION:
            yield "changed-backend", f"{told} is {one['model_version']!r}, not copydesk's", one["id"]


def remove_backends(studio: Studio, project_id: int, backend_ids: Sequence[int]) -> None:
    """Have a project no longer ask these backends, and show what was sent."""
    for backend_id in backend_ids:
        studio.delete(f"api/ml/{backend_id}")
    show_suggestions(studio, project_id)  # which the server forgets with the backend of that name


def _backends(studio: Studio, project_id: int) -> list[int]:
    """Give the ids of the backends that Copydesk registered."""
    found = studio.get("api/ml/", params={"project": project_id})
    return [int(one["id"]) for one in found if one["title"] == MODEL_VERSION]


def _remove_webhook(studio: Studio, project_id: int, url: str) -> None:
    """Take away the webhook that comes with a backend: nothing is done with it, and annotators would wait for it."""
    for one in studio.get("api/webhooks/", params={"project": project_id}):
        if one["url"] == f"{url.rstrip('/')}/webhook" and one["project"] == project_id:
            studio.delete(f"api/webhooks/{one['id']}/")
