"""What changed between two versions of a step's contract besides its tables: ports, variables, arguments."""

from __future__ import annotations

from collections.abc import Iterator

from pipeproof.contracts.changes import KEEPS, Change, Effect
from pipeproof.model.contract import Argument, Contract, Port, Variable

_WIDER = {("integer", "number"), ("integer", "string"), ("number", "string"), ("boolean", "string")}
"""Types of arguments of which the second takes all that the first takes."""


def diff_steps(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Return what changed of ports, variables and arguments.

    Who gives a step its inputs, variables and arguments is a producer; who reads its outputs, a consumer.
    """
    inputs = _ports(dict(old.inputs), dict(new.inputs), "input")
    outputs = _ports(dict(old.outputs), dict(new.outputs), "output")
    return (*inputs, *outputs, *_variables(old, new), *_arguments(old, new), *_words(old, new))


def _ports(old: dict[str, Port], new: dict[str, Port], side: str) -> Iterator[Change]:
    for name, port in old.items():
        if name not in new:
            gone = Effect("breaks", f"nobody writes {name!r} any more") if side == "output" else KEEPS
            yield Change(f"{side} {name!r} is removed", "removed", name, consumers=gone)
        else:
            yield from _port(port, new[name], side)
    for name, port in new.items():
        if name not in old:
            asked = side == "input" and port.required
            more = Effect("breaks", f"nobody gives it {name!r} yet") if asked else KEEPS
            what = f"{side} {name!r} is new" + ("" if port.required else ", and optional")
            yield Change(what, "added", name, producers=more)


def _port(old: Port, new: Port, side: str) -> Iterator[Change]:
    name = f"{side} {new.name!r}"
    if old.required and not new.required:
        absent = Effect("breaks", f"{new.name!r} may be absent") if side == "output" else KEEPS
        yield Change(f"{name} may be absent", "required", new.name, consumers=absent)
    if new.required and not old.required:
        yield Change(
            f"{name} must be there",
            "required",
            new.name,
            producers=Effect("breaks", f"{new.name!r} may be absent"),
        )
    for rule in ("format", "path"):
        was, now = getattr(old, rule), getattr(new, rule)
        if was != now:
            other = Effect("breaks", f"{rule} {now or 'not said'} instead of {was or 'not said'}")
            what = f"{name}: {rule} {was or 'not said'} → {now or 'not said'}"
            yield Change(what, rule, new.name, consumers=other, producers=other)
    if old.enforce != new.enforce:
        what = f"{name}: enforce {old.enforce or 'not said'} → {new.enforce or 'not said'}"
        yield Change(what, "enforce", new.name)


def _variables(old: Contract, new: Contract) -> Iterator[Change]:
    was, now = ({variable.name: variable for variable in one.environment} for one in (old, new))
    for name in was.keys() - now.keys():
        yield Change(f"variable {name} is no longer read", "environment")
    for name, variable in now.items():
        needed = Effect("breaks", f"{name} has no value where it was not needed")
        if name not in was:
            wanted = needed if _is_needed(variable) else KEEPS
            yield Change(f"variable {name} is new", "environment", producers=wanted)
        elif _is_needed(variable) != _is_needed(was[name]):
            says = "must have a value" if _is_needed(variable) else "need no longer have a value"
            wanted = needed if _is_needed(variable) else KEEPS
            yield Change(f"variable {name} {says}", "environment", producers=wanted)
        elif variable.default != was[name].default:
            yield Change(
                f"variable {name}: default {was[name].default!r} → {variable.default!r}", "environment"
            )


def _is_needed(variable: Variable | Argument) -> bool:
    return variable.required and variable.default is None


def _arguments(old: Contract, new: Contract) -> Iterator[Change]:
    was, now = ({argument.name: argument for argument in one.arguments} for one in (old, new))
    for name in was:
        if name not in now:
            gone = Effect("breaks", f"--{name} is not known any more")
            yield Change(f"argument {name!r} is removed", "arguments", producers=gone)
        else:
            yield from _argument(was[name], now[name])
    for name, argument in now.items():
        if name not in was:
            wanted = Effect("breaks", f"nobody gives {name!r} yet") if _is_needed(argument) else KEEPS
            what = f"argument {name!r} is new" + ("" if _is_needed(argument) else ", and optional")
            yield Change(what, "arguments", producers=wanted)


def _argument(old: Argument, new: Argument) -> Iterator[Change]:
    if old.type != new.type:
        narrow = (old.type, new.type) not in _WIDER
        other = Effect("breaks", f"a value of type {old.type} may be no {new.type}") if narrow else KEEPS
        yield Change(f"argument {new.name!r}: {old.type} → {new.type}", "arguments", producers=other)
    if _is_needed(new) and not _is_needed(old):
        wanted = Effect("breaks", f"{new.name!r} need not be given until now")
        yield Change(f"argument {new.name!r} must be given", "arguments", producers=wanted)
    elif _is_needed(old) and not _is_needed(new):
        yield Change(f"argument {new.name!r} need no longer be given", "arguments")
    elif old.default != new.default:
        yield Change(f"argument {new.name!r}: default {old.default!r} → {new.default!r}", "arguments")


def _words(old: Contract, new: Contract) -> Iterator[Change]:
    if set(old.refuses) != set(new.refuses):
        yield Change("which breaches the code refuses by itself", "refuses")
    if old.enforce != new.enforce:
        yield Change(f"enforce {old.enforce} → {new.enforce}", "enforce")
