"""An S3 server of the tests' own, and a store in memory."""

import os
import re
import tempfile
from contextlib import contextmanager

import pytest
from faultproxy import Proxy
from fsspec.implementations.memory import MemoryFileSystem
from stored import SECRET

from copydesk.remote import place_at


@pytest.fixture(autouse=True)
def built_in_memory(monkeypatch):
    """What is built aside, to be sent to a store, need not wait for a disk here."""
    if os.access("/dev/shm", os.W_OK):
        monkeypatch.setattr(tempfile, "tempdir", "/dev/shm")


@pytest.fixture(scope="module")
def port():
    """The port of an S3 server of these tests' own, with a bucket."""
    if not os.environ.get("CI"):  # where it has to be there
        pytest.importorskip("s3fs", reason="make s3 installs it")
        pytest.importorskip("moto.server", reason="make s3 installs it")
    import boto3
    from moto.server import ThreadedMotoServer

    made = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="a",
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="news")
    yield port
    made.stop()


@pytest.fixture
def reach(port, monkeypatch):
    """A function that has s3:// answered at a port; a fault of the network is met once, not tried again and again."""
    import s3fs

    def at(port):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        s3fs.S3FileSystem.clear_instance_cache()

    for name, value in {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": SECRET, "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    yield at
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def s3(port, reach, request, newsroom):
    """The folder in the bucket of a dataset that nothing is published in yet."""
    reach(port)
    return place_at(f"s3://news/{re.sub('[^a-z0-9]+', '-', request.node.name)}/{newsroom.NAME}")


@pytest.fixture
def memory(request, newsroom):
    MemoryFileSystem.store.clear()
    return place_at(f"memory://news/{newsroom.NAME}")


@pytest.fixture
def asked(port, reach):
    """A function that gives a proxy before the server; ``choose`` says for each request, by its number, what it meets."""

    @contextmanager
    def opened(choose=lambda number, request: None):
        seen = []

        def meet(request):
            seen.append(f"{request.method} {request.path.partition('?')[0]}")
            return choose(len(seen), request)

        with Proxy(port, meet) as proxy:
            reach(int(proxy.url.rpartition(":")[2]))
            yield seen
        reach(port)

    return opened
