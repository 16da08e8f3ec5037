"""Fails when a file that git tracks, from the working directory on, has a secret in it.

It uses no network.
"""

import re
import subprocess
import sys

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

# What this project could leak. The rest of the detectors, of other services, would triple the time.
DETECTORS = (
    "AWSKeyDetector",
    "Base64HighEntropyString",
    "BasicAuthDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "HexHighEntropyString",
    "JwtTokenDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
)
# Those of examples and tests, and keys of rows. For one more: `# pragma: allowlist secret`.
PLACEHOLDERS = r"^((a-)?password|secret|hush|own|0123456789.*|.*%[0-9A-F]{2}.*|[0-9a-f]{24})$"
SETTINGS = {
    "plugins_used": [{"name": name} for name in DETECTORS],
    "filters_used": [
        {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
        {"path": "detect_secrets.filters.heuristic.is_sequential_string"},
        {"path": "detect_secrets.filters.heuristic.is_not_alphanumeric_string"},
        {"path": "detect_secrets.filters.heuristic.is_templated_secret"},
        {"path": "detect_secrets.filters.regex.should_exclude_secret", "pattern": [PLACEHOLDERS]},
    ],
}
LIST = ("/usr/bin/env", "git", "ls-files", "-z")
HASHES = re.compile(r"(^|/)(requirements[\w-]*\.txt|package-lock\.json)$")


def main() -> None:
    listed = subprocess.run(LIST, capture_output=True, text=True, check=True)
    files = [path for path in listed.stdout.split("\0") if path and not HASHES.search(path)]
    secrets = SecretsCollection()
    with transient_settings(SETTINGS):
        secrets.scan_files(*files)
    if found := [f"{path}:{secret.line_number}: {secret.type}" for path, secret in secrets]:
        print(*sorted(found), sep="\n", file=sys.stderr)
        raise SystemExit("Take them out, and make new ones: what was committed is known.")


if __name__ == "__main__":
    main()
