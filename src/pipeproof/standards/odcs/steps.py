"""Contracts of steps as documents of the standard: each input and output is an object of the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeproof.model.contract import Argument, Contract, Port, TableSchema, Variable, frozen
from pipeproof.standards.odcs.custom import ours, say
from pipeproof.standards.odcs.document import Document, write

_SIDES = ("inputs", "outputs")


def document_of(contract: Contract, *, name: str, version: str = "") -> dict[str, Any]:
    """Return the contract of a step as a document; what the standard has no word for is in custom properties.

    Args:
        contract: The contract.
        name: What to call it.
        version: Version of the standard; the newest unless given.
    """
    ports = dict(_ports(contract))
    tables = {called: port.schema or TableSchema() for called, (_, port) in ports.items()}
    written = write(tables, name=name, version=version)
    for part in written.get("schema", ()):
        say(part, "port", _port(*ports[part["name"]]))
    say(written, "environment", [_variable(one) for one in contract.environment] or None)
    say(written, "arguments", [_argument(one) for one in contract.arguments] or None)
    say(written, "refuses", list(contract.refuses) or None)
    say(written, "enforce", None if contract.enforce == "fail" else contract.enforce)
    return written


def contract_of(document: Document) -> Contract | None:
    """Return the contract of a step that a document says, or None when it is one of tables alone."""
    sides: dict[str, dict[str, Port]] = {side: {} for side in _SIDES}
    for part in document.rest.get("schema") or ():
        said = ours(part).get("port")
        if isinstance(said, dict) and said.get("side") in sides:
            port = _read_port(said, document.schemas[part["name"]])
            sides[said["side"]][port.name] = port
    said = ours(document.rest)
    if not (any(sides.values()) or said.keys() & {"environment", "arguments"}):
        return None
    return Contract(
        frozen(sides["inputs"]),
        frozen(sides["outputs"]),
        tuple(
            Variable(one["name"], one.get("required", True), one.get("default"))
            for one in _dicts(said, "environment")
        ),
        tuple(_read_argument(one) for one in _dicts(said, "arguments")),
        tuple(map(str, said.get("refuses") or ())),
        said.get("enforce", "fail"),
    )


def _ports(contract: Contract) -> Iterator[tuple[str, tuple[str, Port]]]:
    """Yield the ports by the name of their object, with their side before a name that both sides have."""
    twice = contract.inputs.keys() & contract.outputs.keys()
    for side, ports in zip(_SIDES, (contract.inputs, contract.outputs), strict=True):
        for name, port in ports.items():
            yield f"{side}.{name}" if name in twice else name, (side, port)


def _port(side: str, port: Port) -> dict[str, Any]:
    written = {
        "side": side,
        "name": port.name,
        "format": port.format,
        "path": port.path,
        "required": None if port.required else False,
        "enforce": port.enforce,
        "table": None if port.schema is not None else False,
    }
    return {key: value for key, value in written.items() if value is not None}


def _read_port(said: Mapping[str, Any], schema: TableSchema) -> Port:
    table = replace(schema, name="") if said.get("table", True) else None
    texts = {key: said.get(key) for key in ("format", "path", "enforce")}
    return Port(str(said.get("name")), schema=table, required=said.get("required") is not False, **texts)


def _variable(variable: Variable) -> dict[str, Any]:
    written = {"name": variable.name, "required": variable.required, "default": variable.default}
    return {key: value for key, value in written.items() if value is not None}


def _argument(argument: Argument) -> dict[str, Any]:
    written = {"type": argument.type, "required": argument.required, "default": argument.default}
    return {"name": argument.name, **{key: value for key, value in written.items() if value is not None}}


def _read_argument(said: Mapping[str, Any]) -> Argument:
    kind = said.get("type", "string")
    return Argument(said["name"], kind, said.get("required") is True, said.get("default"))


def _dicts(said: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    for one in said.get(key) or ():
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            yield one
