"""An export goes in, a dataset on the Hugging Face Hub comes out: one commit with every file, and a tag for the version."""

from __future__ import annotations

import os
from pathlib import Path

from copydesk.errors import MissingExtraError, SystemFault, UsageError

TOKEN = "HF_TOKEN"


def push(folder: Path, repository: str, *, version: str, endpoint: str | None = None) -> None:
    """Make ``repository`` (OWNER/NAME) hold just the files of ``folder``, and tag that with the version; one that is not there is
    made, as a private one.

    The environment's ``HF_TOKEN`` says who pushes. Raises UsageError where there is none, SystemFault where the Hub does not take it,
    MissingExtraError without huggingface_hub.
    """
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ImportError as error:
        raise MissingExtraError("pushing needs huggingface_hub", fix="pip install 'copydesk[huggingface]'") from error
    token = os.environ.get(TOKEN, "")
    if not token:
        raise UsageError(f"pushing needs a token of the Hugging Face Hub in {TOKEN}", fix=f"export {TOKEN}=hf_…")
    # OSError, and the root of the errors of whichever HTTP library that one uses
    refused = tuple(base for base in HfHubHTTPError.__bases__ if issubclass(base, Exception))
    hub = HfApi(endpoint=endpoint, token=token)
    try:
        hub.create_repo(repository, repo_type="dataset", private=True, exist_ok=True)
        hub.upload_folder(
            repo_id=repository, repo_type="dataset", folder_path=folder, commit_message=version, delete_patterns="*"
        )
        hub.create_tag(repository, repo_type="dataset", tag=version, exist_ok=True)
    except HFValidationError as error:
        raise UsageError(f"{repository!r} is no name of a repository: {error}", fix="name it OWNER/NAME") from error
    except refused as error:
        raise SystemFault(
            f"the Hugging Face Hub did not take {repository}: {error}",
            fix="see that the token may write there, and run the command again: nothing is sent twice",
        ) from error
