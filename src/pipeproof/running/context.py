"""What a step's code may ask for while it runs; standard library only."""

from __future__ import annotations

import logging
import math
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pipeproof.running.asked import Questions
from pipeproof.running.logged import Logged
from pipeproof.running.parameters import Parameters

if TYPE_CHECKING:  # imported when they are first used: most steps ask for none of it
    from pipeproof.running.checkpoints import Checkpoints
    from pipeproof.running.context_data import Datasets, StepResult
    from pipeproof.running.iterating import Iterating

T = TypeVar("T")
Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Asks the place that started the code, and returns its answer, as plain data."""

_LAYOUT = logging.Formatter("%(asctime)s %(levelname)s %(message)s")


class _ToStderr(logging.Handler):
    """Writes to what standard error is at that moment: in a thread of ours, the log of its step."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(_LAYOUT.format(record) + "\n")


def log_from(level: str) -> None:
    """Let all that code logs reach standard error from this level on, unless it sets logging up itself."""
    logging.getLogger().setLevel(level)
    if logging.lastResort is not None:
        logging.lastResort.setLevel(level)
        logging.lastResort.setFormatter(_LAYOUT)


class StepContext:
    """The context that a step's code gets: what is around it, what it may ask for, and where it logs.

    Attributes:
        step: Name of the step.
        run: Name of the run.
        attempt: Number of this attempt, from 1.
        parameters: Parameters of the run.
        seed: Seed of this step.
        log_level: Least severity that is logged.
        asked: Notes which variables the code of a trial asks for; None in a run.
        notes: What the record is to say of this attempt.
        interrupts: What ends a call into C code early, besides an exception, in a thread of ours.
    """

    def __init__(self, about: Mapping[str, Any], ask: Ask | None = None) -> None:
        self.step: str = about.get("step", "")
        self.run: str = about.get("run", "")
        self.attempt: int = about.get("attempt", 1)
        self.parameters = Parameters(about.get("parameters", {}))
        self.seed: int = about.get("seed", 0)
        self._scratch: str = about.get("scratch", "")
        self.log_level: str = about.get("log_level", "INFO")
        self.stop: Callable[[], None] | None = None
        self.asked: Questions | None = None
        self.notes: list[str] = []
        self.interrupts: list[Callable[[], object]] = []
        self.logged = Logged()
        self._ask_place = ask
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._session: Any = None
        self._loops: Iterating | None = None
        self._kept: Checkpoints | None = None

    @property
    def scratch(self) -> str:
        """Folder of this attempt's own; it is made when it is asked for, and removed afterwards."""
        if self._scratch:
            os.makedirs(self._scratch, exist_ok=True)  # noqa: PTH103 pathlib may not be imported yet
        return self._scratch

    @property
    def logger(self) -> logging.Logger:
        """A logger that writes into the log of this step."""
        logger = logging.getLogger(f"pipeproof.step.{self.step}")
        if not logger.handlers:
            logger.addHandler(_ToStderr())
            logger.propagate = False  # what the code sets up for itself must not log it again
        logger.setLevel(self.log_level)
        return logger

    # What it logs

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Record a number, with the iteration that it belongs to if there is one.

        Args:
            name: What is measured.
            value: A number of Python or NumPy; NaN and infinity are recorded too.
            step: The iteration; the one that the code is in unless given.

        Raises:
            TypeError: The value is no number.
        """
        number = self.iteration if step is None else int(step)
        metric = {"name": str(name), "value": as_number(name, value)}
        self._log("metric", str(name), metric if number is None else {**metric, "step": number})

    def log_metrics(self, values: Mapping[str, Any], prefix: str = "") -> None:
        """Record every finite number of a nested mapping, named by its path with dots."""
        for name, value in values.items():
            if isinstance(value, Mapping):
                self.log_metrics(value, f"{prefix}{name}.")
            elif is_number(value):
                self.log_metric(f"{prefix}{name}", value)

    def log_param(self, name: str, value: Any) -> None:
        """Record a setting that the code chose."""
        self._log("param", str(name), value if isinstance(value, str | int | float | bool) else str(value))

    def log_params(self, values: Mapping[str, Any]) -> None:
        """Record several settings."""
        for name, value in values.items():
            self.log_param(name, value)

    def log_artifact(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Keep a file or folder as it is now with the run: a picture, a report, a trained model.

        Args:
            path: Where it stands.
            name: What it is called in the record; the file's own name unless given.

        Raises:
            ContractError: There is no such file, or the step logged another one under this name.
        """
        called = str(name or os.path.basename(os.path.abspath(path)))  # noqa: PTH100, PTH119 a text is wanted
        self._refuse_twice("artifact", called)
        answer = self._ask({"ask": "artifact", "path": os.path.abspath(path), "name": called})  # noqa: PTH100 the same
        self._log("artifact", called, answer["artifact"])

    # Data and results of steps upstream

    def datasets(self) -> Datasets:
        """Return the datasets that this step may see, by name; each is opened when it is looked up.

        These are its inputs, what the steps that it waits for have made and stored, and what those waited for.
        """
        from pipeproof.running.context_data import Datasets

        answer = self._ask({"ask": "names"})
        self._log("seen", "", {"what": "names", "name": "of all upstream", "digest": answer["digest"]})
        own = self.logged.named("stored")
        return Datasets((*(name for name in answer["datasets"] if name not in own), *own), self.data)

    def data(self, dataset: str, kind: Any = None) -> Any:
        """Return a dataset: an input, one of a step upstream, or one that this step has stored.

        Args:
            dataset: Its name; what a step stored also by the short name that the step used.
            kind: The class of frames wanted: ``pl.LazyFrame``, ``pd.DataFrame``, ``pa.Table``, ``Path``.

        Raises:
            ContractError: There is no such dataset, or this step does not wait for the step that makes it.
        """
        from pipeproof.running.exchange import open_as

        stored = self.logged.named("stored")
        own = next((name for name in (dataset, f"{self.step}.{dataset}") if name in stored), None)
        if own is not None:
            return open_as(self._ask({"ask": "reopen", "artifact": stored[own], "name": own})["item"], kind)
        answer = self._ask({"ask": "data", "dataset": dataset})
        if answer["digest"]:  # of what is no input, whose content decides nothing before it is asked for
            self._log(
                "seen", dataset, {"what": "dataset", "name": answer["name"], "digest": answer["digest"]}
            )
        return open_as(answer["item"], kind)

    def result(self, step: str) -> StepResult:
        """Return what a step upstream came to: its metrics, its params, and the names of its outputs.

        Raises:
            ContractError: This step does not wait for such a step.
        """
        from pipeproof.running.context_data import StepResult

        answer = self._ask({"ask": "result", "step": step})
        self._log("seen", step, {"what": "result", "name": step, "digest": answer["digest"]})
        return StepResult(step, answer["metrics"], answer["params"], tuple(answer["outputs"]))

    def store(self, name: str, value: Any, metadata: Mapping[str, Any] | None = None) -> None:
        """Keep a dataset besides what the step returns; steps that wait for this one may ask for it.

        Args:
            name: Of an output that the step declares, which it then need not return; or any other, which
                makes the dataset ``STEP.name``.
            value: A table, a path of a file or folder, or a value that JSON can hold.
            metadata: What to record with it; plain data.

        Raises:
            ContractError: It was stored or is there already, or cannot be kept.
        """
        from pipeproof.running.context_keeping import plain_metadata
        from pipeproof.running.exchange import keep

        self._refuse_twice("stored", name, f"{self.step}.{name}")
        with self._lock:
            made = keep(value, name, f"{self.scratch}/stored", f"{self.step} stored")
            about = plain_metadata(name, metadata or {})
            answer = self._ask({"ask": "store", "name": name, "made": made, "metadata": about})
        self._refuse_twice("stored", answer["dataset"])
        self._log("stored", answer["dataset"], answer["artifact"])

    @property
    def session(self) -> Any:
        """A connection to DuckDB, in which the tables that the step reads are views by their names."""
        if self._session is None:
            from pipeproof.running.context_session import open_session

            self._session = open_session(self._ask({"ask": "inputs"})["inputs"], self.scratch)
            self.interrupts.append(self._session.interrupt)
        return self._session

    # What the next attempt goes on with

    def save_checkpoint(self, name: str, value: Any) -> None:
        """Save a value for the next attempt, should this one fail or be killed; inside a loop, when the iteration ends.

        Args:
            name: What it is called; what was saved under this name before is replaced.
            value: A table, a NumPy array, bytes, a path of a file or folder, or a value that JSON can hold.

        Raises:
            ContractError: The value cannot be kept.
        """
        self._iterating.save(str(name), value)

    def load_checkpoint(self, name: str, default: Any = None) -> Any:
        """Return what this attempt, or one before it, saved last under a name; else the default."""
        return self._checkpoints.load(str(name), default)

    def iterate(self, items: Iterable[T], name: str = "iterations") -> Iterator[T]:
        """Go through items, after those that an earlier attempt finished and saved a checkpoint in.

        Args:
            items: The same ones, in the same order, in each attempt.
            name: Tells the loops of a step apart.
        """
        return self._iterating.iterate(items, name)

    @property
    def iteration(self) -> int | None:
        """The number of the iteration of `iterate` that the code is in, from 1; None outside of it."""
        return None if self._loops is None else self._loops.number

    # The same by the names of other platforms

    get_data, store_data, get_step_result = data, store, result

    def get_step_data(self, step: str, name: str | None = None, kind: Any = None) -> Any:
        """Return what a step upstream made: the one dataset, or the one of this name."""
        from pipeproof.running.context_keeping import choose_output

        return self.data(choose_output(self.result(step), name), kind)

    def list_data_keys(self) -> list[str]:
        """Return the names of the datasets that this step may see."""
        return list(self.datasets())

    # What stands behind it

    def on_stop(self, stop: Callable[[], None]) -> None:
        """Name what ends the work early, for code that runs in a thread of ours."""
        self.stop = stop

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The numbers that were logged, as plain data."""
        return self.logged.all("metric")

    @property
    def params(self) -> dict[str, Any]:
        """The settings that were logged."""
        return self.logged.named("param")

    @property
    def asked_datasets(self) -> list[dict[str, str]]:
        """What the code asked for upstream, each once, as plain data of `Seen`."""
        found = {(seen["what"], seen["name"], seen["digest"]): seen for seen in self.logged.all("seen")}
        return list(found.values())

    def reply(self) -> dict[str, Any]:
        """Return all that the place which started the code is to know, as plain data."""
        if not self.logged.entries:  # most small steps log nothing
            return {}
        return {
            "metrics": self.metrics,
            "params": self.params,
            "stored": self.logged.named("stored"),
            "artifacts": self.logged.named("artifact"),
            "used": self.asked_datasets,
        }

    def close(self) -> None:
        """Let go of the session, once the code has ended."""
        if self._session is not None:
            self.interrupts.clear()
            self._session.close()
            self._session = None

    @property
    def _iterating(self) -> Iterating:
        if self._loops is None:
            from pipeproof.running.iterating import Iterating

            self._loops = Iterating(lambda: self._checkpoints, self.logged, self.notes.append)
        return self._loops

    @property
    def _checkpoints(self) -> Checkpoints:
        if self._kept is None:
            from pipeproof.running.context_keeping import open_checkpoints

            self._kept = open_checkpoints(self._ask, self.scratch, self.notes.append)
            self._iterating.restore(self._kept.journal)
        return self._kept

    def _log(self, kind: Any, name: str, what: Any) -> None:
        self._refuse_elsewhere()
        if self._loops is None:
            self.logged.add(kind, name, what)
        else:
            self._loops.log(kind, name, what)

    def _refuse_twice(self, kind: Any, *names: str) -> None:
        there = self.logged.named(kind)
        if any(name in there for name in names):
            from pipeproof.running.context_keeping import refuse_twice

            refuse_twice(self.step, kind, names[0])

    def _ask(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        from pipeproof.running.context_keeping import checked

        self._refuse_elsewhere()
        with self._lock:  # the code may have threads, and there is one line
            return checked(self._ask_place, question)

    def _refuse_elsewhere(self) -> None:
        """Make sure that nothing is said into a copy that nobody listens to.

        Raises:
            RuntimeError: This is a process that the step's code has started.
        """
        if os.getpid() != self._process:
            raise RuntimeError(
                "the context belongs to the process of the step; hand results back to it instead"
            )


def as_number(name: str, value: Any) -> float:
    """Return a value as the number that a metric needs.

    Raises:
        TypeError: It is no single number: a text, a list, an array of more than one.
    """
    shape = getattr(value, "ndim", 0)
    if not isinstance(value, str | bytes) and shape == 0 and hasattr(value, "__float__"):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass
    kind = type(value).__qualname__
    raise TypeError(f"the metric {name!r} must be one number that a float holds; it is {kind}: {value!r:.60}")


def is_number(value: Any) -> bool:
    """Say whether a value is a finite number; NumPy scalars count, booleans do not."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or hasattr(value, "__len__"):
        return False
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False
