"""Reached statements as named parts: each name of a module with the digest of all that makes it."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from pipeproof.digest.graph import EXECUTED, Graph, Node
from pipeproof.digest.modules import Module, Statement
from pipeproof.digest.syntax import Detail

_EFFECTS, _MAIN, _ORDER, _FILE = "<module>", "<main>", "<order>", "<file>"


def name_parts(
    graph: Graph,
    nodes: Collection[Node],
    entries: Collection[Node],
    detail: Detail,
    label: Callable[[Path], str],
) -> dict[str, str]:
    """Return the parts of reached nodes.

    Args:
        graph: Where the nodes are from.
        nodes: All that is reached.
        entries: Those of them whose annotations count whatever reads them.
        detail: What of code counts beside its meaning.
        label: Gives a file the name that it has everywhere.
    """
    reached: dict[Path, list[int]] = {}
    for file, index in nodes:
        reached.setdefault(file, []).extend([index] if index >= 0 else [])
    loud = _loud(graph, [file for file, index in nodes if index == EXECUTED])
    parts: dict[str, str] = {}
    for file in sorted(reached):
        module, prefix = graph.module(file), label(file)
        if module.fault:
            parts[f"{prefix}:{_FILE}"] = module.content
        by_name: dict[str, list[str]] = {}
        for index in sorted(reached[file]):
            statement = module.statements[index]
            wanted = Detail(detail.docs, annotations=True) if (file, index) in entries else detail
            by_name.setdefault(_name(statement), []).append(statement.digest(wanted))
        for name, digests in by_name.items():
            parts[f"{prefix}:{name}"] = digests[0] if len(digests) == 1 else _joined(digests)
        order = list(_order(graph, file, set(reached[file]), loud, label))
        if len(set(order)) > 1:
            parts[f"{prefix}:{_ORDER}"] = _joined(order)
    return parts


def _name(statement: Statement) -> str:
    if statement.is_main:
        return _MAIN
    return next(iter((*statement.binds, *statement.changes)), _EFFECTS)


def _joined(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode(errors="surrogatepass")).hexdigest()


def _loud(graph: Graph, files: Iterable[Path]) -> frozenset[Path]:
    """Return the modules whose import does more than bind names, by themselves or by what they import."""
    importers: dict[Path, list[Path]] = {}
    stack = []
    for file in files:
        for target, index in graph.edges((file, EXECUTED)).nodes:
            if index >= 0:
                stack.append(file)
            else:
                importers.setdefault(target, []).append(file)
    loud: set[Path] = set()
    while stack:
        file = stack.pop()
        if file not in loud:
            loud.add(file)
            stack += importers.get(file, ())
    return frozenset(loud)


def _order(
    graph: Graph, file: Path, reached: Collection[int], loud: Collection[Path], label: Callable[[Path], str]
) -> Iterator[str]:
    """Yield what is evaluated as the module is imported, in order: an exchange of two may change both."""
    module = graph.module(file)
    seen = set()
    for index in sorted({*reached, *(module.importing if loud else ())}):
        statement = module.statements[index]
        if loud and statement.imports:
            for target in graph.carried(file, index):
                if target in loud and target not in seen:
                    seen.add(target)
                    yield f"import {label(target)}"
        if index in reached and not statement.is_import and not _is_anywhere(module, statement):
            yield _name(statement)


def _is_anywhere(module: Module, statement: Statement) -> bool:
    """Tell whether a statement means the same wherever it stands: it evaluates nothing but constants."""
    if statement.is_plain_function:
        return True
    if not statement.binds or any(len(module.names[name]) > 1 for name in statement.binds):
        return False
    node = statement.node
    if isinstance(node, ast.Expr):
        return True
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return value is not None and not any(isinstance(one, ast.Name | ast.Call) for one in ast.walk(value))
