"""Executors of every kind, each opened once for all tests, and projects to run in their workers."""

from __future__ import annotations

import multiprocessing
import textwrap
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack

import pytest


class Executors:
    """Executors by name, opened when first asked for; `here` is none, a pool in this process."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._open: dict[str, Executor | None] = {"here": None}

    def __getitem__(self, name: str) -> Executor | None:
        if name not in self._open:
            make = {"threads": lambda: ThreadPoolExecutor(2), "processes": self.processes, "dask": self._dask}
            self._open[name] = self._stack.enter_context(make[name]())
        return self._open[name]

    @staticmethod
    def processes(count: int = 2) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"))

    def _dask(self) -> Executor:
        distributed = pytest.importorskip("distributed")
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None, silence_logs="ERROR"
        )
        client = distributed.Client(self._stack.enter_context(cluster))
        return self._stack.enter_context(client).get_executor()


@pytest.fixture(scope="session")
def executors() -> Iterator[Executors]:
    with ExitStack() as stack:
        yield Executors(stack)


@pytest.fixture(scope="session")
def write(tmp_path_factory):
    """Write the files of a project into a folder of its own and return that."""

    def into(files):
        folder = tmp_path_factory.mktemp("project")
        for name, text in files.items():
            (folder / name).write_text(textwrap.dedent(text))
        return folder

    return into
