"""What stands on the coordinator's side for code that asks its context while it runs."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from pipeproof.data.privacy.masking import private_of
from pipeproof.digest import digest_value
from pipeproof.errors import ContractError, Finding, PipeproofError, suggest
from pipeproof.model.artifact import Artifact
from pipeproof.model.codec import from_plain, to_plain
from pipeproof.model.contract import frozen
from pipeproof.model.outcome import Failure, Seen
from pipeproof.planning.upstream import ASKED, digest_asked, digest_of_names, digest_of_result, made_by
from pipeproof.ports import Job, Objects
from pipeproof.running.checkpoints import INDEX, Checkpoints
from pipeproof.running.redact import redactor
from pipeproof.running.seen import NEVER
from pipeproof.steps.keeping import give, take

_TOLD = frozenset({"exception", "contract", "output", "import"})
"""Kinds of failures after which the process told what it had seen; any other may have killed it."""
_LONGEST_NAME = 200
_MOST_SAID = 3
KILLED = Seen("checkpoint", "one of a killed attempt")
"""What an attempt used that did not live to tell."""


class Counterpart:
    """Answers the context of one attempt: opens what is upstream, keeps what it stores, holds its checkpoints.

    Args:
        job: The attempt.
        objects: Where content is kept.
        outputs: Whether what the code stores may be one of the step's outputs.
    """

    def __init__(self, job: Job, objects: Objects, *, outputs: bool) -> None:
        self.job, self.objects, self.outputs = job, objects, outputs
        self._given: list[Artifact] = list(job.inputs.values())
        self._checkpoints: Path | None = None
        self._lock: IO[bytes] | None = None
        self._attempt = ""
        self._digest_today: Callable[[Seen], str] = lambda seen: seen.digest

    @property
    def committed(self) -> int:
        """When the code last saved what another attempt may go on from, in nanoseconds since 1970; 0 when it did not."""
        return Checkpoints.committed(self._checkpoints) if self._checkpoints is not None else 0

    def compare_by(self, digest_today: Callable[[Seen], str]) -> None:
        """Take what tells how something is today that an earlier attempt used."""
        self._digest_today = digest_today

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the answer as plain data; what a person did wrong comes back as findings in it."""
        try:
            return _ANSWERS[question["ask"]](self, question)
        except PipeproofError as error:
            return {"findings": [_said(finding) for finding in error.findings]}
        except Exception as error:  # noqa: BLE001 a fault of ours must not leave the code waiting for an answer
            what = f"the context could not be answered: {type(error).__name__}: {error}"
            return {"findings": [{"code": "PPF299", "what": what}]}

    def close(self, ended: Failure | None, seen: tuple[Seen, ...]) -> tuple[Seen, ...]:
        """Let go of the checkpoints, which are removed after a step that passed.

        Returns:
            What was seen by this attempt and by those whose checkpoints it went on from.
        """
        if self._lock is None or self._checkpoints is None:
            return seen
        try:
            return _Attempts(self._checkpoints).close(self._attempt, ended, seen)
        finally:
            if ended is None:
                shutil.rmtree(self._checkpoints, ignore_errors=True)
            self._lock.close()
            self._lock = None

    # Data and results upstream

    def _names(self, _question: Mapping[str, Any]) -> Mapping[str, Any]:
        datasets = sorted({*self.job.inputs, *made_by(self.job.earlier)})
        return {"datasets": datasets, "digest": digest_of_names(self.job.earlier)}

    def _data(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        upstream = made_by(self.job.earlier)
        name = self._find(question["dataset"], {**upstream, **self.job.inputs})
        if name in self.job.inputs:
            return {"name": name, "digest": "", "item": self._give(self.job.inputs[name], name)}
        self._given.append(upstream[name])
        return {
            "name": name,
            "digest": upstream[name].digest,
            "item": self._give(upstream[name], name),
        }

    def _find(self, wanted: str, there: Mapping[str, Artifact]) -> str:
        """Return the dataset that is meant: by its name, or by the name under which a step stored it.

        Raises:
            ContractError: There is none, or there are several.
        """
        found = [wanted] if wanted in there else [name for name in there if name.endswith(f".{wanted}")]
        if len(found) == 1:
            return found[0]
        if found:
            what = f"{wanted!r} may be {' or '.join(sorted(found))}"
            raise ContractError(self._finding("PPF260", what, "write the whole name"))
        what = f"{self.job.step.name} can see no dataset {wanted!r}; it sees: {_listed(there)}"
        fix = _meant(wanted, there) or "list the step that makes it in depends_on, or read it as an input"
        raise ContractError(self._finding("PPF260", what, fix))

    def _inputs(self, _question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the tables that the step reads, by dataset and by the name that the code uses."""
        tables = {
            name: {"table": str(self.objects.path(artifact.digest))}
            for name, artifact in self.job.inputs.items()
            if artifact.kind == "table"
        }
        local = {name: tables[dataset] for name, dataset in self.job.step.inputs.items() if dataset in tables}
        return {"inputs": {**local, **tables}}

    def _reopen(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"item": self._give(from_plain(Artifact, question["artifact"]), question["name"])}

    def _give(self, artifact: Artifact, name: str) -> dict[str, Any]:
        folder = f"{self.job.scratch_folder}/asked/{digest_value(name)[:12]}"
        return give(artifact, self.objects, folder, own=self.job.task.isolation == "thread")

    def _result(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        step, earlier = question["step"], self.job.earlier
        if step not in earlier:
            what = f"{self.job.step.name} waits for no step {step!r}; it waits for: {_listed(earlier)}"
            fix = _meant(step, earlier) or "list it in depends_on"
            raise ContractError(self._finding("PPF260", what, fix))
        outcome = earlier[step]
        return {
            "metrics": {metric.name: metric.value for metric in outcome.metrics},
            "params": dict(outcome.params),
            "outputs": list(outcome.outputs),
            "digest": digest_of_result(outcome),
        }

    # What the code keeps

    def _store(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        name = self._acceptable(question["name"])
        step = self.job.step
        local = next((key for key, dataset in step.outputs.items() if name in {key, dataset}), None)
        if local is not None and not self.outputs:
            what = f"{name!r} is an output of {step.name}, which a script writes to output_paths[{local!r}]"
            raise ContractError(self._finding("PPF261", what, "store under another name"))
        dataset = step.outputs[local] if local is not None else f"{step.name}.{name}"
        if local is None and (dataset in step.made or dataset in made_by(self.job.earlier)):
            raise ContractError(
                self._finding("PPF261", f"there is a dataset {dataset!r}", "use another name")
            )
        made = take(question["made"], step, local or name, self.objects)
        if (self.job.real or not self.job.sealed) and local is None:
            made = private_of(made, None, tuple(self._given), None)
        metadata = self._masked(question["metadata"])
        return {"dataset": dataset, "artifact": to_plain(replace(made, metadata=frozen(metadata)))}

    def _artifact(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        self._acceptable(question["name"])
        path = Path(question["path"])
        if not path.exists():
            what = f"the artifact {question['name']!r} is the path {path}, which is not there"
            raise ContractError(self._finding("PPF262", what, "write the file before it is logged"))
        digest, size = self.objects.add(path, move=False)
        made = Artifact("folder" if path.is_dir() else "file", digest, size, name=path.name)
        return {"artifact": to_plain(made)}

    def _acceptable(self, name: str) -> str:
        """Return a name that may stand in a record.

        Raises:
            ContractError: It is empty, too long, not printable, or holds a secret.
        """
        masked = redactor(self.job.secrets, personal=self.job.reads_personal).mask(name)
        if name and masked == name and len(name) <= _LONGEST_NAME and name.isprintable():
            return name
        shown = "it holds a secret or personal data" if masked != name else repr(name[:40])
        what = f"a name in the record must be 1 to {_LONGEST_NAME} printable characters: {shown}"
        raise ContractError(self._finding("PPF262", what, "use a plain name"))

    def _masked(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Return metadata without secrets: they stand in the ledger."""
        text = json.dumps(metadata)
        masked = redactor(self.job.secrets, personal=self.job.reads_personal).mask(text)
        if masked == text:
            return dict(metadata)
        try:
            found = json.loads(masked)
        except ValueError:  # a secret of digits, masked in the middle of a number
            found = None
        return found if isinstance(found, dict) else {"masked": "***"}

    # Checkpoints

    def _open_checkpoints(self, _question: Mapping[str, Any]) -> Mapping[str, Any]:
        note = ""
        if self.job.checkpoints and not self.job.sealed:
            folder = Path(self.job.checkpoints) / self._key()
            self._lock = _hold(folder)
            if self._lock is not None:
                self._checkpoints = folder
                return {"folder": str(folder), "note": self._go_on(_Attempts(folder))}
            note = "another run uses the checkpoints of this step; those of this attempt end with it"
        private = self.job.scratch / "kept"
        private.mkdir(parents=True, exist_ok=True)
        return {"folder": str(private), "note": note}

    def _go_on(self, attempts: _Attempts) -> str:
        """Begin an attempt on what earlier ones saved, unless what they used is another now; say which it is."""
        note = ""
        used = attempts.used()
        changed = [seen for seen in used if self._is_other(seen)]
        if changed:
            attempts.leave_aside()
            said = ", ".join(f"{seen.what} {seen.name}" for seen in changed[:_MOST_SAID])
            note = f"checkpoints of an earlier attempt were left aside: {said} changed since"
        elif KILLED in used:
            note = "went on from what a killed attempt had saved: what that one had read is not known"
        self._attempt = attempts.open(f"{self.job.run}.{self.job.attempt}")
        return note

    def _is_other(self, seen: Seen) -> bool:
        """Say whether something that an earlier attempt used is another today; of what has no state nobody can."""
        if seen.what in {*ASKED, *NEVER, KILLED.what} or seen.digest == "never":
            return False
        return self._digest_today(seen) != seen.digest

    def _key(self) -> str:
        """Return the name of all that the attempts have in common: code, config, inputs, parameters, seed.

        Where the code has no digest, attempts of one run alone have it in common.
        """
        task = self.job.task
        return digest_value(
            {
                "task": task.name,
                "key": [task.key, task.static],
                "run": "" if task.static else self.job.run,
                "inputs": {name: artifact.digest for name, artifact in self.job.inputs.items()},
                "parameters": self.job.parameters,
                "seed": self.job.seed,
            }
        )[:32]

    def _changed(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is another thing today than it was to the attempt that saved the checkpoints."""
        asked = [from_plain(Seen, seen) for seen in question["seen"]]
        changed = [seen for seen in asked if digest_asked(seen, self.job.earlier) != seen.digest]
        return {"changed": [f"{seen.what} {seen.name}".strip() for seen in changed]}

    def _finding(self, code: str, what: str, fix: str) -> Finding:
        return Finding(code, what, step=self.job.step.name, fix=fix)


_ANSWERS: Mapping[str, Callable[[Counterpart, Mapping[str, Any]], Mapping[str, Any]]] = {
    "names": Counterpart._names,  # noqa: SLF001 the questions of a context, answered by the class above
    "data": Counterpart._data,  # noqa: SLF001 the same
    "inputs": Counterpart._inputs,  # noqa: SLF001 the same
    "reopen": Counterpart._reopen,  # noqa: SLF001 the same
    "result": Counterpart._result,  # noqa: SLF001 the same
    "store": Counterpart._store,  # noqa: SLF001 the same
    "artifact": Counterpart._artifact,  # noqa: SLF001 the same
    "checkpoints": Counterpart._open_checkpoints,  # noqa: SLF001 the same
    "changed": Counterpart._changed,  # noqa: SLF001 the same
}


class _Attempts:
    """What the attempts saw that worked on the same checkpoints: a file for each, empty until it has ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "attempts"

    def used(self) -> tuple[Seen, ...]:
        """Return what the attempts saw whose checkpoints are there."""
        return self._seen() if (self.folder.parent / INDEX).exists() else ()

    def open(self, name: str) -> str:
        """Note that an attempt begins; where nothing was committed, what earlier ones saw does not matter.

        Returns:
            The name that it has here: attempts of a run that goes on count from one again.
        """
        if not (self.folder.parent / INDEX).exists():
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(exist_ok=True)
        own = f"{len(list(self.folder.iterdir()))}.{name}"
        (self.folder / f"{own}.json").touch()
        return own

    def leave_aside(self) -> None:
        """Remove all that earlier attempts saved."""
        (self.folder.parent / INDEX).unlink(missing_ok=True)  # first: without it the rest counts for nothing
        for path in self.folder.parent.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != "lock":
                path.unlink(missing_ok=True)

    def close(self, name: str, ended: Failure | None, seen: tuple[Seen, ...]) -> tuple[Seen, ...]:
        """Note what an attempt saw, and return what all of them did."""
        if ended is not None:
            if ended.kind in _TOLD:
                (self.folder / f"{name}.json").write_text(json.dumps(to_plain(seen)), "utf-8")
            return seen
        return tuple(dict.fromkeys((*seen, *self._seen(without=name))))

    def _seen(self, *, without: str = "") -> tuple[Seen, ...]:
        found: list[Seen] = []
        for path in sorted(self.folder.glob("*.json")):
            if path.stem != without:
                text = path.read_text("utf-8")
                found += (from_plain(Seen, item) for item in json.loads(text)) if text else (KILLED,)
        return tuple(found)


def _hold(folder: Path) -> IO[bytes] | None:
    """Return the lock of a folder of checkpoints, held until it is closed; None when somebody else holds it."""
    while True:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            lock = (folder / "lock").open("wb")
        except FileNotFoundError:  # whoever held it has just passed, and removed the folder
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return None
        if _is_same(lock, folder / "lock"):
            return lock
        lock.close()


def _is_same(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _meant(wanted: str, there: Mapping[str, Any]) -> str:
    """Return what was probably meant; empty when nothing is like it."""
    hint = suggest(wanted, there)
    return hint if hint.startswith("did you mean") else ""


def _said(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "what": finding.what, "fix": finding.fix, "step": finding.step}


def _listed(names: Mapping[str, Any]) -> str:
    most = 12
    shown = ", ".join(sorted(names)[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown or "none"
