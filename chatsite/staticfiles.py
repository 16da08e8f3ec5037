"""Static files: bundled and short, compressed once, under names with a hash of their content."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

Files = dict[str, tuple[Storage, str]]  # by path: where the file is, and under which name

# What pages load is there; folders below have what is imported.
_BUNDLED = re.compile(r"(?:css/[\w-]+\.css|js/[\w-]+\.js)")
_IS_MODULE = re.compile(r"^(?:import|export)\b", re.MULTILINE)
# Of esbuild, from npm. All browsers that the site is for read what is written here.
_OPTIONS = ("--bundle", "--minify", "--target=esnext", "--legal-comments=none", "--log-level=error")


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
    # A name depends on those of the modules that it imports, and so on: one pass for each step.
    max_post_process_passes = 20

    def post_process(self, paths: Files, *args: Any, **options: Any) -> Iterator[Any]:
        yield from super().post_process({**paths, **_bundles(paths)}, *args, **options)


def _bundles(paths: Files) -> Files:
    """One script and one sheet in place of seventy, one after the other. Where npm could not be
    reached there are none, and pages load each file.
    """
    program = _esbuild()
    own = [path for path in paths if _BUNDLED.fullmatch(path)]
    if not own or program is None:
        return {}
    program.chmod(0o755)
    sources = {path: Path(paths[path][0].path(paths[path][1])) for path in own}
    modules = [path for path in own if _IS_MODULE.search(sources[path].read_text())]
    made = InMemoryStorage()
    with TemporaryDirectory() as folder:
        _run(program, folder, "esm", [sources[path] for path in modules])
        others = [sources[path] for path in own if path not in modules]
        # A script alone is a function: names at its top would be those of the whole page.
        _run(program, folder, "iife", others)
        for path in own:
            made.save(path, ContentFile((Path(folder) / path).read_bytes()))
    return {path: (made, path) for path in own}


def _run(program: Path, folder: str, form: str, sources: Iterable[Path]) -> None:
    command = [str(program), *map(str, sources), *_OPTIONS, f"--format={form}"]
    base = settings.BASE_DIR / "static"
    subprocess.run(  # noqa: S603  our own files
        [*command, f"--outdir={folder}", f"--outbase={base}"], check=True
    )


def _esbuild() -> Path | None:
    """The one for this machine: no other was fetched."""
    return next((settings.NPM / "@esbuild").glob("*/**/esbuild*"), None)
