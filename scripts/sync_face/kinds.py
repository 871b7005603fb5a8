"""Turns the annotations of the asyncio face into those of the one for threads."""

from __future__ import annotations

import ast

# What wraps a result until it is awaited.
_AWAITED = {"Call": 0, "Coroutine": 2, "Awaitable": 0, "Next": 0}

_RENAMED = {
    "AsyncIterator": "Iterator",
    "AsyncIterable": "Iterable",
    "LeaseGrant": "Lease",
    "SyncSTM": "STM",
}


class _Sync(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in _AWAITED:
            inner = node.slice
            index = _AWAITED[node.value.id]
            return inner.elts[index] if isinstance(inner, ast.Tuple) else inner
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(_RENAMED.get(node.id, node.id))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if ast.unparse(node) == "asyncio.Event":
            return ast.parse("threading.Event", mode="eval").body
        if isinstance(node.value, ast.Name) and node.value.id == "_etcd_client":
            return ast.Name(node.attr)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        members: list[str] = []
        for member in _union(node):
            text = ast.unparse(member)
            if text not in members:
                members.append(text)
        return ast.parse(" | ".join(members), mode="eval").body


def _union(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_union(node.left), *_union(node.right)]
    return [node]


def sync(annotation: ast.expr) -> ast.expr:
    """Return what stands for an annotation without an event loop."""
    copied = ast.parse(ast.unparse(annotation), mode="eval")
    changed: ast.Expression = _Sync().visit(copied)
    return changed.body


def names(annotation: ast.expr) -> set[str]:
    """Return the names in an annotation."""
    return {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}


def class_in(annotation: ast.expr, faces: set[str]) -> tuple[str, bool] | None:
    """Return which class a value is of that has to be wrapped, and whether it may be None."""
    members = _union(annotation)
    found = [_name(member) for member in members if _name(member) in faces]
    if len(found) != 1 or len(members) - len(found) > 1:
        return None
    return found[0], len(members) > 1


def class_in_dict(annotation: ast.expr, faces: set[str]) -> str | None:
    """Return which class the values of a dictionary are of, if they have to be wrapped."""
    if _name(annotation) != "dict" or not isinstance(annotation, ast.Subscript):
        return None
    items = annotation.slice
    value = _name(items.elts[1]) if isinstance(items, ast.Tuple) else ""
    return value if value in faces else None


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
