"""Static files: flat and short, compressed once, under names with a hash of their content."""

from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from rcssmin import cssmin
from rjsmin import jsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage

from chatsite import flatten

Files = dict[str, tuple[Storage, str]]  # by path: where the file is, and under which name
OWN = ("css/", "js/")


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
    # A name depends on those of the modules that it imports, and so on: one pass for each step.
    max_post_process_passes = 20

    def post_process(self, paths: Files, *args: Any, **options: Any) -> Iterator[Any]:
        yield from super().post_process({**paths, **_flat(paths)}, *args, **options)


def _flat(paths: Files) -> Files:
    """The scripts and sheets that pages ask for: those that no other imports."""
    texts = {path: _text(paths, path) for path in paths if path.startswith(OWN)}
    imports = {path: flatten.imports_of(path, text) for path, text in texts.items()}
    imported = {path for others in imports.values() for path in others}
    flat = InMemoryStorage()
    for path in imports:
        if imports[path] and path not in imported:
            flat.save(path, ContentFile(_short(path, texts.__getitem__)))
    return {path: (flat, path) for path in imports if flat.exists(path)}


def _short(path: str, read: flatten.Read) -> str:
    if path.endswith(".js"):
        return str(jsmin(flatten.flat_module(path, read)))
    return str(cssmin(flatten.flat_sheet(path, read)))


def _text(paths: Files, path: str) -> str:
    storage, name = paths[path]
    with storage.open(name) as file:
        return str(file.read().decode())
