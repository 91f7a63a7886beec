"""What a statement asks for: names of its module, imports, texts, and what parsing cannot follow."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pipeproof.digest.dynamic import Dynamic, dynamic_call, dynamic_name
from pipeproof.digest.imports import Import, imports_of
from pipeproof.digest.scopes import Scope, bound_in, children, parameters_of
from pipeproof.digest.syntax import Detail, reads_itself, words

Chain = tuple[str, ...]
"""A name and the attributes asked of it: `lib.model.fit` is ("lib", "model", "fit")."""

_READS_DOCS = frozenset({"getdoc", "getsource", "getsourcelines", "getcomments", "findsource", "help"})
_READS_ANNOTATIONS = words(
    "__annotations__ get_type_hints signature getfullargspec get_annotations getsource getsourcelines"
)
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class Uses:
    """What a statement asks for.

    Attributes:
        chains: Names of the module's own scope with the attributes asked of them.
        annotated: The same in annotations of functions, which count only where something reads them.
        imported: Imports inside of functions, with the attributes asked of what they bind.
        texts: Constant texts, and the constant ends of paths that are put together.
        dynamic: What parsing cannot follow.
        asked: Chains whose attribute is asked by a name that is computed.
        maybe: Names that a class body binds, which are the module's only before that.
        all_of_module: Whether the whole module is looked at, as by `globals()`.
        subclasses: Whether the subclasses of a class are asked for.
        reads: What of the code itself something reads.
    """

    chains: set[Chain] = field(default_factory=set)
    annotated: set[Chain] = field(default_factory=set)
    imported: dict[tuple[Import, Chain], None] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    dynamic: list[Dynamic] = field(default_factory=list)
    asked: dict[Chain, int] = field(default_factory=dict)
    maybe: set[str] = field(default_factory=set)
    all_of_module: bool = False
    subclasses: bool = False
    reads: Detail = field(default_factory=Detail)


def uses_of(node: ast.stmt) -> Uses:
    """Return what a statement at the top level of a module asks for."""
    visitor = _Visitor()
    visitor.visit(node)
    return visitor.uses


class _Visitor:
    """Walks one statement with the scopes it opens."""

    def __init__(self) -> None:
        self.uses = Uses()
        self._scopes: list[Scope] = []
        self._chains = self.uses.chains

    def visit(self, node: ast.AST) -> None:
        special = _VISITS.get(type(node))
        if special is not None:
            special(self, node)
        else:
            self._children(node)

    def _children(self, node: ast.AST) -> None:
        for child in children(node):
            self.visit(child)

    def _each(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def _in_scope(self, scope: Scope, nodes: Iterable[ast.AST | None]) -> None:
        self._scopes.append(scope)
        self._each(nodes)
        self._scopes.pop()

    def _ask(self, root: str, attributes: Chain) -> None:
        """Note a name, unless it belongs to a function that it stands in."""
        for scope in reversed(self._scopes):
            if root in scope.shared:
                break
            if scope.is_class:
                # Methods do not see the names of their class; its body sees outer ones until it binds them.
                if scope is self._scopes[-1] and root in scope.own:
                    self.uses.maybe.add(root)
                continue
            if root in scope.bound:
                for imported in scope.imports.get(root, ()):
                    self.uses.imported[imported, attributes] = None
                return
        self._chains.add((root, *attributes))

    def name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store) and self._scopes and node.id in self._scopes[-1].own:
            return
        self._note_name(node.id, node)
        self._ask(node.id, ())

    def attribute(self, node: ast.Attribute) -> None:
        parts = []
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            parts.append(base.attr)
            self._note_name(base.attr, base)
            base = base.value
        if not isinstance(base, ast.Name):
            self.visit(base)
            return
        self._note_name(base.id, base)
        chain = tuple(reversed(parts))
        what = dynamic_name(base.id, *chain)
        if what:
            self.uses.dynamic.append(Dynamic(node.lineno, what, base.id))
        self._ask(base.id, chain)

    def _note_name(self, name: str, node: ast.expr) -> None:
        uses = self.uses
        if name in _READS_DOCS or (name == "__doc__" and isinstance(node, ast.Attribute)):
            uses.reads = Detail(docs=True, annotations=uses.reads.annotations)
        if name in _READS_ANNOTATIONS:
            uses.reads = Detail(docs=uses.reads.docs, annotations=True)
        if name == "__subclasses__":
            uses.subclasses = True

    def call(self, node: ast.Call) -> None:
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        if name in {"getattr", "hasattr", "setattr", "delattr"} and len(node.args) > 1:
            self._attribute_by_text(node)
            return
        if name in {"import_module", "__import__"} and node.args:
            self._import_by_text(node)
        elif name in {"globals", "vars", "locals"} and not node.args:
            self._namespace(node, name)
        else:
            what = dynamic_call(function)
            if what:
                self.uses.dynamic.append(Dynamic(node.lineno, what, name))
        if name in {"joinpath", "join", "Path", "with_name"}:
            self._path(node.args)
        self._children(node)

    def _attribute_by_text(self, node: ast.Call) -> None:
        target, asked, *rest = node.args
        chain = _chain(target)
        if chain and isinstance(asked, ast.Constant) and isinstance(asked.value, str):
            self._note_name(asked.value, ast.Attribute(value=target, attr=asked.value, ctx=ast.Load()))
            self._ask(chain[0], (*chain[1:], *asked.value.split(".")))
        else:
            if chain:
                self.uses.asked[chain] = node.lineno
            self._each((target, asked))
        self._each((node.func, *rest, *node.keywords))

    def _import_by_text(self, node: ast.Call) -> None:
        wanted = node.args[0]
        if isinstance(wanted, ast.Constant) and isinstance(wanted.value, str):
            level = len(wanted.value) - len(wanted.value.lstrip("."))
            imported = Import(wanted.value.lstrip("."), level=level)
            # What is done with the module is not known: all of it counts.
            self.uses.imported[imported, ()] = None
        else:
            self.uses.dynamic.append(
                Dynamic(node.lineno, "imports a module whose name is computed", "importlib")
            )

    def _namespace(self, node: ast.Call, name: str) -> None:
        if name == "globals" or not any(not scope.is_block for scope in self._scopes):
            self.uses.all_of_module = True
            self.uses.dynamic.append(Dynamic(node.lineno, f"looks names up in {name}()", name))

    def subscript(self, node: ast.Subscript) -> None:
        value, index = node.value, node.slice
        if _is_globals(value) and isinstance(index, ast.Constant) and isinstance(index.value, str):
            self._chains.add((index.value,))
            return
        self._children(node)

    def _path(self, parts: Iterable[ast.expr]) -> None:
        ends: list[str] = []
        for part in parts:
            text = _text(part)
            ends = (
                [*ends, text.strip("/")] if text is not None and ends else [text] if text is not None else []
            )
        if len(ends) > 1:
            self.uses.texts.add("/".join(ends))

    def division(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Div):
            parts: list[ast.expr] = []
            base: ast.expr = node
            while isinstance(base, ast.BinOp) and isinstance(base.op, ast.Div):
                parts.insert(0, base.right)
                base = base.left
            if isinstance(base, ast.Call):
                parts[:0] = base.args
            self._path(parts)
        self._children(node)

    def constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.uses.texts.add(node.value)

    def text(self, node: ast.JoinedStr) -> None:
        self._each(part for part in node.values if not isinstance(part, ast.Constant))

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        arguments = node.args
        self._each((*arguments.defaults, *arguments.kw_defaults))
        scope = Scope(set(parameters_of(arguments)))
        if isinstance(node, ast.Lambda):
            bound_in([node.body], scope)
            self._in_scope(scope, [node.body])
            return
        self._each(node.decorator_list)
        self._type_parameters(node, scope)
        self._annotations(node, scope)
        bound_in(node.body, scope)
        self._in_scope(scope, node.body)

    def _type_parameters(self, node: ast.AST, scope: Scope) -> None:
        for parameter in getattr(node, "type_params", ()):
            scope.bound.add(parameter.name)
            scope.types.add(parameter.name)
            self._in_scope(scope, [parameter])

    def _annotations(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        arguments = node.args
        every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        given = [one.annotation for one in (*every, arguments.vararg, arguments.kwarg) if one]
        into = self._chains if reads_itself(node) else self.uses.annotated
        self._annotation((*given, node.returns), into, scope)

    def _annotation(
        self, nodes: Iterable[ast.expr | None], into: set[Chain], scope: Scope | None = None
    ) -> None:
        """Note the names of annotations, also of those that are texts."""
        before, self._chains = self._chains, into
        # Names of type parameters alone are hidden: parameters of the function do not exist yet.
        outer = Scope(set(scope.types) if scope else set())
        for node in nodes:
            text = _text(node)
            self._in_scope(outer, [node if text is None else _parsed(text)])
        self._chains = before

    def annotated(self, node: ast.AnnAssign) -> None:
        self._each((node.target, node.value))
        in_class = self._scopes and self._scopes[-1].is_class
        self._annotation([node.annotation], self._chains if in_class else self.uses.annotated)

    def class_(self, node: ast.ClassDef) -> None:
        self._each((*node.decorator_list, *node.bases, *node.keywords))
        bound_in(node.body, found := Scope(set()))
        scope = Scope(set(), shared=found.shared, own=found.bound, is_class=True)
        for imports in found.imports.values():
            self.uses.imported.update(dict.fromkeys((imported, ()) for imported in imports))
        self._type_parameters(node, scope)
        self._in_scope(scope, node.body)

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        first, *others = node.generators
        self.visit(first.iter)
        scope = Scope(set(), is_block=True)
        for generator in node.generators:
            bound_in([generator.target], scope)
        inside: list[ast.AST] = [first.target, *first.ifs]
        for generator in others:
            inside += [generator.iter, generator.target, *generator.ifs]
        inside += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._in_scope(scope, inside)

    def import_(self, node: ast.Import | ast.ImportFrom) -> None:
        for imported in imports_of(node):
            self.uses.imported.setdefault((imported, ("",)), None)

    def shared(self, node: ast.Global) -> None:
        for name in node.names:
            self._chains.add((name,))


def _chain(node: ast.expr) -> Chain:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return (node.id, *parts) if isinstance(node, ast.Name) else ()


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


def _is_globals(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "globals"


_VISITS: dict[type, Callable[[_Visitor, Any], None]] = {
    ast.Name: _Visitor.name,
    ast.Attribute: _Visitor.attribute,
    ast.Call: _Visitor.call,
    ast.Subscript: _Visitor.subscript,
    ast.BinOp: _Visitor.division,
    ast.Constant: _Visitor.constant,
    ast.JoinedStr: _Visitor.text,
    ast.FunctionDef: _Visitor.function,
    ast.AsyncFunctionDef: _Visitor.function,
    ast.Lambda: _Visitor.function,
    ast.AnnAssign: _Visitor.annotated,
    ast.ClassDef: _Visitor.class_,
    ast.Import: _Visitor.import_,
    ast.ImportFrom: _Visitor.import_,
    ast.Global: _Visitor.shared,
    **dict.fromkeys(_COMPREHENSIONS, _Visitor.comprehension),
}
