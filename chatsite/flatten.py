"""Many small files for those who write them, one for those who wait for the page.

What a module or a style sheet imports is put into it, so that a page asks for one script and one
sheet instead of seventy, one after the other. Nothing is rewritten beyond the imports: every module
becomes a function of its own that returns what it exports. This leans on three rules of the house:
imports are relative, end in a semicolon and stand at the start of a line; there are no cycles; what
is exported is declared where it is exported.
"""

import posixpath
import re
from collections.abc import Callable, Iterator

Read = Callable[[str], str]  # the text of a file, by its path

_MODULE_IMPORT = re.compile(r'^import\s+(?:\{([^}]*)\}\s+from\s+)?"([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async )?(?:function\*? |class |const |let )(\w+))", re.MULTILINE
)
_SHEET_IMPORT = re.compile(r'^@import "([^"]+)";\n', re.MULTILINE)


def imports_of(path: str, text: str) -> list[str]:
    """The paths that a module or a sheet imports."""
    pattern, group = (_MODULE_IMPORT, 2) if path.endswith(".js") else (_SHEET_IMPORT, 1)
    return [_beside(path, match[group]) for match in pattern.finditer(text)]


def flat_sheet(path: str, read: Read) -> str:
    return _SHEET_IMPORT.sub(lambda match: flat_sheet(_beside(path, match[1]), read), read(path))


def flat_module(path: str, read: Read) -> str:
    """The module and all that it imports, each once, after what it imports itself."""
    order = list(dict.fromkeys(_in_order(path, read)))
    names = {module: f"module{number}" for number, module in enumerate(order)}
    return "".join(_function(module, read(module), names) for module in order)


def _in_order(path: str, read: Read) -> Iterator[str]:
    for imported in imports_of(path, read(path)):
        yield from _in_order(imported, read)
    yield path


def _function(path: str, text: str, names: dict[str, str]) -> str:
    exported = ", ".join(match[1] for match in _EXPORT.finditer(text))
    body = _EXPORT.sub("", _MODULE_IMPORT.sub(lambda match: _constants(path, match, names), text))
    return f"const {names[path]} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"


def _constants(path: str, statement: re.Match[str], names: dict[str, str]) -> str:
    """`import { a as b } from "./c.js";` with the function's result in place of the module."""
    if statement[1] is None:
        return ""
    wanted = re.sub(r"\s+as\s+", ": ", statement[1])
    return f"const {{{wanted}}} = {names[_beside(path, statement[2])]};\n"


def _beside(path: str, relative: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), relative))
