"""The catalogues of texts in `locale/`: `collect` puts new and changed ones into each, to be
translated (it takes GNU gettext); `compile` makes of each what the site reads.
"""

import os
import subprocess
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "chatsite", "messaging", "scheduler", "templates")


def compile_all(folder: Path = ROOT / "locale") -> None:
    for path in sorted(folder.glob("*/LC_MESSAGES/django.po")):
        with path.open("rb") as file:
            catalogue = read_po(file)
        made = path.with_suffix(".mo")
        with made.with_suffix(".new").open("wb") as file:
            write_mo(file, catalogue)
        made.with_suffix(".new").replace(made)  # nobody reads half of it


def collect(root: Path = ROOT) -> None:
    """Raises CalledProcessError with what gettext says, such as where it is not installed."""
    languages = [path.name for path in sorted((root / "locale").iterdir()) if path.is_dir()]
    named = [f"--locale={language}" for language in languages]
    others = [path.name for path in root.iterdir() if path.is_dir() and path.name not in APPS]
    ignored = [f"--ignore={name}" for name in others]
    options = ["--no-wrap", "--no-obsolete", "--add-location=file", *named, *ignored]
    command = [sys.executable, "-m", "django", "makemessages", *options]
    environment = {key: value for key, value in os.environ.items() if "DJANGO" not in key}
    subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, text=True)


if __name__ == "__main__":
    {"compile": compile_all, "collect": collect}[sys.argv[1]]()
