"""Writes the methods of a face."""

from __future__ import annotations

import ast
import copy

from scripts.sync_face import kinds, texts
from scripts.sync_face.choices import (
    DEFAULTS,
    INSIDE,
    RETURNED,
    UNLOCKED,
    WRITTEN_BY_HAND,
    Faces,
)
from scripts.sync_face.sources import Class, Function, Method

_RENAMED = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
}


class Writer:
    """Writes methods, and remembers what they use."""

    def __init__(self, faces: Faces) -> None:
        self._faces = faces
        self.used: set[str] = set()
        self.wrapped: set[str] = set()
        self.enums: set[str] = set()
        self.helpers: set[str] = set()

    def attribute(self, name: str, annotation: ast.expr, doc: str) -> str:
        """Return the property for an attribute."""
        returned = self._annotation(annotation)
        value = self._wrapped(f"self._inner.{name}", returned)
        return _indented(
            f'@property\ndef {name}(self) -> {ast.unparse(returned)}:\n    """{doc}"""\n'
            f"    return {value}"
        )

    def method(self, owner: Class, method: Method, doc: str) -> str:
        """Return the source of a method; nothing where the face has none."""
        if (owner.name, method.name) in WRITTEN_BY_HAND:
            return self._by_hand(owner, method)
        if method.name == "__init__":
            return self._constructor(owner, method) if "Args:" in doc else ""
        if method.name == "__aiter__":
            return _indented(f"def __iter__(self) -> {owner.name}:\n    return self")
        functions = _variants(method)
        written = [self._one(owner, method, function, functions) for function in functions]
        return "\n\n".join(_indented(text) for text in written)

    def _by_hand(self, owner: Class, method: Method) -> str:
        template = WRITTEN_BY_HAND[owner.name, method.name]
        tree = ast.parse(template)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                self._use(node.id)
        for helper in ("abandon", "own", "run", "waiting"):
            if f"{helper}(" in template.partition('"""')[2]:
                self.helpers.add(helper)
        if "STM" in template:
            self.wrapped.add("STM")
        return _indented(template.replace("{doc}", _inner(texts.sync(method.doc, 8), 4)))

    def _constructor(self, owner: Class, method: Method) -> str:
        function = method.functions[-1]
        self.helpers.add("run")
        call = f"run(aio.{owner.name}{self._forwarded(owner, function)})"
        return _indented(
            f"def __init__({self._parameters(function)}) -> None:\n    self._inner = {call}"
        )

    def _one(
        self, owner: Class, method: Method, function: Function, functions: list[Function]
    ) -> str:
        returned = self._returned(owner, method, function)
        decorators = [ast.unparse(item) for item in function.decorator_list]
        is_overload = len(functions) > 1
        lines = [f"@{name}" for name in ("classmethod", "property") if name in decorators]
        if is_overload and function is not functions[-1]:
            lines.append("@overload")
            self.used.add("overload")
        name = _RENAMED.get(method.name, method.name)
        if name == "__exit__":
            self.helpers.add("leaving")
            lines.append("@leaving")
        head = f"def {name}({self._parameters(function)}) -> {ast.unparse(returned)}:"
        if is_overload and function is not functions[-1]:
            return "\n".join([*lines, f"{head} ..."])
        body = self._body(owner, method, function, returned)
        if is_overload:
            # For the types, it would have to be known which of the overloads this is.
            self.used.add("Any")
            typed = body.replace("    return ", f"    made: {ast.unparse(returned)} = ", 1)
            body = f"    inner: Any = self._inner\n{typed.replace('self._inner', 'inner')}"
            body += "\n    return made"
        doc = f'    """{_inner(texts.sync(method.doc, 8), 4)}"""\n' if method.doc else ""
        return "\n".join([*lines, head]) + "\n" + doc + body

    def _returned(self, owner: Class, method: Method, function: Function) -> ast.expr:
        known = RETURNED.get((owner.name, method.name))
        if known is not None:
            self._use(known)
            return ast.Name(known)
        return self._annotation(function.returns or ast.Constant(None))

    def _body(self, owner: Class, method: Method, function: Function, returned: ast.expr) -> str:
        target = f"self._inner.{method.name}"
        if method.is_property or method.name == "__anext__":
            return f"    return {self._wrapped(self._read(owner, method, target), returned)}"
        if _is_call(method):
            return self._call(owner, method, function, target, returned)
        if (owner.name, method.name) in UNLOCKED:
            return f"    return {target}({self._forwarded(owner, function).removeprefix(', ')})"
        self.helpers.add("run")
        if method.name == "__iter__":
            return "    return iter(run(list, self._inner))"
        if _is_class_method(function):
            target = f"aio.{owner.name}.{method.name}"
            return f"    return cls._of(run({target}{self._forwarded(owner, function)}))"
        return self._result(owner, f"run({target}{self._forwarded(owner, function)})", returned)

    def _read(self, owner: Class, method: Method, target: str) -> str:
        """Read a property, or the next item."""
        if method.name == "__anext__":
            self.helpers.add("following")
            return f"following({target})"
        if method.is_native or (owner.name, method.name) in UNLOCKED:
            return target
        self.helpers.add("run")
        return f"run(lambda: {target})"

    def _call(
        self, owner: Class, method: Method, function: Function, target: str, returned: ast.expr
    ) -> str:
        """Wait for a request of its own without the lock of the steps."""
        arguments = self._forwarded(owner, function)
        direct = f"{target}({arguments.removeprefix(', ')})"
        if not _may_be_once(function):
            return self._result(owner, f"{direct}._wait()", returned)
        self.helpers.add("run")
        once = f"run({target}{arguments})"
        refused = ""
        for item, _ in _only_in(method.functions[0], method.functions[-1]):
            self.helpers.add("refuse_with_once")
            option = f"{item.arg}={item.arg}"
            refused += f"        refuse_with_once({option})\n"
            once = once.replace(f", {option}", "")
        direct = direct.replace(', once=own(once, "once")', "")
        return (
            f"    if once is not None:\n{refused}        return {once}\n"
            f"    return {self._wrapped(f'{direct}._wait()', returned)}"
        )

    def _result(self, owner: Class, value: str, returned: ast.expr) -> str:
        name = ast.unparse(returned).partition("[")[0]
        if name in {owner.name, "Self"} and "__aenter__" in value:
            self.helpers.add("abandon")
            return (
                f"    try:\n        {value}\n    except BaseException as interruption:\n"
                f"        abandon(self._inner, interruption)\n        raise\n    return self"
            )
        if name == "None":
            return f"    {value}"
        return f"    return {self._wrapped(value, returned)}"

    def _wrapped(self, value: str, returned: ast.expr) -> str:
        if ast.unparse(returned) == "Self":
            return f"self._of({value})"
        faces = set(self._faces.modules)
        in_dict = kinds.class_in_dict(returned, faces)
        if in_dict is not None:
            self.wrapped.add(in_dict)
            return f"{{key: {in_dict}._of(inner) for key, inner in {value}.items()}}"
        found = kinds.class_in(returned, faces)
        if found is None:
            return value
        name, optional = found
        self.wrapped.add(name)
        return f"{name}._of_optional({value})" if optional else f"{name}._of({value})"

    def _annotation(self, annotation: ast.expr) -> ast.expr:
        changed = kinds.sync(annotation)
        for name in kinds.names(changed):
            self._use(name)
        return changed

    def _use(self, name: str) -> None:
        self.used.add(name)

    def _parameters(self, function: Function) -> str:
        arguments = ast.parse(ast.unparse(function)).body[0].args  # type: ignore[attr-defined]
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for item in (*every, arguments.vararg, arguments.kwarg):
            if item is not None and item.annotation is not None:
                item.annotation = self._annotation(item.annotation)
        for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            index = arguments.kwonlyargs.index(item)
            if default is None:
                if item.arg == "once":
                    arguments.kw_defaults[index] = ast.Constant(None)
                continue
            if ast.unparse(default) == "...":
                name = ast.unparse(item.annotation)
                self.enums.add(name)
                arguments.kw_defaults[index] = ast.parse(DEFAULTS[name], mode="eval").body
            elif isinstance(default, ast.Attribute):
                self.enums.add(ast.unparse(default.value))
        return ast.unparse(arguments)

    def _forwarded(self, owner: Class, function: Function) -> str:
        arguments = function.args
        positional = [*arguments.posonlyargs, *arguments.args][1:]
        passed = [self._passed(owner, function, item) for item in positional]
        if arguments.vararg is not None:
            passed.append(f"*{arguments.vararg.arg}")
        passed += [
            f"{item.arg}={self._passed(owner, function, item)}" for item in arguments.kwonlyargs
        ]
        return "".join(f", {text}" for text in passed)

    def _passed(self, owner: Class, function: Function, item: ast.arg) -> str:
        annotation = item.annotation or ast.Constant(None)
        text = ast.unparse(annotation)
        mentioned = kinds.names(kinds.sync(annotation))
        if "Callable[" in text:
            return self._function(owner, function, item)
        if mentioned and mentioned <= {"Communicator", "Session"}:
            self.helpers.add("own")
            return f'own({item.arg}, "{item.arg}")'
        if mentioned & set(self._faces.modules) or "Event" in text:
            self.helpers.add("unwrap")
            return f"unwrap({item.arg})"
        return item.arg

    def _function(self, owner: Class, function: Function, item: ast.arg) -> str:
        text = ast.unparse(item.annotation or ast.Constant(None))
        taken = text.partition("Callable[[")[2].partition("]")[0]
        if taken in self._faces.modules and "Awaitable[" in text:
            self.helpers.add("waiting")
            self.wrapped.add(taken)
            return f"waiting({taken}, {item.arg})"
        if "Awaitable[" in text:
            self.helpers.add("interruptible")
            return f"interruptible({item.arg})"
        if (owner.name, function.name) not in INSIDE:
            self.helpers.add("outside")
            return f"outside({item.arg})"
        if taken.partition("[")[0] == owner.name:
            self.helpers.add("given")
            return f"given({owner.name}, {item.arg})"
        return item.arg


def _variants(method: Method) -> list[Function]:
    """Return the signatures that are left: those that differ only in how they wait are one."""
    functions = method.functions
    overloads = [
        function
        for function in functions
        if any(ast.unparse(item) == "overload" for item in function.decorator_list)
    ]
    if not overloads:
        return functions
    if any(_may_be_once(function) for function in overloads) and _is_call(method):
        return [_with_options_of(overloads[-1], overloads[0])]
    return functions


def _with_options_of(function: Function, other: Function) -> Function:
    """Return a function that also has the options that only another one has."""
    merged = copy.deepcopy(function)
    for item, default in _only_in(other, function):
        merged.args.kwonlyargs.append(item)
        merged.args.kw_defaults.append(default)
    return merged


def _only_in(function: Function, other: Function) -> list[tuple[ast.arg, ast.expr | None]]:
    known = {item.arg for item in other.args.kwonlyargs}
    options = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return [(item, default) for item, default in options if item.arg not in known]


def _is_call(method: Method) -> bool:
    return ast.unparse(method.functions[0].returns or ast.Constant(None)).startswith("Call[")


def _may_be_once(function: Function) -> bool:
    return any(item.arg == "once" for item in function.args.kwonlyargs)


def _is_class_method(function: Function) -> bool:
    return any(ast.unparse(item) == "classmethod" for item in function.decorator_list)


def _inner(text: str, indent: int) -> str:
    """Indent all lines of a docstring but the first."""
    first, *rest = text.split("\n")
    space = " " * indent
    lines = [first, *(f"{space}{line}".rstrip() for line in rest)]
    return "\n".join([*lines, space] if rest else lines)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.rstrip().split("\n"))
