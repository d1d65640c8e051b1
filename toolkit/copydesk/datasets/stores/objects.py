"""A dataset in a store of objects, where nothing can be renamed: conditional writes decide, and the manifest is written last.

Publishing takes these steps, each an object or many:

1. every file goes to ``.staging/UUID/``, under names that nobody else writes;
2. ``.claims/NUMBER.json`` is created, which names that folder and the version: of all that want this number one gets it, and what it
   claims is decided. Who loses removes its own staging, and begins again after the new newest version;
3. the files are copied within the store to ``VERSION/``, and ``VERSION/manifest.json`` is created last; then staging goes.

A claim may only follow one that is carried out. Whoever finds one that is not, because its publisher was killed, carries it out:
the files are those in staging whoever copies them, so it does no harm that several do, or that the publisher was merely slow.
No clock and no lock decides anything. **Invariant**: a version has a manifest only when all its files are there, and every file
that is ever written to ``VERSION/`` has the same bytes as any other that is written to its name. Before its claim a version can
vanish with its publisher; after it, it is there for the next one that writes.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from copydesk.datasets.staging import STAGING
from copydesk.datasets.version import MANIFEST, SUMS, Version, newest_in
from copydesk.errors import StoreError
from copydesk.remote import EXTRAS, RemotePath, reaching, scheme_of
from copydesk.store import canonical_json

CLAIMS = ".claims"
SINGLE = ".single-writer"  # an object that says: nobody else ever writes here
LEASE = ".lease.json"
LEFT_AFTER = timedelta(days=7)  # staging that is older, by the store's clock, was left by a killed publisher
LEASE_FOR = timedelta(minutes=10)
_CLAIM = re.compile(rf"{re.escape(CLAIMS)}/(\d{{8}})\.json")
_WAITS = (0.05, 0.5, 0.0)  # seconds before a conditional write is tried again, whose answer was a fault


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make a version of what lies in ``staging``."""

    number: int
    version: str
    staging: str


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The ``Store`` of a place that fsspec opens."""

    folder: RemotePath

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Refuse a store that ignores conditions, but for a single writer, who holds a lease meanwhile; sweep what was left."""
        if self._keeps_conditions():
            self._sweep()
            yield
            return
        if not (self.folder / SINGLE).exists():
            raise StoreError(
                f"{self.folder} does not honour conditional writes (If-None-Match), so that two publishers could destroy "
                "each other's versions",
                fix="publish in a store that does, or with --single-writer where nobody else ever publishes",
            )
        self._take_lease()
        try:
            yield
        finally:
            self.remove(LEASE)

    def turn(self) -> AbstractContextManager[None]:
        """Keep nobody out: a claim decides (``commit``)."""
        return nullcontext()

    @contextmanager
    def staged(self) -> Iterator[Path]:
        """Give a new folder of this machine."""
        with tempfile.TemporaryDirectory(prefix="copydesk-") as place:
            yield Path(place)

    def commit(self, place: Path, version: str, *, after: Version | None) -> bool:
        """Stage, claim and carry out, as the module says."""
        staging = f"{STAGING}/{uuid4().hex}"
        self._upload(place, staging)
        last = self._last_claim()
        if last:
            self._carry_out(last)
        newest = newest_in(self.folder)
        mine = Claim(last.number + 1 if last else 1, version, staging)
        content = canonical_json({"version": mine.version, "staging": staging})
        if (newest.version if newest else None) != after or not self.create(
            f"{CLAIMS}/{mine.number:08d}.json", content
        ):
            self._discard(staging)
            return False
        self._carry_out(mine)
        if not (self.folder / mine.version / MANIFEST).exists():
            raise StoreError(f"{self.folder / staging} was swept away meanwhile", fix="run the command again")
        return True

    def create(self, name: str, content: bytes) -> bool:
        """Write an object on the condition that there is none; where the answer is lost, what is there then tells."""
        fault: OSError | None = None
        for wait in _WAITS:
            there = self._content(name)
            if there is not None:
                return there == content
            try:
                self._put(name, content, mode="create")
            except OSError as error:
                fault = error
                time.sleep(wait)
            else:
                return True
        there = self._content(name)
        if there is None and fault:
            raise fault
        return there == content

    def replace(self, name: str, content: bytes) -> None:
        """Write an object, which a store does whole."""
        self._put(name, content, mode="overwrite")

    def remove(self, *names: str) -> None:
        """Remove the objects, in one request for many where the store can."""
        if not names:
            return
        with reaching(self.folder) as store:
            try:
                store.rm([f"{self.folder}/{name}" for name in names])
            except FileNotFoundError:
                return

    def allow_single_writer(self) -> None:
        """Say that nobody else ever writes here, so that a store is taken which ignores conditions."""
        self.replace(SINGLE, b"")

    def _keeps_conditions(self) -> bool:
        """Whether of two conditional writes of one object the second is refused."""
        if (
            scheme_of(str(self.folder)) not in EXTRAS
        ):  # its client may look first and write then, which lets two through
            return False
        name = f"{STAGING}/probe-{uuid4().hex}"
        try:
            self._put(name, b"1", mode="create")
        except OSError:
            if self._content(name) != b"1":  # no lost answer, but a fault
                raise
        try:
            self._put(name, b"2", mode="create")
        except OSError:
            return self._content(name) == b"1"
        finally:
            self.remove(name)
        return False

    def _last_claim(self) -> Claim | None:
        names = (self.folder / CLAIMS).sizes()
        numbers = [int(found[1]) for name in names if (found := _CLAIM.fullmatch(f"{CLAIMS}/{name}"))]
        if not numbers:
            return None
        name = f"{CLAIMS}/{max(numbers):08d}.json"
        try:
            said = json.loads((self.folder / name).read_bytes())
            return Claim(max(numbers), said["version"], said["staging"])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{self.folder / name} is damaged: {error}", fix="restore it") from error

    def _carry_out(self, claim: Claim) -> None:
        """Make a claimed version of its staging, if that was not done."""
        manifest = self._content(f"{claim.staging}/{MANIFEST}")
        if manifest is None:  # staging goes, its manifest first, when the version has its own: it was done
            return
        target = self.folder / claim.version
        if not (target / MANIFEST).exists():
            try:
                self._fill(claim, manifest)
            except FileNotFoundError:  # another was faster, and has cleared away already
                if not (target / MANIFEST).exists():
                    raise
            if not self.create(f"{claim.version}/{MANIFEST}", manifest):
                raise StoreError(f"{target} is not what {CLAIMS} says", fix="ask who else writes in this folder")
        self._discard(claim.staging)

    def _fill(self, claim: Claim, manifest: bytes) -> None:
        """Copy every file but the manifest, and see that each that it names is there in its size."""
        sizes = {entry["path"]: entry["bytes"] for entry in json.loads(manifest)["files"]}
        names = [*sizes, SUMS]
        target = self.folder / claim.version
        with reaching(target) as store:
            store.copy(
                [f"{self.folder}/{claim.staging}/{name}" for name in names], [f"{target}/{name}" for name in names]
            )
        there = target.sizes()
        torn = [name for name, size in sizes.items() if there.get(name) != size]
        if torn:
            raise StoreError(f"{target / torn[0]} was not copied whole", fix="run the command again")

    def _upload(self, place: Path, staging: str) -> None:
        files = sorted(path for path in place.rglob("*") if path.is_file())
        names = [path.relative_to(place).as_posix() for path in files]
        with reaching(self.folder) as store:
            store.put([str(path) for path in files], [f"{self.folder}/{staging}/{name}" for name in names])
        there = (self.folder / staging).sizes()
        torn = [name for path, name in zip(files, names, strict=True) if there.get(name) != path.stat().st_size]
        if torn:
            raise StoreError(f"{self.folder / staging / torn[0]} did not arrive whole", fix="run the command again")

    def _discard(self, staging: str) -> None:
        """Remove a staging folder, its manifest first."""
        self.remove(f"{staging}/{MANIFEST}")
        self.remove(*(f"{staging}/{name}" for name in (self.folder / staging).sizes()))

    def _sweep(self) -> None:
        """Remove old staging folders that no claim needs any more."""
        some = {name.partition("/")[0]: name for name in (self.folder / STAGING).sizes()}
        old = [name for name, file in some.items() if self._age(f"{STAGING}/{file}") > LEFT_AFTER]
        last = self._last_claim() if old else None
        for name in old:
            if not last or last.staging != f"{STAGING}/{name}":
                self._discard(f"{STAGING}/{name}")

    def _take_lease(self) -> None:
        own = canonical_json({"holder": uuid4().hex})
        if (self.folder / LEASE).exists() and self._age(LEASE) < LEASE_FOR:
            raise StoreError(
                f"another publisher is writing in {self.folder}",
                fix=f"wait until it is done; if it was killed, remove {self.folder / LEASE}",
            )
        self.replace(LEASE, own)
        if self._content(LEASE) != own:
            raise StoreError(f"another publisher began to write in {self.folder}", fix="run one publisher at a time")

    def _age(self, name: str) -> timedelta:
        """How long ago an object was written, by the clock of the store: that of this machine may be wrong."""
        now = f"{STAGING}/clock-{uuid4().hex}"
        self.replace(now, b"")
        try:
            with reaching(self.folder) as store:
                written: datetime = store.modified(f"{self.folder}/{name}")
                age: timedelta = store.modified(f"{self.folder}/{now}") - written
        except (FileNotFoundError, NotImplementedError):  # it is gone, or the store does not tell
            return timedelta(0)
        finally:
            self.remove(now)
        return age

    def _put(self, name: str, content: bytes, *, mode: str) -> None:
        with reaching(self.folder / name) as store:
            store.pipe_file(str(self.folder / name), content, mode=mode)

    def _content(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
