"""The program that an interpreter of another environment, or of a container, runs for a step.

It runs by its path under Python 3.9 or newer, where nothing of ours is installed: it takes the few modules of
ours that need the standard library only from the folder that it lies in, and then lets go of their names,
so that the code finds its own environment as it is, an own `pipeproof` included. It is started with the
number of a descriptor (the channel to the coordinator) or with the path of a folder, in which
``request.json`` lies and ``reply.json`` is to be written.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import faulthandler
import importlib
import inspect
import json
import logging
import os
import resource
import runpy
import signal
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent
ROOMS = {"pipeproof": PACKAGE}
ROOMS.update(
    {"pipeproof." + name: PACKAGE / name.replace(".", "/") for name in ("running", "steps", "steps.calls")}
)
OURS: dict[str, Any] = {}
"""The modules of ours, by the last part of their names."""


def load(*names: str) -> None:
    """Load modules of ours, and let go of their names."""
    theirs = {
        name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "pipeproof"
    }
    for name, folder in ROOMS.items():
        room = ModuleType(name)
        room.__path__ = [str(folder)]
        sys.modules[name] = room
    for name in names:
        OURS[name.rpartition(".")[2]] = importlib.import_module("pipeproof." + name)
    for name in list(sys.modules):
        if name.partition(".")[0] == "pipeproof":
            del sys.modules[name]
    sys.modules.update(theirs)


class NotHereError(Exception):
    """Something cannot be done in this environment; it is told to the coordinator as a finding."""

    def __init__(self, code: str, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.finding = {"code": code, "what": what, "fix": fix}


class GuestContext:
    """The context of a step: what can be told without the store."""

    def __init__(self, about: dict[str, Any]) -> None:
        self.step = about.get("step", "")
        self.run = about.get("run", "")
        self.attempt = about.get("attempt", 1)
        self.parameters = about.get("parameters", {})
        self.seed = about.get("seed", 0)
        self._scratch = about.get("scratch", "")
        self.log_level = about.get("log_level", "INFO")
        self.metrics: list[dict[str, Any]] = []
        self.params: dict[str, Any] = {}
        logging.getLogger().setLevel(self.log_level)

    @property
    def scratch(self) -> str:
        """Folder of this attempt's own; it is made when it is asked for, and removed afterwards."""
        if self._scratch:
            os.makedirs(self._scratch, exist_ok=True)  # noqa: PTH103 plain text
        return str(self._scratch)

    @property
    def logger(self) -> logging.Logger:
        """A logger that writes into the log of this step."""
        logger = logging.getLogger("pipeproof.step." + self.step)
        if not logger.handlers:
            there = logging.StreamHandler()
            there.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
            logger.addHandler(there)
            logger.propagate = False
        logger.setLevel(self.log_level)
        return logger

    def log_metric(self, name: str, value: Any, step: int | None = None) -> None:
        """Record a number, with the iteration it belongs to if there is one."""
        metric: dict[str, Any] = {"name": str(name), "value": float(value)}
        self.metrics.append(metric if step is None else {**metric, "step": int(step)})

    def log_metrics(self, values: dict[str, Any], prefix: str = "") -> None:
        """Record every number of a nested mapping, named by its path with dots."""
        for name, value in values.items():
            if isinstance(value, dict):
                self.log_metrics(value, prefix + str(name) + ".")
            elif (
                hasattr(value, "__float__") and not isinstance(value, bool) and not hasattr(value, "__len__")
            ):
                number = float(value)
                if number - number == 0:  # finite
                    self.log_metric(prefix + str(name), number)

    def log_param(self, name: str, value: Any) -> None:
        """Record a setting that the code chose."""
        self.params[str(name)] = value if isinstance(value, (str, int, float, bool)) else str(value)

    def log_params(self, values: dict[str, Any]) -> None:
        """Record several settings."""
        for name, value in values.items():
            self.log_param(name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        what = f"context.{name} is not there in another environment or a container; give data as inputs and outputs"
        raise AttributeError(what)


def call_script(args: dict[str, Any], context: GuestContext) -> Any:
    """Run a script; see `pipeproof.steps.calls.script`."""
    calling = OURS["calling"]
    script = Path(args["script"])
    os.chdir(args["root"])
    os.environ.update(calling.sagemaker(args))
    offered = {name: os.environ.get(name, default) for name, default in args["environ_vars"].items()}
    variables = {name: value for name, value in offered.items() if value is not None}
    os.environ.update(variables)
    sys.argv = [str(script), *calling.command_line(args["arguments"])]
    if calling.entry_of(ast.parse(script.read_bytes(), filename=str(script))) != "paths":
        runpy.run_path(str(script), run_name="__main__")
        return None
    main = OURS["files"].import_file(script).main
    job_args = calling.Arguments(
        **{name.replace("-", "_"): value for name, value in args["arguments"].items()}
    )
    paths = [calling.Paths(args[side + "_paths"], side) for side in ("input", "output")]
    given = (*paths, variables, job_args, context.logger)
    returned = settle(main(*given[: calling.takes(main)]))
    if not isinstance(returned, dict):
        return None
    context.log_metrics(returned)
    return {str(key): value for key, value in returned.items() if isinstance(value, (str, int, float, bool))}


def call_function(args: dict[str, Any], context: GuestContext) -> dict[str, Any]:
    """Call a function; see `pipeproof.steps.calls.python`."""
    function = find_function(args["function"], args["root"])
    parameters = inspect.signature(function).parameters
    given = {name: open_input(item, parameters.get(name)) for name, item in args["inputs"].items()}
    given.update(args["arguments"])
    for name in args.get("absent", ()):
        if name in parameters and parameters[name].default is inspect.Parameter.empty:
            given[name] = None
    for name in parameters:
        if name == "context":
            given[name] = context
        elif name not in given and name in context.parameters:
            given[name] = context.parameters[name]
    returned = settle(function(**given))
    names = args["outputs"]
    if not args["split"]:
        return {names[0]: keep(returned, names[0], args["into"])}
    if not isinstance(returned, dict) or set(names) - set(returned):
        raise NotHereError("PPF207", f"{context.step} must return a dict with {', '.join(names)}")
    return {name: keep(returned[name], name, args["into"]) for name in names}


def settle(returned: Any) -> Any:
    """Return what a function returned, awaited where it is to be."""
    if not inspect.isawaitable(returned):
        return returned
    import asyncio

    async def wait() -> Any:
        return await returned

    return asyncio.run(wait())


def find_function(reference: str, root: str) -> Any:
    """Return the function that ``module:name`` or ``file.py:name`` names."""
    place, _, name = reference.rpartition(":")
    if place.endswith(".py"):
        path = Path(root) / place
        OURS["files"].make_importable(str(path.parent))
        found: Any = OURS["files"].import_file(path)
    else:
        found = importlib.import_module(place)
    for part in name.split("."):
        found = getattr(found, part, None)
    found = getattr(found, "function", found)
    if not callable(found):
        raise NotHereError("PPF142", f"{place} has no function {name!r}")
    return found


def open_input(item: dict[str, Any], parameter: inspect.Parameter | None) -> Any:
    """Return an input: a value, a path, or a table as the parameter is annotated and the environment can."""
    if "value" in item:
        return item["value"]
    if "path" in item:
        return Path(item["path"])
    wanted = annotation_of(parameter)
    if wanted.endswith("Path"):
        return Path(item["table"])
    if "pandas" not in wanted and not wanted.startswith("pd."):
        polars = optional("polars")
        if polars:
            return (
                polars.scan_parquet(item["table"])
                if wanted.endswith("LazyFrame")
                else polars.read_parquet(item["table"])
            )
    pandas = optional("pandas")
    if pandas and (optional("pyarrow") or optional("fastparquet")):
        return pandas.read_parquet(item["table"])
    raise NotHereError("PPF532", *CANNOT_READ)


CANNOT_READ = (
    "this environment has nothing that reads tables (Parquet): neither polars, nor pandas with pyarrow or fastparquet",
    "install polars in it, or annotate the parameter as Path, or use a script step, which gets tables as files such as CSV",
)


def optional(name: str) -> Any:
    """Return a library of the environment, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def annotation_of(parameter: inspect.Parameter | None) -> str:
    """Return what a parameter is annotated with, as text."""
    if parameter is None or parameter.annotation is inspect.Parameter.empty:
        return ""
    written = parameter.annotation
    if isinstance(written, str):
        return written
    return "{}.{}".format(
        getattr(written, "__module__", "").partition(".")[0], getattr(written, "__name__", "")
    )


def keep(value: Any, name: str, into: str) -> dict[str, Any]:
    """Return a result as plain data; tables are written."""
    if isinstance(value, os.PathLike):
        return {"path": os.fspath(value)}
    kind = type(value).__module__.partition(".")[0], type(value).__name__
    path = os.path.join(into, name + ".parquet")  # noqa: PTH118 plain text
    if kind[1] in ("DataFrame", "LazyFrame") and kind[0] in ("pandas", "polars"):
        os.makedirs(into, exist_ok=True)  # noqa: PTH103 the same
        if kind == ("polars", "LazyFrame"):
            value = value.collect()
        if kind[0] == "polars":
            value.write_parquet(path)
        elif optional("pyarrow") or optional("fastparquet"):
            value.to_parquet(path, index=False)
        else:
            raise NotHereError(
                "PPF532",
                "this environment cannot write tables: pandas needs pyarrow or fastparquet",
                CANNOT_READ[1],
            )
        return {"table": path}
    try:
        return {"value": json.loads(json.dumps(value, default=scalar))}
    except (TypeError, ValueError):
        what = f"the step returned {type(value).__module__}.{type(value).__qualname__} as {name!r}, which cannot be kept"
        raise NotHereError("PPF208", what, "return a table, a path, or values that JSON can hold") from None


def scalar(value: Any) -> Any:
    """Return a NumPy scalar as a number."""
    if callable(getattr(value, "item", None)) and getattr(value, "ndim", 0) == 0:
        return value.item()
    raise TypeError


CALLS = {"call_script": call_script, "call_function": call_function}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Run one program and return its value, what it logged, how it was measured, or why it failed."""
    context = GuestContext(request["about"])
    reply: dict[str, Any] = {"last": True, "notes": []}
    sealed = request.get("sealed")
    os.environ.update(request["environment"])
    if request["path"] and request["path"] not in sys.path:
        sys.path.insert(0, request["path"])
    OURS["seeding"].seed_all(context.seed)
    if sealed:
        reply["notes"] = seal_off(sealed, context)
    OURS["limits"].limit_memory(request.get("limits", {}))
    forget_peak()
    baseline, cpu, started = peak(), time.process_time(), time.perf_counter()
    try:
        reply["value"] = CALLS[request["target"].rpartition(":")[2]](request["args"], context)
    except SystemExit as error:
        if error.code:
            reply["failure"] = OURS["describe"].describe(error)
    except BaseException as error:  # noqa: BLE001 whatever the code raised becomes a value, here and only here
        reply["failure"] = describe(error)
        if sealed:
            reply["touched"] = OURS["touched"].touched(error, sealed["scratch"])
    if "failure" not in reply:
        finish()
    reply.update(
        seconds=time.perf_counter() - started,
        cpu_seconds=time.process_time() - cpu,
        memory=max(peak() - baseline, 0),
        metrics=context.metrics,
        params=context.params,
    )
    return reply


def describe(error: BaseException) -> dict[str, Any]:
    """Return an exception as plain data, and write its traceback into the log."""
    described: dict[str, Any] = OURS["describe"].describe(error)
    if isinstance(error, NotHereError):
        described["findings"] = [error.finding]
    OURS["describe"].tell(described)
    return described


def seal_off(sealed: dict[str, Any], context: GuestContext) -> list[str]:
    """Hold this process off from the world, as `pipeproof.running.worker` does for a trial."""
    folder = context.scratch + "/tmp"  # noqa: S108 in a folder of its own
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103 plain text
    os.environ.update(TMPDIR=folder, TMP=folder, TEMP=folder)
    reason = OURS["seal"].seal((context.scratch,), sealed["root"])
    return [sealed["note"] + ": " + reason] if reason else []


def finish() -> None:
    """Do what an interpreter does at its end: wait for threads, call what is to be called."""
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 what the interpreter calls
        atexit._run_exitfuncs()  # noqa: SLF001 the same


def forget_peak() -> None:
    """Reset the high-water mark of resident memory, see proc(5)."""
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as refs:  # noqa: PTH123 no file
        refs.write("5")


def peak() -> int:
    """Return the high-water mark of resident memory in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def leave(status: int) -> None:
    """End this process without the finalisation, which has been done."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(status)


def converse(descriptor: int) -> None:
    """Take a program from a channel, run it, answer."""
    import socket

    os.set_inheritable(descriptor, False)  # noqa: FBT003 the signature is the library's
    asks = signal.SIGRTMAX if hasattr(signal, "SIGRTMAX") else signal.SIGUSR1
    faulthandler.register(asks, file=descriptor, all_threads=False)
    channel = OURS["channel"].Channel(socket.socket(fileno=descriptor))
    request = channel.receive()
    if request is not None:
        if request.get("sealed"):
            load("running.seal", "running.touched")
        channel.send(answer(request))


def exchange(folder: Path) -> None:
    """Take a program from a file, run it under the limits of the request, write the answer."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    OURS["limits"].limit(request["limits"])
    reply = answer(request)
    encoded = json.dumps(reply, default=str)
    (folder / "reply.tmp").write_text(encoded, encoding="utf-8")
    (folder / "reply.tmp").rename(folder / "reply.json")


if __name__ == "__main__":
    sys.path.pop(0)  # the folder that this file lies in, whose modules are not the code's business
    load(
        "running.channel",
        "running.describe",
        "running.limits",
        "running.seeding",
        "steps.calls.calling",
        "steps.calls.files",
    )
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]  # a text stream
    converse(int(sys.argv[1])) if sys.argv[1].isdigit() else exchange(Path(sys.argv[1]))
    leave(0)
