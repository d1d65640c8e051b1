"""Work is done by the executors of a Spark cluster, each item by a watched process of its own there.

What the work leaves on disk has to be seen from everywhere: the workspace lies on a file system that driver and executors share.
Spark does an item again where an executor is lost; work may therefore be done twice at the same time, and must not mind.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from copydesk.engines import processes
from copydesk.engines.watch import Watch
from copydesk.engines.worker import Answer
from copydesk.errors import CopydeskError, EngineError, MissingExtraError

if TYPE_CHECKING:
    from pyspark import SparkContext

LOCAL = "local[*]"

Item = TypeVar("Item")
Result = TypeVar("Result")


def run(
    work: Callable[[Item, Watch], Result], items: Sequence[Item], *, seconds: float, master: str
) -> Iterator[Result]:
    """Do the work on the cluster at ``master``; empty is the one that Spark's own settings name, or else this machine."""
    context = _context(master)
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        answers = context.parallelize(items, len(items)).mapPartitions(partial(_answers, work, seconds)).collect()
    except (PySparkException, Py4JError) as error:
        context.stop()
        told = str(error).strip().splitlines() or ["no reason given"]
        raise EngineError(f"Spark gave the work up: {told[0]}", fix="look into the logs of its executors") from error
    for answer in answers:
        if answer.error is not None:
            raise answer.error
        yield answer.result


def _answers(work: Callable[[Any, Watch], Any], seconds: float, items: Iterable[Any]) -> Iterator[Answer]:
    """Do the work on an executor, in a process that may die without taking the executor's with it."""
    for item in items:
        try:
            (result,) = processes.run(work, [item], workers=1, seconds=seconds, heard=_unheard)
        except CopydeskError as error:
            yield Answer(error=error)
        else:
            yield Answer(result=result)


def _unheard(_much: int) -> None:
    """An executor has nobody to tell."""


def _context(master: str) -> SparkContext:
    try:
        import pyspark
    except ImportError as error:
        raise MissingExtraError("the engine spark needs pyspark", fix="pip install 'copydesk[spark]'") from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = pyspark.SparkConf().setAppName("copydesk").setIfMissing("spark.ui.showConsoleProgress", "false")
    master = master or settings.get("spark.master", LOCAL)
    if master.startswith("local"):
        # Without these Spark looks its own machine up by name, and finds no programs to start executors with.
        os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ.setdefault("SPARK_LOCAL_HOSTNAME", "localhost")
    context = pyspark.SparkContext.getOrCreate(settings.setMaster(master))
    if context.master != master:
        context.stop()
        context = pyspark.SparkContext.getOrCreate(settings)
    context.setLogLevel("ERROR")
    atexit.register(context.stop)  # not before: a cluster takes longer to start than most work does
    return context
