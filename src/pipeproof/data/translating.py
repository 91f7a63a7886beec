"""Contracts from and into the languages of others, with all that is lost on the way told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeproof.data.contract_files import ContractFile, contradicting, name_of_file, read_contract_file
from pipeproof.errors import ConfigError, Finding, Location, UsageError, suggest
from pipeproof.loading.node import Node
from pipeproof.loading.places import shorten
from pipeproof.loading.text import parse, read_text
from pipeproof.model.contract import Contract, TableSchema, frozen
from pipeproof.standards import odcs
from pipeproof.standards.languages import LANGUAGES, Language, recognise
from pipeproof.standards.losing import Lost
from pipeproof.standards.native import write_contract, write_schema, write_schemas
from pipeproof.standards.notes import Notes, Unenforced
from pipeproof.standards.yaml_text import to_yaml

_BINARY = frozenset({".arrow", ".feather", ".ipc", ".parquet", ".pq"})


@dataclass(frozen=True, slots=True)
class Imported:
    """A contract read from another language.

    Attributes:
        tables: The contracts of its tables, by name.
        language: The language that it was in.
        contract: The contract of a step, where it is one.
        not_enforced: What it says besides, as findings: warnings for what promises something of the data,
            notes for what only documents.
        document: The whole document, of the Open Data Contract Standard.
    """

    tables: Mapping[str, TableSchema]
    language: str
    contract: Contract | None = None
    not_enforced: tuple[Finding, ...] = ()
    document: odcs.Document | None = None

    @property
    def text(self) -> str:
        """The contract as a contract file of ours."""
        return to_yaml(_native(self.tables, self.contract), lines=True)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "language": self.language,
            "contract": _native(self.tables, self.contract),
            "not_enforced": [_plain(finding) for finding in self.not_enforced],
        }


@dataclass(frozen=True, slots=True)
class Exported:
    """A contract in another language.

    Attributes:
        content: The text of the file, or its bytes.
        language: The language.
        tables: The contracts that were written, by name.
        lost: What it cannot say, as findings.
    """

    content: str | bytes
    language: str
    tables: Mapping[str, TableSchema]
    lost: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data; bytes are left out."""
        return {
            "language": self.language,
            "content": self.content if isinstance(self.content, str) else None,
            "lost": [_plain(finding) for finding in self.lost],
        }


def import_contract(path: str | Path, language: str | None = None) -> Imported:
    """Return a contract that is written in another language.

    Args:
        path: The file.
        language: odcs, dbt, frictionless, jsonschema, pandera, arrow or native; recognised unless given.

    Raises:
        ConfigError: The file cannot be read or is wrong; has every problem, located.
        ContractError: A file of Arrow cannot be read.
        UsageError: There is no such language, or the file is in none.
    """
    path = Path(path)
    if language == "arrow" or (language is None and path.suffix.lower() in _BINARY):
        return _import_arrow(path)
    node = _parsed(path)
    known = _known(language or recognise(node.plain), path)
    if known.name == "native":
        file = read_contract_file(path)
        return Imported(file.tables, known.name, file.contract)
    if known.name == "odcs":
        file = read_contract_file(path)
        document = odcs.read(node.plain, node.locate)
        unenforced = tuple(_unenforced(document.not_enforced, node))
        return Imported(file.tables, known.name, file.contract, unenforced, document)
    notes = Notes()
    tables = known.function("read")(node.plain, name_of_file(path), notes)
    notes.raise_problems(node.locate)
    _check(tables, Location(shorten(path)))
    if not tables:
        what = f"the file says nothing of any table in the words of {known.title}"
        raise ConfigError(Finding("PPF372", what, Location(shorten(path)), fix="is it another language?"))
    return Imported(frozen(tables), known.name, None, tuple(_unenforced(notes.unenforced, node)))


def export_contract(
    contract: str | Path | TableSchema | Contract | Mapping[str, TableSchema],
    language: str,
    *,
    dataset: str | None = None,
    version: str = "",
) -> Exported:
    """Return a contract in another language.

    Args:
        contract: A contract file in any of the languages, or a contract as a value.
        language: odcs, dbt, frictionless, jsonschema, pandera, arrow or native.
        dataset: The table that is meant; all unless given.
        version: Version of the Open Data Contract Standard; the newest unless given.

    Raises:
        ConfigError: The file cannot be read or is wrong.
        UsageError: There is no such language, table or version, or the language has one table a file.
    """
    known = _known(language, None)
    given, document = _given(contract)
    if dataset is not None:
        given, document = _chosen(given, dataset), None
    if known.name == "odcs":
        return Exported(to_yaml(_to_odcs(given, document, version)), known.name, given.tables)
    if known.name == "native":
        return Exported(to_yaml(_native(given.tables, given.contract), lines=True), known.name, given.tables)
    if known.single and len(given.tables) != 1:
        what = f"a file of {known.title} is of one table, and there are {len(given.tables)}"
        raise UsageError(Finding("PPF522", what, fix=f"choose one with --dataset: {', '.join(given.tables)}"))
    content, lost = known.function("write")(given.tables)
    findings = [one.finding(known.title) for one in (*lost, *_of_steps(given))]
    return Exported(_text(content, known), known.name, given.tables, tuple(findings))


def _text(content: Any, language: Language) -> str | bytes:
    if isinstance(content, bytes):
        return content
    return (
        json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        if language.form == "json"
        else to_yaml(content)
    )


def _to_odcs(given: ContractFile, document: odcs.Document | None, version: str) -> dict[str, Any]:
    newer = f"v{version.removeprefix('v')}" if version else ""
    name = name_of_file(given.path) if given.path else next(iter(given.tables), "contract")
    try:
        if document is not None:
            return odcs.write(document, version=newer)
        if given.contract is not None:
            return odcs.document_of(given.contract, name=name, version=newer)
        return odcs.write(given.tables, name=name, version=newer)
    except ValueError as error:
        raise UsageError(Finding("PPF522", str(error), fix="choose another --version")) from error


def _given(contract: Any) -> tuple[ContractFile, odcs.Document | None]:
    if isinstance(contract, str | Path):
        found = import_contract(contract)
        return ContractFile(found.tables, found.contract, Path(contract)), found.document
    if isinstance(contract, Contract):
        ports = (*contract.inputs.values(), *contract.outputs.values())
        tables = {port.name: port.schema for port in ports if port.schema is not None}
        return ContractFile(frozen(tables), contract), None
    if isinstance(contract, TableSchema):
        return ContractFile(frozen({contract.name or "table": contract})), None
    return ContractFile(frozen(contract)), None


def _chosen(given: ContractFile, dataset: str) -> ContractFile:
    if dataset not in given.tables:
        what = f"there is no contract of a table {dataset!r}"
        raise UsageError(Finding("PPF522", what, fix=suggest(dataset, given.tables)))
    return ContractFile(frozen({dataset: given.tables[dataset]}), None, given.path)


def _of_steps(given: ContractFile) -> Iterator[Lost]:
    """Yield what only contracts of steps say, and no language of tables can."""
    contract = given.contract
    if contract is None:
        return
    if contract.environment:
        yield Lost("environment", ", ".join(one.name for one in contract.environment), table="the step")
    if contract.arguments:
        yield Lost("arguments", ", ".join(one.name for one in contract.arguments), table="the step")
    files = [
        port.name for port in (*contract.inputs.values(), *contract.outputs.values()) if port.schema is None
    ]
    if files:
        yield Lost("files", ", ".join(files), table="the step")
    if contract.refuses:
        yield Lost("refusals", ", ".join(contract.refuses), table="the step")


def _native(tables: Mapping[str, TableSchema], contract: Contract | None) -> dict[str, Any]:
    if contract is not None:
        return write_contract(contract)
    if len(tables) == 1:
        return write_schema(next(iter(tables.values())))
    return write_schemas({name: replace(schema, name="") for name, schema in tables.items()})


def _parsed(path: Path) -> Node:
    shown = shorten(path)
    text = read_text(path, shown)
    if path.suffix.lower() == ".json":
        text = text.replace("\t", " ")  # which JSON may be indented with, and YAML may not
    return parse(text, shown)


def _import_arrow(path: Path) -> Imported:
    if not path.is_file():
        raise ConfigError(Finding("PPF102", f"there is no file {path}", fix="check the path"))
    notes = Notes()
    tables = LANGUAGES["arrow"].function("read")(path, name_of_file(path), notes)
    _check(tables, Location(shorten(path)))
    return Imported(frozen(tables), "arrow", None, tuple(_unenforced(notes.unenforced, None)))


def _known(language: str | None, path: Path | None) -> Language:
    if language is not None and language in LANGUAGES:
        return LANGUAGES[language]
    names = ", ".join(LANGUAGES)
    if language is None:
        where = Location(shorten(path)) if path else None
        what = "the file is in no language of contracts that is known"
        raise UsageError(Finding("PPF372", what, where, fix=f"name its language with --from: {names}"))
    raise UsageError(
        Finding("PPF372", f"{language!r} is no language of contracts", fix=suggest(language, LANGUAGES))
    )


def _check(tables: Mapping[str, TableSchema], where: Location) -> None:
    problems = list(contradicting(tables, lambda _name, _column: where))
    if problems:
        raise ConfigError(*problems)


def _unenforced(parts: Iterable[Unenforced], node: Node | None) -> Iterator[Finding]:
    for part in parts:
        where = None if node is None else node.locate(part.path)
        name = ".".join(_words(part.path, None if node is None else node.plain))
        what = f"{name} is not enforced: {part.why}"
        severity = "warning" if part.promises else "note"
        yield Finding("PPF370", what, where, severity=severity, path=part.path)  # type: ignore[arg-type]  # one of two severities


def _words(path: Iterable[str | int], document: Any) -> Iterator[str]:
    """Yield a path as people read it: entries by their names rather than by where they stand in a list."""
    key = ""
    for step in path:
        document = _below(document, step)
        if not isinstance(step, int):
            key = step
            if not (isinstance(document, list) and key in _LISTS):
                yield key
            continue
        named = [
            document[one] for one in ("name", "property") if isinstance(document, dict) and document.get(one)
        ]
        yield str(named[0]) if named else f"{key}[{step}]" if key in _LISTS else f"[{step}]"


_LISTS = frozenset(
    {"schema", "properties", "fields", "columns", "models", "resources", "quality", "relationships"}
)


def _below(document: Any, step: str | int) -> Any:
    if isinstance(document, dict):
        return document.get(step)
    is_there = isinstance(document, list) and isinstance(step, int) and step < len(document)
    return document[step] if is_there else None


def _plain(finding: Finding) -> dict[str, Any]:
    said = {key: getattr(finding, key) for key in ("code", "severity", "what", "column", "rule")}
    return {**said, "says": finding.evidence, "line": finding.where.line if finding.where else 0}
