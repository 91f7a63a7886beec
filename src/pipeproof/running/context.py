"""What a step's code may ask for while it runs; standard library only."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

from pipeproof.running.asked import Questions

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
    """The context that a step's code gets: parameters, a logger, metrics, a way to hear of a stop.

    Attributes:
        step: Name of the step.
        run: Name of the run.
        attempt: Number of this attempt, from 1.
        parameters: Parameters of the run.
        seed: Seed of this step.
        scratch: Folder of this attempt's own; it is removed afterwards.
        log_level: Least severity that is logged.
        asked: Notes which variables the code of a trial asks for; None in a run.
    """

    def __init__(self, about: Mapping[str, Any]) -> None:
        self.step: str = about.get("step", "")
        self.run: str = about.get("run", "")
        self.attempt: int = about.get("attempt", 1)
        self.parameters: Mapping[str, Any] = about.get("parameters", {})
        self.seed: int = about.get("seed", 0)
        self.scratch: str = about.get("scratch", "")
        self.log_level: str = about.get("log_level", "INFO")
        self.metrics: list[dict[str, Any]] = []
        self.params: dict[str, Any] = {}
        self.stop: Callable[[], None] | None = None
        self.asked: Questions | None = None

    @property
    def logger(self) -> logging.Logger:
        """A logger that writes into the log of this step."""
        logger = logging.getLogger(f"pipeproof.step.{self.step}")
        if not logger.handlers:
            logger.addHandler(_ToStderr())
            logger.propagate = False  # what the code sets up for itself must not log it again
        logger.setLevel(self.log_level)
        return logger

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Record a number, with the iteration it belongs to if there is one.

        Raises:
            TypeError: The value is no number.
        """
        number = float(value)
        self.metrics.append(
            {"name": str(name), "value": number, **({} if step is None else {"step": int(step)})}
        )

    def log_metrics(self, values: Mapping[str, Any], prefix: str = "") -> None:
        """Record every finite number of a nested mapping, named by its path with dots."""
        for name, value in values.items():
            if isinstance(value, Mapping):
                self.log_metrics(value, f"{prefix}{name}.")
            elif is_number(value):
                self.log_metric(f"{prefix}{name}", value)

    def log_param(self, name: str, value: Any) -> None:
        """Record a setting that the code chose."""
        self.params[str(name)] = value if isinstance(value, str | int | float | bool) else str(value)

    def on_stop(self, stop: Callable[[], None]) -> None:
        """Name what ends the work early, for code that runs in a thread of ours."""
        self.stop = stop


def is_number(value: Any) -> bool:
    """Say whether a value is a finite number; NumPy scalars count, booleans do not."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or hasattr(value, "__len__"):
        return False
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False
