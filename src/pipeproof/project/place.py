"""A project's folder and the stores in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import Finding, UsageError, closest
from pipeproof.loading.places import Places, places_for
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import frozen
from pipeproof.plugins import Kinds

if TYPE_CHECKING:  # `pipeproof check` opens no store, and is quicker without their modules
    from pipeproof.loading.settings import Settings
    from pipeproof.model.record import RunRecord
    from pipeproof.ports import KeyValue
    from pipeproof.store.keyvalue.opening import Opened
    from pipeproof.store.ledger import SqliteLedger
    from pipeproof.store.objects import LocalObjects
    from pipeproof.store.remote import RemoteObjects


@dataclass(frozen=True)
class Project:
    """A project's folder, and where its runs are kept: ``.pipeproof`` in it, or in the workspace."""

    places: Places
    kinds: Kinds

    @classmethod
    def at(cls, folder: Path, kinds: Kinds | None = None) -> Project:
        """Return the project that a folder belongs to."""
        return cls(places_for(folder), kinds or Kinds())

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.places.project

    @cached_property
    def state(self) -> Path:
        """The folder that runs are kept in."""
        return (self.places.workspace or self.root) / ".pipeproof"

    @cached_property
    def identity(self) -> str:
        """Which of the projects of a workspace this is: its folder, from the workspace if it lies there; '' without one."""
        if self.places.workspace is None:
            return ""
        root, workspace = self.root.resolve(), self.places.workspace.resolve()
        return str(root.relative_to(workspace) if root.is_relative_to(workspace) else root)

    def owns(self, run: str) -> bool:
        """Say whether a run is one of this project's; one that does not say whose it is belongs to all of its workspace."""
        return not self.identity or self._project_of(run) in {"", self.identity}

    def own(self, run: str, code: str = "PPF508") -> RunRecord:
        """Return the record of a run of this project.

        Args:
            run: Its name, or ``last``.
            code: What stands for the refusal of a run of another project.

        Raises:
            UsageError: There is no such run, or it is one of another project in the same workspace.
        """
        record = self.record(run)
        if not self.owns(record.run):
            whose = self._project_of(record.run)
            what = f"{record.run} is a run of the project {whose}, which has the same workspace"
            raise UsageError(Finding(code, what, fix=f"do it there: cd {self._folder_of(whose)}"))
        return record

    def _project_of(self, run: str) -> str:
        return str(getattr(self.ledger.beginning(run), "about", {}).get("project", ""))

    def _folder_of(self, identity: str) -> Path:
        return (self.places.workspace or self.root) / identity

    @cached_property
    def made_state(self) -> Path:
        """The same folder, made if it was not there.

        Raises:
            StoreError: It cannot be made.
        """
        from pipeproof.store.folder import make_state

        return make_state(self.state)

    @cached_property
    def ledger(self) -> SqliteLedger:
        """The ledger of runs."""
        from pipeproof.store.ledger import SqliteLedger

        return SqliteLedger(self.made_state / "ledger.db")

    @cached_property
    def objects(self) -> LocalObjects | RemoteObjects:
        """The object store: a folder of the project, before the bucket that the settings may name.

        Raises:
            ConfigError: The settings are wrong, or name what is not installed.
        """
        from pipeproof.project.stores import open_objects_of

        self.made_state  # noqa: B018 made for its owner alone, before a store makes its folder in it
        return open_objects_of(self)

    @cached_property
    def salt(self) -> bytes:
        """The key of the project's hashes; it is kept with the first run, or in the state that machines share."""
        from pipeproof.store.salt import read_salt

        own = read_salt(self.state)
        if not self.shares:
            return own
        from pipeproof.project.sharing import shared_salt

        return shared_salt(self.keyvalue, own)

    def settle_salt(self) -> None:
        """Keep the salt before anything is keyed by it, so that first runs that begin at once have the same."""
        from pipeproof.store.salt import keep_salt, read_salt

        if not self.shares:
            with contextlib.suppress(OSError):  # the run itself says what is wrong with the folder
                keep_salt(self.made_state, self.salt)
                self.__dict__["salt"] = read_salt(self.state)

    @property
    def shares(self) -> bool:
        """Whether results are shared with other machines: the settings name a store of state that can be."""
        address = self.settings.store.state
        if address == "local":  # what most projects have, and need not be read
            return False
        from pipeproof.store.keyvalue.address import MemoryAddress, SqliteAddress, parse_address

        return parse_address(address) not in {MemoryAddress(), SqliteAddress()}

    @cached_property
    def settings(self) -> Settings:
        """What ``pipeproof.yaml`` says.

        Raises:
            ConfigError: The file is wrong.
        """
        from pipeproof.loading.settings import load_settings

        return load_settings(self.places, os.environ)

    @cached_property
    def opened_state(self) -> Opened:
        """The store of state, and whether another stands in for it; opened when it is first asked for.

        Raises:
            ConfigError: The settings are wrong, or name what is not installed.
            StoreError: The store cannot be reached or used.
        """
        from pipeproof.project.stores import open_state

        return open_state(self)

    @property
    def keyvalue(self) -> KeyValue:
        """The state that runs share: a file of the project unless the settings name another store."""
        return self.opened_state.store

    @property
    def has_runs(self) -> bool:
        """Whether anything was ever run here."""
        return (self.state / "ledger.db").exists()

    def record(self, run: str) -> RunRecord:
        """Return the record of a run; one that neither ended nor is under way is interrupted.

        Raises:
            UsageError: There is no such run.
        """
        names = list(self.ledger.runs()) if self.has_runs else []
        if run in {"last", "latest"}:
            run = next((name for name in names if not is_test(name) and self.owns(name)), run)
            if run not in names:
                what = "nothing was run here yet"
                raise UsageError(Finding("PPF504", what, fix="run a pipeline: pipeproof run PIPELINE"))
        if run not in names:
            raise UsageError(
                Finding(
                    "PPF504",
                    f"there is no run {run!r}",
                    fix=suggest_run(run, names),
                )
            )
        return self._folded(run)

    def records(self) -> Iterable[RunRecord]:
        """Yield the records of all runs, newest first."""
        if self.has_runs:
            for run in self.ledger.runs():
                yield self._folded(run)

    def pipeline_of(self, run: str) -> str:
        """Return the name of the pipeline of a run."""
        return getattr(self.ledger.beginning(run), "pipeline", "")

    def _folded(self, run: str) -> RunRecord:
        from pipeproof.model.record import fold
        from pipeproof.store.lock import RunLock

        record = fold(self.ledger.events(run))
        if record.status == "running" and not RunLock(self.state / "runs" / record.run).is_held():
            record = _interrupted(record)
        return self.located(record)

    def located(self, record: RunRecord) -> RunRecord:
        """Return a record with the full paths of its logs; in the ledger they have names alone, as projects move."""
        folder = self.state / "runs" / record.run / "logs"
        return replace(
            record,
            notes=(*record.notes, *self._forgotten(record)),
            steps=frozen(
                {
                    name: replace(step, logs=tuple(str(folder / log) for log in step.logs))
                    if step.logs
                    else step
                    for name, step in record.steps.items()
                }
            ),
        )

    def _forgotten(self, record: RunRecord) -> Iterator[str]:
        """Yield what `data forget` removed from the outputs of a run since."""
        if not (self.state / "forgotten").is_dir():
            return
        from pipeproof.store.forgotten import tombstone_of

        for step in record.steps.values():
            for dataset, made in step.outputs.items():
                gone = tombstone_of(self.state, made.digest) if made.digest else None
                if gone is not None and not self.objects.place(made.digest).exists():
                    yield f"{dataset}: {gone.says}; what was computed from it was computed before"

    def earlier(
        self, pipeline: str, parameters: Mapping[str, Any]
    ) -> Callable[[str], tuple[str, Artifact] | None]:
        """Return the function that finds what earlier runs of a pipeline made with the same parameters."""
        names = self.ledger.runs() if self.has_runs else ()
        runs = (run for run in names if not is_test(run) and self.owns(run))
        records = [
            record
            for record in map(self._folded, runs)
            if record.pipeline == pipeline and dict(record.parameters) == dict(parameters)
        ]

        def find(dataset: str) -> tuple[str, Artifact] | None:
            for record in records:
                for step in record.steps.values():
                    made = step.outputs.get(dataset) if step.status in {"passed", "reused"} else None
                    if made is not None and self.objects.is_whole(made):
                        return record.run, made
            return None

        return find


def is_test(run: str) -> bool:
    """Whether a run is that of a test, a replay or a verification, by its name."""
    return not run.startswith("r-")


def _interrupted(record: RunRecord) -> RunRecord:
    steps = {
        name: replace(step, status="interrupted") if step.status == "running" else step
        for name, step in record.steps.items()
    }
    return replace(record, status="interrupted", steps=frozen(steps))


_MOST_RUNS = 50
_SHOWN_RUNS = 5


def suggest_run(name: str, runs: Sequence[str]) -> str:
    """Return what may have been meant by the name of a run that is not there: one like it, or the newest.

    Args:
        name: What was asked for.
        runs: The runs that are there, newest first; tests, replays and verifications are named for one of theirs only.
    """
    letter = name[:2] if name[:2] in {"t-", "p-", "v-"} else "r-"
    known = [run for run in runs if run.startswith(letter)][:_MOST_RUNS]
    if best := closest(name, known):
        return f"did you mean {best!r}?"
    shown = ", ".join(known[:_SHOWN_RUNS]) + (", ..." if len(known) > _SHOWN_RUNS else "")
    return f"the newest: {shown}" if known else "see `pipeproof runs`"
