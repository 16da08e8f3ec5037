"""One file out of many: each part once, in order, and with nothing of another's in reach."""

import pytest

from chatsite.flatten import flat_module, flat_sheet, imports_of

MODULES = {
    "js/page.js": 'import "./parts/one.js";\nimport { two as second } from "./parts/two.js";\n'
    "second();\n",
    "js/parts/one.js": 'import {\n  two,\n  three,\n} from "./two.js";\ntwo(three);\n',
    "js/parts/two.js": "const hidden = 1;\nexport const three = 3;\nexport function two() {}\n",
}
SHEETS = {
    "css/page.css": '@import "base.css";\n@import "parts/row.css";\n',
    "css/base.css": "a {}\n",
    "css/parts/row.css": '@import "../more.css";\nb {}\n',
    "css/more.css": "c {}\n",
}


def test_every_module_stands_once_after_what_it_imports() -> None:
    assert flat_module("js/page.js", MODULES.__getitem__) == (
        "const module0 = (() => {\n"
        "const hidden = 1;\nconst three = 3;\nfunction two() {}\n"
        "return { three, two };\n})();\n"
        "const module1 = (() => {\nconst {\n  two,\n  three,\n} = module0;\ntwo(three);\n"
        "return {  };\n})();\n"
        "const module2 = (() => {\nconst { two: second } = module0;\nsecond();\n"
        "return {  };\n})();\n"
    )


@pytest.mark.parametrize(
    "declared", ["class Name {}", "const Name = 1;", "let Name;", "async function Name() {}"]
)
def test_whatever_is_exported_is_returned(declared: str) -> None:
    flat = flat_module("a.js", {"a.js": f"export {declared}\n"}.__getitem__)
    assert flat == f"const module0 = (() => {{\n{declared}\nreturn {{ Name }};\n}})();\n"


def test_sheets_stand_in_the_order_of_their_imports() -> None:
    assert flat_sheet("css/page.css", SHEETS.__getitem__) == "a {}\nc {}\nb {}\n"


def test_imports_are_named_by_their_paths() -> None:
    assert imports_of("js/parts/one.js", MODULES["js/parts/one.js"]) == ["js/parts/two.js"]
    assert imports_of("css/parts/row.css", SHEETS["css/parts/row.css"]) == ["css/more.css"]
