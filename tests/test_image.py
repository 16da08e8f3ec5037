"""What the Docker image is made of is all that the site needs."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT, hermetic


def context() -> list[str]:
    """What `.dockerignore` lets through."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line[1:] for line in lines if line.startswith("!")]


def test_the_site_starts_with_every_service_from_these_files_alone(tmp_path: Path) -> None:
    for name in context():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    environment = hermetic(
        DJANGO_SETTINGS_MODULE="chatsite.settings",
        APP_ENV="production",
        PUBLIC_URL="https://chat.example.org",
        JWT_SECRET="a secret of the tests, which is long enough",
        DATABASE_URL=f"sqlite:///{tmp_path}/chatsite.sqlite3",
        REDIS_URL="redis://127.0.0.1:1/0",
        CLOUDINARY_URL="cloudinary://key:secret@cloud",
        RESEND_API_KEY="re_123",
        SENTRY_DSN="http://key@127.0.0.1:1/1",
    )
    script = "import chatsite.asgi; print(chatsite.__file__)"
    call = [sys.executable, "-c", script]
    done = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))
