"""What tests of stores look at: what a dataset in a store holds."""

import hashlib

from copydesk.datasets.version import open_release, versions_in
from copydesk.remote import place_at, reaching

SECRET = "wJalrXUtnFEMI-not-a-key"


def md5(body):
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def content(folder):
    """Every object that readers look at, with its MD5, which S3 tells; the pointer to the newest version may lag."""
    with reaching(folder) as store:
        told = {
            place_at(f"s3://{name}"): entry.get("ETag", "")
            for name, entry in store.find(str(folder), detail=True).items()
        }
    names = [name for name in folder.sizes() if name[0] != "." and name != "latest.json"]
    return {name: told.get(folder / name, "").strip('"') or md5((folder / name).read_bytes()) for name in names}


def hidden(folder):
    """What lies beside the versions, but for the claims that were carried out."""
    return [name for name in folder.sizes() if name.startswith(".") and not name.startswith(".claims/")]


def whole(folder):
    """The versions, each of which has just the files that its manifest names, and the one before it for its parent."""
    found = versions_in(folder)
    parent = None
    for version in found:
        manifest = open_release(folder / str(version)).manifest
        named = {entry["path"]: entry["bytes"] for entry in manifest["files"]}
        there = (folder / str(version)).sizes()
        assert {name: there[name] for name in there if name not in ("manifest.json", "SHA256SUMS")} == named
        assert (manifest["parent"] and manifest["parent"]["version"]) == (parent and str(parent))
        parent = version
    return [str(version) for version in found]
