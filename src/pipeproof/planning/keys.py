"""What a step's result depends on, as far as it is known before it runs, and the digest of that.

The digest is over a text that says all of it in parts (config, code, packages, environment, ...), so that
a person who asks later what changed can be told by comparing two texts. Long parts (code, packages, a
contract) stand in it by their own digests, and are kept once for all steps that share them.

Values of environment variables enter by a keyed hash only, and so does the whole: from a store alone
nobody can find out a secret by trying. What a step's limits are, how often it is tried and how long it may
take is no part of it: that does not change what it makes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import platform
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeproof.loading.interpolate import SECRET
from pipeproof.loading.private import hide, is_private
from pipeproof.model.artifact import Artifact
from pipeproof.model.codec import to_plain
from pipeproof.model.condition import references_of
from pipeproof.model.contract import Contract, Scalar, TableSchema
from pipeproof.model.plan import Task
from pipeproof.model.reuse import Behind, Keyed
from pipeproof.model.step import Step
from pipeproof.planning.interpreters import environment_digest
from pipeproof.ports import Code, StepKind

FORMAT = 1
"""Goes up when results of an older version of ours must not be taken any more."""
_LENGTH = 32  # hexadecimal digits of a key: 128 bits
_NONE = Contract()
_ELSEWHERE = frozenset({"environment", "container"})  # where another interpreter runs the code
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


@dataclass(slots=True)
class Ground:
    """What the keys of all steps of a plan stand on.

    Attributes:
        root: Folder of the project.
        kinds: Step kinds by name.
        code: (step, kind) → the code that it reaches.
        content: Path → digest of the file or folder as it is now; empty when there is none.
        variables: Environment variables of this process.
        salt: Key of the hashes.
        seed: Seed of the pipeline.
        targets: Targets of the pipeline, as plain data.
        texts: Digest → text of the parts that several keys share.
        behind: Static key → the files that it was made of.
    """

    root: Path
    kinds: Mapping[str, StepKind]
    code: Callable[[Step, StepKind], Code]
    content: Callable[[Path], str]
    variables: Mapping[str, str]
    salt: bytes
    seed: int = 0
    targets: Any = None
    texts: dict[str, str] = field(default_factory=dict)
    behind: dict[str, Behind] = field(default_factory=dict)
    _contracts: dict[int, tuple[Any, str]] = field(default_factory=dict)
    _private: list[Mapping[str, str]] = field(default_factory=list)

    def shared(self, part: Any) -> str:
        """Return the digest of a part that is kept once for all keys."""
        text = self.masked(_encode(part))
        digest = hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
        self.texts[digest] = text
        return digest

    def contract(self, contract: Contract) -> str:
        """Return the digest of a contract; steps that are made alike share one object."""
        kept = self._contracts.get(id(contract))
        if kept is None and contract == _NONE:
            kept = self._contracts.get(id(_NONE)) or (_NONE, self.shared(to_plain(_NONE)))
            self._contracts[id(_NONE)] = kept
        elif kept is None:
            # The contract is kept too, so that no other one can get its identity meanwhile.
            kept = self._contracts[id(contract)] = (contract, self.shared(to_plain(contract)))
        return kept[1]

    def masked(self, text: str) -> str:
        """Return JSON with keyed hashes where values of private variables stood, which a file may have by ``${NAME}``."""
        if not self._private:
            self._private.append({name: value for name, value in self.variables.items() if is_private(name)})
        private = self._private[0]
        return (
            hide(text, private, shown=lambda _name, value: f"hidden {self.hashed(value)}")
            if private
            else text
        )

    def hashed(self, value: str) -> str:
        """Return a keyed hash."""
        return hmac.new(self.salt, value.encode(errors="surrogatepass"), "sha256").hexdigest()[:_LENGTH]


def key_of(task: Task, parameters: Mapping[str, Scalar], ground: Ground) -> Keyed:
    """Return the static key of a task, and why its results must not be taken again, if that is so."""
    step, kind = task.step, ground.kinds[task.step.kind]
    barrier = _barrier(task, kind)
    code = ground.code(step, kind)
    if code.unknown:
        return Keyed(barrier=code.unknown)
    files = _files(task, kind, code, ground)
    text = _encode(
        {
            "format": FORMAT,
            "pipeproof": _version(),
            "python": _interpreter(),
            "step": step.name,
            "kind": step.kind,
            "config": _portable(to_plain(kind.meaning(step)), f"{ground.root.absolute()}/"),
            "inputs": dict(step.inputs),
            "outputs": dict(step.outputs),
            "contract": ground.contract(step.contract),
            "checks": ground.shared(to_plain(task.checks)) if task.checks else "",
            "environment": _environment(step, ground),
            **_around(ground),
            "elsewhere": dict(environment_digest(step, ground.root)) if task.isolation in _ELSEWHERE else {},
            **_repeated(step, parameters),
            "parameters": _used(step, kind, parameters, ground.root),
            "seed": ground.seed if kind.draws else 0,
            "code": ground.shared(dict(code.parts)) if code.parts else "",
            "followed": code.followed,
            "packages": ground.shared(dict(code.packages)) if code.packages else "",
            "files": files,
            **({"targets": ground.shared(ground.targets)} if kind.redirects else {}),
        }
    )
    text = ground.masked(text)
    static = ground.hashed(text)
    ground.behind[static] = Behind(code.modules, tuple(files), code.followed)
    return Keyed(static, text, barrier)


def key_with(static: str, inputs: Mapping[str, Artifact], step: Step) -> str:
    """Return the key of a step with the content of what it reads.

    Args:
        static: Its static key.
        inputs: Dataset → artifact.
        step: The step.
    """
    read = [
        f"{local}={found.kind}:{found.digest}:{found.name}"
        for local, dataset in sorted(step.inputs.items())
        if (found := inputs.get(dataset)) is not None
    ]
    return hashlib.sha256("\0".join([static, *read]).encode(errors="surrogatepass")).hexdigest()[:_LENGTH]


def _barrier(task: Task, kind: StepKind) -> str:
    """Return why what a task makes must not be taken again although nothing that is known changed."""
    step = task.step
    if not step.cache:
        return "it says cache: false"
    if step.effects == "external" and not kind.redirects:  # else it is looked whether its targets hold
        return "it touches the world (effects: external)"
    if any(_asks_the_time(check.schema) for check in task.checks):
        return "its contract asks what time it is"
    return kind.barrier(step)


_CLOCK = re.compile(r"\b(now|today|current_\w+|get_current_\w+|random|uuid)\b", re.IGNORECASE)


def _asks_the_time(schema: TableSchema) -> bool:
    """Say whether a schema may hold today and not tomorrow, for the same data."""
    written = (*(condition.sql for condition in schema.conditions), *(query.sql for query in schema.queries))
    return any(item.measure == "age" for item in schema.statistics) or any(map(_CLOCK.search, written))


def _repeated(step: Step, parameters: Mapping[str, Scalar]) -> dict[str, Any]:
    """Return how often a step is done again, which decides what it makes in the end; nothing where it is not."""
    if step.repeat is None:
        return {}
    asked = (item.of for item in references_of(step.repeat.condition) if item.asks == "parameters")
    values = {name: parameters[name] for name in sorted(asked) if name in parameters}
    return {"repeat": {**to_plain(step.repeat), "parameters": values}}


def _environment(step: Step, ground: Ground) -> dict[str, str]:
    """Return what a step sets or declares to read, hashed; what it reads besides is seen while it runs."""
    declared = {
        variable.name: ground.variables.get(variable.name, variable.default)
        for variable in step.contract.environment
    }
    given = declared | {name: _with_secrets(text, ground) for name, text in step.environment.items()}
    return {name: "" if value is None else ground.hashed(value) for name, value in given.items()}


_OF_ANY_CODE = (
    "LANG",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_NUMERIC",
    "LC_TIME",
    "POLARS_MAX_THREADS",
    "PYTHONHASHSEED",
    "PYTHONOPTIMIZE",
    "TZ",
)
"""Variables that change what code makes although it asks for none of them."""


def _around(ground: Ground) -> dict[str, Any]:
    """Return what of its surroundings any code may depend on without asking; nothing where none of it is set."""
    given = {name: ground.variables[name] for name in _OF_ANY_CODE if ground.variables.get(name)}
    if sys.flags.optimize:
        given["python -O"] = str(sys.flags.optimize)
    return {"around": given} if given else {}


def _with_secrets(text: str, ground: Ground) -> str:
    """Return the text of a variable with its secrets filled in; one that has no value fails when the step starts."""
    return SECRET.sub(lambda match: ground.variables.get(match["name"], match[0]), text)


def _used(step: Step, kind: StepKind, parameters: Mapping[str, Scalar], root: Path) -> dict[str, Scalar]:
    """Return the parameters that a step uses by their names; those in templates are in its config."""
    names = {*kind.placeholders(step.config), *kind.takes(step, root)}
    return {name: parameters[name] for name in sorted(names) if name in parameters}


def _files(task: Task, kind: StepKind, code: Code, ground: Ground) -> dict[str, str]:
    """Return the files that are known to decide what a task makes, each with the digest of its content.

    Which files code opens is seen when it runs, except in threads of ours, where those that it names must do.
    """
    profiles = (item.against for check in task.checks for item in check.schema.statistics if item.against)
    named = code.files if task.isolation == "thread" else ()
    paths = [*kind.files(task.step, ground.root), *(ground.root / path for path in (*profiles, *named))]
    return {_below(path, ground.root): ground.content(path) for path in paths}


def _below(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


@cache
def _version() -> str:
    return version("pipeproof")


@cache
def _interpreter() -> str:
    return (
        f"{platform.python_implementation()} {platform.python_version()} {sys.platform} {platform.machine()}"
    )


def _portable(plain: Any, root: str) -> Any:
    """Return plain data with the project's folder left out of its texts."""
    if isinstance(plain, str):
        return plain.replace(root, "")
    if isinstance(plain, dict):
        return {key: _portable(value, root) for key, value in plain.items()}
    return [_portable(item, root) for item in plain] if isinstance(plain, list) else plain


Part = str
"""``config.arguments.max-delay``, ``code.helpers.py:parse``, ``packages.pandas``: names joined by dots."""


def changed_parts(
    old: str, new: str, texts: Callable[[str], str]
) -> Iterable[tuple[Part, str | None, str | None]]:
    """Yield what differs between two keys: the part, what it was and what it is; None where it was not there.

    Args:
        old: Text of the key of then.
        new: Text of the key of today.
        texts: Digest → text of a part that several keys share, empty when it is not kept any more.
    """
    before, after = _flat(json.loads(old), texts), _flat(json.loads(new), texts)
    for part in sorted({*before, *after}):
        if before.get(part) != after.get(part):
            yield part, before.get(part), after.get(part)


_SHARED = ("code", "packages", "contract", "checks", "targets")
_NOTHING: tuple[Any, ...] = ("", {})


def _flat(text: Mapping[str, Any], texts: Callable[[str], str]) -> dict[Part, str]:
    spread = dict(text)
    for part in _SHARED:
        kept = texts(text[part]) if text.get(part) else ""
        if kept:
            spread[part] = json.loads(kept)
    return dict(_leaves("", {part: value for part, value in spread.items() if value not in _NOTHING}))


def _leaves(name: str, value: Any) -> Iterable[tuple[Part, str]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(f"{name}.{key}" if name else str(key), item)
    else:
        yield name, value if isinstance(value, str) else _encode(value)
