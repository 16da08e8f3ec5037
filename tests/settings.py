"""The site's own settings, in an environment that the tests decide.

Only DATABASE_URL is taken from outside, so that the suite can run on another database.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.environment import hermetic

FOLDER = Path(tempfile.mkdtemp(prefix="chatsite-tests-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
_environment = hermetic(
    DATABASE_URL=os.environ.get("DATABASE_URL") or f"sqlite:///{FOLDER}/chatsite.sqlite3",
    MEDIA_ROOT=str(FOLDER / "media"),
)
os.environ.clear()
os.environ.update(_environment)

from chatsite.settings import *  # noqa: E402, F403
from chatsite.settings import DATABASES, LOGGING, STORAGES  # noqa: E402

# bcrypt takes long on purpose; tests of passwords themselves ask for it by `real_passwords`.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Mails are waited for; a test of the delay asks for one.
EMAIL_DELAY_SECONDS = 0

# Push messages go out as soon as a test does its jobs.
PUSH_DELAY_SECONDS = 0

# Jobs are done when a test asks for it (tests/jobs.py), one try after the other.
RUN_JOBS = False
JOB_RETRY_SECONDS = 0

# Every line is written at once: what a timer sums up a minute later would be told in another test.
LOGGING["handlers"]["console"]["filters"].remove("repeats")

# Pages name their static files plainly, so that no test in this process needs them collected.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Looked up when asked for; every test client would list the whole folder otherwise.
WHITENOISE_AUTOREFRESH = True

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # In a file, as on a real site: threads that share a database in memory lock each other out.
    DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "test.sqlite3")}
