"""Which statement reaches which: the graph that `reach` walks, built as far as it is asked."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from pathlib import Path

from pipeproof.digest.dynamic import dynamic_name
from pipeproof.digest.finding import Finder, Found, is_standard
from pipeproof.digest.imports import Import
from pipeproof.digest.literals import named_files, named_module
from pipeproof.digest.modules import Module, Statement, read_module
from pipeproof.digest.names import Chain, Uses
from pipeproof.digest.others import is_base_abroad, is_quiet_abroad, is_quiet_builtin
from pipeproof.digest.quiet import ABROAD, AS_BASE, is_effect, is_quiet_base, is_quiet_definition
from pipeproof.digest.syntax import words

EXECUTED, WHOLE, MAIN = -1, -2, -3
"""In place of a statement's index: a module is imported, is looked at as a whole, is run as a script."""
Node = tuple[Path, int]
_OF_MODULES = words(
    "__file__ __name__ __package__ __spec__ __path__ __loader__ __doc__ __cached__ __builtins__ __annotations__"
    " __class__"
)
_BUILTINS = frozenset(dir(builtins)) | _OF_MODULES | {"__qualname__", "__module__"}


@dataclass(frozen=True, slots=True, order=True)
class Unfollowed:
    """A place that parsing cannot follow; the trace of a run sees what it led to.

    Attributes:
        file: The file, from the project's folder.
        line: The line.
        why: What it does there.
    """

    file: str
    line: int
    why: str


@dataclass(slots=True)
class Edges:
    """What a node reaches."""

    nodes: dict[Node, None] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    unfollowed: set[tuple[Path, int, str]] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)


class Graph:
    """The code that one place on the import path sees; each file is read once."""

    def __init__(self, finder: Finder, root: Path, modules: dict[Path, Module]) -> None:
        self.finder = finder
        self.root = root
        self._modules = modules
        self._edges: dict[tuple[Node, bool], Edges] = {}
        self._quiet: dict[tuple[Path, int, str], bool] = {}
        self._carried: dict[Node, tuple[Path, ...]] = {}

    def module(self, file: Path) -> Module:
        """Return the table of a file, the same for as long as this graph lives."""
        module = self._modules.get(file)
        if module is None:
            module = self._modules[file] = read_module(file)
        return module

    def edges(self, node: Node, *, annotations: bool = False) -> Edges:
        """Return what a node reaches; with the names in annotations when something reads these."""
        key = (node, annotations)
        edges = self._edges.get(key)
        if edges is None:
            edges = self._edges[key] = Edges()
            _Linker(self, node[0], edges).link(node[1], annotations=annotations)
        return edges

    def carried(self, file: Path, index: int) -> tuple[Path, ...]:
        """Return the modules of one's own that a statement imports."""
        key = (file, index)
        if key not in self._carried:
            statement, edges = self.module(file).statements[index], Edges()
            _Linker(self, file, edges).carry_out(statement)
            self._carried[key] = tuple(target for target, _ in edges.nodes)
        return self._carried[key]

    def is_quiet(self, module: Module, chain: Chain) -> bool:
        """Tell whether calling what a chain names has no effect elsewhere; see `quiet`."""
        *parts, last = chain
        ending = last if last in {AS_BASE, ABROAD} else ""
        return self._judge(module, tuple(parts) if ending else chain, ending, 0)

    def _judge(self, module: Module, chain: Chain, ending: str, depth: int) -> bool:
        indices = module.names.get(chain[0])
        if not indices or depth > 20:  # noqa: PLR2004 imports that go in a circle
            return not module.stars and bool(indices is None and _is_quiet_builtin(chain, ending))
        binding = [index for index in indices if chain[0] in module.statements[index].binds]
        return bool(binding) and all(
            self._judge_one(module, index, chain, ending, depth) for index in binding
        )

    def _judge_one(self, module: Module, index: int, chain: Chain, ending: str, depth: int) -> bool:
        statement = module.statements[index]
        imports = [one for one in statement.imports if one.bound == chain[0]]
        if imports:
            return all(self._judge_import(module, one, chain[1:], ending, depth) for one in imports)
        if len(chain) > 1 or ending == ABROAD:
            return False
        key = (module.file, index, ending)
        if key not in self._quiet:
            self._quiet[key] = True  # what calls itself is as quiet as the rest of it
            judge = is_quiet_base if ending else is_quiet_definition
            self._quiet[key] = judge(module, statement.node, self.is_quiet)
        return self._quiet[key]

    def _judge_import(self, module: Module, imported: Import, rest: Chain, ending: str, depth: int) -> bool:
        found = self.locate(module.file, imported)
        asked = (imported.name, *rest) if imported.name else rest
        if found is None and not imported.level:
            top = imported.module.partition(".")[0] if imported.is_deep else imported.module
            dotted = ".".join((top, *asked))
            return is_base_abroad(dotted) if ending == AS_BASE else is_quiet_abroad(dotted)
        if imported.is_deep:
            found = self.finder.find(imported.module.partition(".")[0])
        while found is not None and asked:
            if found.file is not None and asked[0] in self.module(found.file).names:
                return self._judge(self.module(found.file), asked, ending, depth + 1)
            found, asked = self.finder.find(asked[0], found.folders), asked[1:]
        return False

    def locate(self, file: Path, imported: Import) -> Found | None:
        """Return the module of one's own that an import names."""
        if not imported.level:
            return self.finder.find(imported.module)
        folders = self.finder.relative(file, imported.level)
        if imported.module:
            return self.finder.find(imported.module, folders)
        init = folders[0] / "__init__.py"
        return Found(init if init.name in self.finder.listing(folders[0]) else None, folders)


class _Linker:
    """Finds what one node reaches."""

    def __init__(self, graph: Graph, file: Path, edges: Edges) -> None:
        self._graph = graph
        self._file = file
        self._edges = edges
        self._module = graph.module(file)
        self._line = 1
        self._asked: set[tuple[Path, Chain]] = set()

    def link(self, index: int, *, annotations: bool) -> None:
        if index == EXECUTED:
            self._link_executed()
        elif index == WHOLE:
            self._link_whole()
        elif index == MAIN:
            for number, statement in enumerate(self._module.statements):
                if statement.is_main:
                    self._reach(self._file, number)
                    self.carry_out(statement)
        else:
            self._link_statement(self._module.statements[index], annotations=annotations)

    def _reach(self, file: Path, index: int) -> None:
        self._edges.nodes[file, index] = None

    def _unfollowed(self, line: int, why: str) -> None:
        self._edges.unfollowed.add((self._file, line, why))

    def _link_executed(self) -> None:
        package = self._graph.finder.package_of(self._file)
        if package is not None and package != self._file:
            self._reach(package, EXECUTED)
        if self._module.fault:
            self._unfollowed(1, self._module.fault)
        for index, statement in enumerate(self._module.statements):
            if statement.is_typing or statement.is_main:
                continue
            self.carry_out(statement)
            if not statement.is_import and is_effect(self._module, statement, self._graph.is_quiet):
                self._reach(self._file, index)

    def carry_out(self, statement: Statement) -> None:
        self._line = statement.node.lineno
        for imported in statement.imports:
            self._carry_out(imported)

    def _link_whole(self) -> None:
        self._reach(self._file, EXECUTED)
        for index, statement in enumerate(self._module.statements):
            if statement.is_main:
                continue
            self._reach(self._file, index)
            for imported in statement.imports if not statement.is_typing else ():
                self._follow(self._file, imported, ())

    def _link_statement(self, statement: Statement, *, annotations: bool) -> None:
        self._line = statement.node.lineno
        if statement.is_import:
            one = statement.imports[0]
            why = dynamic_name(one.module, one.name)
            if why:
                self._unfollowed(self._line, why)
            return
        uses = statement.uses
        for chain in (*uses.chains, *(uses.annotated if annotations else ())):
            self._resolve(self._file, chain, maybe=uses.maybe)
        for imported, attributes in uses.imported:
            self._carry_out(imported)
            if attributes != ("",):
                self._follow(self._file, imported, attributes)
        for text in uses.texts:
            self._link_text(text)
        if uses.all_of_module:
            self._reach(self._file, WHOLE)
        self._tell_unfollowed(uses)

    def _tell_unfollowed(self, uses: Uses) -> None:
        for imported, _ in uses.imported:
            if why := dynamic_name(imported.module, imported.name):
                self._unfollowed(imported.line or self._line, why)
        for dynamic in uses.dynamic:
            bound = (self._module.statements[index] for index in self._module.names.get(dynamic.root, ()))
            if all(one.imports for one in bound):
                self._unfollowed(dynamic.line, dynamic.why)
        for chain, line in uses.asked.items():
            if self._is_module(chain):
                self._unfollowed(line, f"asks {'.'.join(chain)} for a name that is computed")

    def _link_text(self, text: str) -> None:
        finder = self._graph.finder
        for file in named_files(text, self._file, self._graph.root, finder):
            self._edges.files.add(file)
        module = named_module(text, finder)
        if module is not None and module != self._file:
            self._reach(module, WHOLE)

    def _is_module(self, chain: Chain) -> bool:
        """Tell whether a chain begins at an import of a module of one's own."""
        statements = [self._module.statements[index] for index in self._module.names.get(chain[0], ())]
        imports = [one for each in statements for one in each.imports if one.bound == chain[0]]
        return any(self._graph.locate(self._file, one) is not None for one in imports)

    def _carry_out(self, imported: Import) -> None:
        """Reach the modules that an import runs."""
        found = self._graph.locate(self._file, imported)
        if found is None:
            self._abroad(imported)
            return
        for file in (*found.parents, found.file):
            if file is not None:
                self._reach(file, EXECUTED)
        names = [imported.name] if imported.name else []
        if imported.name == "*":
            names = sorted((self._graph.module(found.file).exported or ()) if found.file else ())
        for name in names:
            inner = self._graph.finder.find(name, found.folders) if found.folders else None
            if inner is not None and inner.file is not None:
                self._reach(inner.file, EXECUTED)

    def _abroad(self, imported: Import) -> None:
        top = imported.module.partition(".")[0]
        if imported.level or self._graph.finder.find(top) is not None:
            self._unfollowed(imported.line or self._line, f"imports {imported.module}, which is not there")
        elif not is_standard(top):
            self._edges.packages.add(top)

    def _follow(self, file: Path, imported: Import, attributes: Chain) -> bool:
        """Reach what an import binds, with the attributes asked of it; False when it is not one's own."""
        found = self._graph.locate(file, imported)
        if found is None:
            self._abroad(imported)
            return False
        if imported.name:
            return self._member(found, imported.name, attributes)
        if imported.is_deep:
            found = self._graph.finder.find(imported.module.partition(".")[0]) or found
        return self._walk(found, attributes)

    def _walk(self, found: Found, attributes: Chain) -> bool:
        if found.file is not None:
            self._reach(found.file, EXECUTED)
        if attributes:
            return self._member(found, attributes[0], attributes[1:])
        if found.file is not None:
            self._reach(found.file, WHOLE)
        return True

    def _member(self, found: Found, name: str, rest: Chain) -> bool:
        """Reach a name of a module: what it binds, its submodule, what its stars bring, or all of it."""
        inner = self._graph.finder.find(name, found.folders) if found.folders else None
        hit = inner is not None and self._walk(inner, rest)
        if found.file is None:
            return hit
        module = self._graph.module(found.file)
        if module.fault or name in module.names or module.stars:
            self._reach(found.file, EXECUTED)
            hit = self._resolve(found.file, (name, *rest), strict=False) or hit or bool(module.fault)
        if not hit and "__getattr__" in module.names:
            hit = self._resolve(found.file, ("__getattr__",))
        if not hit and (name == "__dict__" or name not in _OF_MODULES):
            self._reach(found.file, WHOLE)
            self._unfollowed(self._line, f"asks {found.file.stem} for {name}, which it does not bind")
        return True

    def _resolve(
        self, file: Path, chain: Chain, *, maybe: set[str] | None = None, strict: bool = True
    ) -> bool:
        """Reach all statements that bind or change a name of a module; tell whether there are any."""
        if (file, chain) in self._asked:
            return True
        self._asked.add((file, chain))
        module = self._graph.module(file)
        root, attributes = chain[0], chain[1:]
        indices = module.names.get(root, ())
        for index in indices:
            statement = module.statements[index]
            self._reach(file, index)
            for imported in statement.imports if not statement.is_typing else ():
                if imported.bound == root:
                    self._follow(file, imported, attributes)
        hit = bool(indices)
        for star in module.stars:
            hit = self._resolve_star(file, star, chain) or hit
        if not hit and strict and root not in _BUILTINS and root not in (maybe or ()):
            self._reach(file, WHOLE)
            self._unfollowed(self._line, f"uses {root}, which is bound nowhere in its file")
        return hit

    def _resolve_star(self, file: Path, star: Import, chain: Chain) -> bool:
        found = self._graph.locate(file, star)
        if found is None:
            self._abroad(star)
            return chain[0] not in _BUILTINS
        if found.file is None:
            return False
        exported = self._graph.module(found.file).exported
        is_public = chain[0] in exported if exported is not None else not chain[0].startswith("_")
        return is_public and self._resolve(found.file, chain, strict=False)


def _is_quiet_builtin(chain: Chain, ending: str) -> bool:
    if ending == AS_BASE:
        return True
    return is_quiet_builtin(chain[0]) and (len(chain) == 1 or not chain[1].startswith("__"))
