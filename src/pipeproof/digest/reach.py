"""Which code a step reaches, found by parsing, without importing or running anything.

The key of a task covers the parts found here. Two mistakes are possible: to leave out what the step
reaches is the worse one, so wherever parsing is in doubt, more counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from pipeproof.digest.finding import Finder, own_folders
from pipeproof.digest.graph import EXECUTED, MAIN, WHOLE, Graph, Node, Unfollowed
from pipeproof.digest.modules import Module
from pipeproof.digest.parts import name_parts
from pipeproof.digest.syntax import Detail

__all__ = ["CodeView", "Reached", "Unfollowed", "reach"]


@dataclass(frozen=True, slots=True)
class Reached:
    """The code that a step reaches.

    Attributes:
        parts: Name of a piece of code ("scripts/clean.py:main") → digest of its meaning.
        packages: Top-level import names of packages of others.
        unfollowed: What parsing cannot follow.
        files: Existing files that texts in the code name; from the project's folder where they are in it.
        modules: Files of one's own that are imported on the way, named in the same manner.
        digest: One digest of all parts.
    """

    parts: Mapping[str, str]
    packages: frozenset[str] = frozenset()
    unfollowed: tuple[Unfollowed, ...] = ()
    files: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    digest: str = ""


class CodeView:
    """The project's code as it is while one plan is made: each file is read once, each answer kept.

    A new view sees what has changed since; files that have not are not parsed again in one process.
    """

    def __init__(self, root: Path, *, path: Sequence[Path] | None = None) -> None:
        """Take the project's folder, and where imports are looked up instead of the usual places."""
        self._root = root.resolve()
        self._path = None if path is None else tuple(folder.resolve() for folder in path)
        self._modules: dict[Path, Module] = {}
        self._graphs: dict[Path, Graph] = {}
        self._own = own_folders() if path is None else ()
        self._known: dict[tuple[Path, str | None], Reached] = {}
        # Thousands of steps may share one file, and paths are slow.
        self._entries: dict[Path, Path] = {}
        self._names: dict[Path, str] = {}

    def reach(self, entry: Path, name: str | None = None) -> Reached:
        """Return the code that a function of a file reaches.

        Args:
            entry: The file.
            name: The function or class in it; a method stands for its class. None is the file as a script,
                "*" all that it binds.

        Raises:
            FileNotFoundError: There is no such file.
        """
        key = (entry, name)
        found = self._known.get(key)
        if found is None:
            file = self._entries.get(entry)
            if file is None:
                file = self._entries[entry] = (self._root / entry).resolve()
            found = self._known[key] = self._reach(file, name)
        return found

    def file_of(self, module: str, name: str) -> tuple[Path, tuple[str, ...]] | None:
        """Return the file of one's own that an import leads to, with the name in it; None for others' code."""
        finder = self._graph(self._root).finder
        inner = finder.find(f"{module}.{name}") if name else None
        if inner is not None and inner.file is not None:
            return inner.file, ()
        found = finder.find(module)
        if found is None or found.file is None:
            return None
        return found.file, (name,) if name else ()

    def _graph(self, folder: Path) -> Graph:
        graph = self._graphs.get(folder)
        if graph is None:
            usual = (folder, self._root, self._root / "src", *self._own)
            finder = Finder(usual if self._path is None else self._path)
            graph = self._graphs[folder] = Graph(finder, self._root, self._modules)
        return graph

    def _reach(self, entry: Path, name: str | None) -> Reached:
        graph = self._graph(entry.parent)
        module = graph.module(entry)
        top = (name or "").partition(".")[0]
        starts = list(module.names.get(top, ()))
        nodes: list[Node] = [(entry, EXECUTED), *((entry, index) for index in starts)]
        if name in {None, "main"}:
            # How a script's main is called depends on the block below it.
            nodes.append((entry, MAIN))
        elif not starts:
            nodes.append((entry, WHOLE))
        walk = _Walk(graph, nodes, {(entry, index) for index in starts})
        if name and name != "*" and not starts:
            walk.unfollowed.add((entry, 1, f"{name} is bound nowhere in the file"))
        return self._told(graph, walk)

    def _told(self, graph: Graph, walk: _Walk) -> Reached:
        named = name_parts(graph, walk.nodes, walk.entries, walk.detail, partial(self._label, graph))
        parts = dict(sorted(named.items()))
        text = "\n".join(f"{name} {digest}" for name, digest in parts.items())
        return Reached(
            MappingProxyType(parts),
            frozenset(walk.packages),
            tuple(
                sorted(Unfollowed(self._label(graph, file), line, why) for file, line, why in walk.unfollowed)
            ),
            tuple(sorted(self._named(file) for file in walk.files)),
            tuple(sorted({self._named(file) for file, _ in walk.nodes})),
            hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest(),
        )

    def _named(self, file: Path) -> str:
        name = self._names.get(file)
        if name is None:
            inside = file.is_relative_to(self._root)
            name = self._names[file] = file.relative_to(self._root).as_posix() if inside else str(file)
        return name

    def _label(self, graph: Graph, file: Path) -> str:
        """Return a file's name that is the same on every machine."""
        name = self._named(file)
        if not name.startswith("/"):
            return name
        for folder in reversed(graph.finder.folders):
            if file.is_relative_to(folder):
                return f"import:{file.relative_to(folder).as_posix()}"
        return f"import:{file.name}"


def reach(entry: Path, name: str | None, root: Path, *, path: Sequence[Path] | None = None) -> Reached:
    """Return the code that a function reaches today; see `CodeView.reach`, which is for many questions at once."""
    return CodeView(root, path=path).reach(entry, name)


class _Walk:
    """Everything that some nodes reach."""

    def __init__(self, graph: Graph, starts: Iterable[Node], entries: set[Node]) -> None:
        self.graph = graph
        self.entries = entries
        self.nodes: set[Node] = set()
        self.packages: set[str] = set()
        self.unfollowed: set[tuple[Path, int, str]] = set()
        self.files: set[Path] = set()
        self.detail = Detail()
        self._go(list(starts))
        self._widen()

    def _go(self, stack: list[Node]) -> None:
        while stack:
            node = stack.pop()
            if node in self.nodes:
                continue
            self.nodes.add(node)
            edges = self.graph.edges(node, annotations=self.detail.annotations or node in self.entries)
            self.packages |= edges.packages
            self.unfollowed |= edges.unfollowed
            self.files |= edges.files
            stack += [one for one in edges.nodes if one not in self.nodes]

    def _widen(self) -> None:
        """Take in what counts only because something reached reads docstrings, annotations or subclasses."""
        while True:
            uses = [
                self.graph.module(file).statements[index].uses for file, index in self.nodes if index >= 0
            ]
            detail = Detail(any(one.reads.docs for one in uses), any(one.reads.annotations for one in uses))
            more: list[Node] = []
            if any(one.subclasses for one in uses):
                more = [(file, WHOLE) for file, index in self.nodes if index == EXECUTED]
            if detail.annotations and not self.detail.annotations:
                more += self.nodes
                self.nodes.clear()
            self.detail = detail
            if all(node in self.nodes for node in more):
                return
            self._go(more)
