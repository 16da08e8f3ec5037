"""What pages ask for: one script and one sheet, whatever they import."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import StaticFilesStorage

from chatsite.staticfiles import HashedStaticFilesStorage

FILES = {
    "js/page.js": 'import { say } from "./lib/say.js";\nsay(import.meta.url);\n',
    "js/lib/say.js": "export function say(someWords) { console.log(`said: ${someWords}`); }\n",
    "js/player.js": "export const volume = 0.5; // of 1\n",
    "js/zone.js": "const zone = document.title;\nconsole.log(zone, zone);\n",
    "css/page.css": '@import "parts.css";\n.a { color: red; }\n',
    "css/parts.css": ".b { .c & { color: blue; } }\n",
}


@pytest.fixture
def collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The text of each file under the name that pages get."""
    source = tmp_path / "static"
    for path, text in FILES.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)

    def collect() -> dict[str, str]:
        storage = HashedStaticFilesStorage(location=str(tmp_path / "out"), base_url="/static/")
        found = StaticFilesStorage(location=str(source), base_url="/static/")
        for path, text in FILES.items():
            (tmp_path / "out" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "out" / path).write_text(text)
        for _path, _name, done in storage.post_process({path: (found, path) for path in FILES}):
            assert not isinstance(done, Exception)
        names = {path: storage.hashed_files[path] for path in FILES}
        return {path: (tmp_path / "out" / name).read_text() for path, name in names.items()}

    return collect


def test_what_is_imported_comes_with_it_and_short(collected: Any) -> None:
    texts = collected()
    assert "import" not in texts["js/page.js"].replace("import.meta", "")
    assert "said: " in texts["js/page.js"]
    assert "someWords" not in texts["js/page.js"]
    assert "of 1" not in texts["js/player.js"]
    assert "@import" not in texts["css/page.css"]
    assert texts["css/page.css"].index(".c") < texts["css/page.css"].index(".a")


def test_a_module_goes_on_exporting_and_a_script_names_nothing_for_the_page(collected: Any) -> None:
    texts = collected()
    assert "volume" in texts["js/player.js"]
    assert "export" in texts["js/player.js"]
    assert texts["js/zone.js"].startswith("(()=>{")


def test_without_the_program_every_file_is_there_as_it_is(
    collected: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "NPM", tmp_path / "nothing")
    texts = collected()
    assert "./lib/say." in texts["js/page.js"]  # by the name with the hash
    assert texts["js/zone.js"] == FILES["js/zone.js"]
