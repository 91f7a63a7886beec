"""Runs whose steps run in the workers of an executor: what these must be told of the project."""

from __future__ import annotations

import secrets
from concurrent.futures import Executor

from pipeproof.loading.places import Places
from pipeproof.plugins import Kinds
from pipeproof.pools.executor import ExecutorPool, OpenExecutor, pool_on
from pipeproof.pools.parcel import Place, Reference
from pipeproof.pools.threads import ThreadPool
from pipeproof.ports import Objects
from pipeproof.project.begun import SCRATCH
from pipeproof.project.place import Project
from pipeproof.running.launch import Launcher


def pool_of(
    executor: Executor | OpenExecutor,
    project: Project,
    run: str,
    *,
    here: ThreadPool,
    launcher: Launcher,
    jobs: int | None = None,
) -> ExecutorPool:
    """Return a pool whose jobs run in the workers of an executor.

    Args:
        executor: The executor, or a function that makes one.
        project: The project.
        run: Name of the run.
        here: Where jobs run that cannot leave this process.
        launcher: What starts the code of these; each worker has one that is set up in the same way.
        jobs: Steps at once; as many as the executor has workers unless given.

    Raises:
        UsageError: It is no executor, or one whose workers could hang.
    """
    folder = project.state / "runs" / run
    place = Place(
        run=str(folder),
        lifeline=f"{folder}/{SCRATCH}/.executor-{secrets.token_hex(4)}",
        launcher=Reference(
            "pipeproof.running.launch:Launcher",
            (launcher.preload, launcher.root),
            {"own": launcher.own, "salt": launcher.salt, "trace": launcher.trace},
        ),
        objects=Reference(f"{__name__}:objects_of", (project.places,)),
    )
    return pool_on(executor, place, here=here, slots=jobs)


def objects_of(places: Places) -> Objects:
    """Return the object store of a project, in the process of a worker.

    A bucket that the settings name is opened with the settings and the variables of that process, so that
    passwords need not travel.

    Raises:
        ConfigError: The settings are wrong, or name what is not installed.
    """
    return Project(places, Kinds()).objects
