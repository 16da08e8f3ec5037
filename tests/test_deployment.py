"""What the site's services may do where they are deployed: no more than they need."""

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose
from pymongo.uri_parser import parse_uri
from pytest_django import Settings
from redis import Redis

from chatsite.pictures.images import Picture
from chatsite.pictures.storage.local import LocalPictureStore, path_of
from tests.environment import ROOT, settings_under

COMPOSE: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
NEEDED = {"JWT_SECRET": "j" * 32, "DATABASE_PASSWORD": "d", "REDIS_PASSWORD": "r"}
VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-+?])([^{}]*))?\}")
UNIT = (ROOT / "deploy" / "chatsite@.service").read_text()


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_container_gains_no_rights(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", ["proxy", "web", "migrate", "scheduler"])
def test_ours_write_in_their_volumes_alone(name: str) -> None:
    assert COMPOSE["services"][name]["read_only"]


def test_pictures_are_for_the_site_and_nginx_alone(tmp_path: Path, settings: Settings) -> None:
    """As systemd starts the site, in the folder that docs/deploy.md makes."""
    assert "\nUMask=0027\n" in UNIT
    assert "-g www-data -m 2750 media " in (ROOT / "docs" / "deploy.md").read_text()
    media = tmp_path / "media"
    media.mkdir()
    media.chmod(0o2750)
    settings.MEDIA_ROOT = str(media)
    before = os.umask(0o027)
    try:
        name = LocalPictureStore().save("profiles", Picture(b"RIFF", 1, 1))
    finally:
        os.umask(before)
    path = path_of("profiles", name)
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o2750
    assert path.stat().st_gid == media.stat().st_gid
    assert path.stat().st_mode & stat.S_IRGRP


def interpolated(**variables: str) -> dict[str, dict[str, Any]]:
    """As Compose reads the file with these variables. Raises KeyError with what it says of one that
    has to be there.
    """

    def value_of(match: re.Match[str]) -> str:
        name, kind, other = match[1], match[2], match[3] or ""
        value = variables.get(name, "")
        if kind == ":?" and not value:
            raise KeyError(f"{name}: {other}")
        if kind == ":+":
            return other if value else ""
        return value or other

    text = (ROOT / "docker-compose.yml").read_text()
    while (replaced := VARIABLE.sub(value_of, text)) != text:
        text = replaced
    composed: dict[str, dict[str, Any]] = yaml.safe_load(text.replace("$$", "$"))
    return composed


@pytest.mark.parametrize("profile", ["", "postgres"])
def test_compose_understands_the_file(profile: str) -> None:
    PyCompose.from_json(json.dumps(interpolated(**NEEDED, COMPOSE_PROFILES=profile)))


@pytest.mark.parametrize(
    ("service", "wrong"),
    [
        ("web", {"depnds_on": ["redis"]}),
        ("proxy", {"ports": ["eighty:80"]}),
        ("redis", {"healthcheck": {"test": ["CMD", "true"], "interval": "often"}}),
    ],
)
def test_a_mistake_in_it_would_be_found(service: str, wrong: dict[str, Any]) -> None:
    composed = interpolated(**NEEDED)
    composed["services"][service] |= wrong
    with pytest.raises(ValueError, match="line 1 column"):
        PyCompose.from_json(json.dumps(composed))


@pytest.mark.parametrize("name", NEEDED)
def test_what_has_to_be_set_is_asked_for_with_what_to_do(name: str) -> None:
    with pytest.raises(KeyError, match=f"{name}: Set it in .env to the output of openssl rand"):
        interpolated(**NEEDED | {name: ""})


@pytest.mark.parametrize("profile", ["", "postgres"])
def test_passwords_may_have_any_characters(profile: str) -> None:
    password = "p@ss/w:rd?#%41é \"'"
    site = interpolated(**NEEDED, COMPOSE_PROFILES=profile)["services"]["web"]["environment"]
    passwords = {"DATABASE_PASSWORD": password, "REDIS_PASSWORD": password}
    given = {name: str(value or "") for name, value in site.items()} | passwords
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        settings = settings_under(**given)
    database = settings["DATABASES"]["default"]
    if profile:
        assert (database["HOST"], database["PASSWORD"]) == ("postgres", password)
    else:
        parsed = parse_uri(database["HOST"])
        assert (parsed["username"], parsed["password"]) == ("chatsite", password)
        assert parsed["options"]["authSource"] == "admin"
    redis = Redis.from_url(settings["CACHES"]["default"]["LOCATION"])
    connecting = redis.connection_pool.connection_kwargs
    assert (connecting["host"], connecting["password"]) == ("redis", password)


def test_one_service_builds_each_image_and_the_others_wait_for_it() -> None:
    services = COMPOSE["services"]
    built = [service["image"] for service in services.values() if "build" in service]
    assert sorted(built) == ["chatsite", "chatsite-proxy"]
    for name, service in services.items():
        if service["image"] in built and "build" not in service:
            assert service["pull_policy"] == "never", name
            assert "migrate" in service["depends_on"], name


def test_services_are_checked_seldom_once_they_are_well() -> None:
    checks = [service.get("healthcheck", {}) for service in COMPOSE["services"].values()]
    checks = [check for check in checks if "test" in check]
    assert len(checks) == 3
    for check in checks:
        assert (check["start_interval"], check["interval"]) == ("2s", "60s")
    image = (ROOT / "Dockerfile").read_text()
    assert image.count("--start-period=60s --start-interval=2s --interval=60s") == 2


def test_systemd_finds_the_unit_well_confined(tmp_path: Path) -> None:
    if not (program := shutil.which("systemd-analyze")):
        pytest.skip("systemd-analyze is not installed")
    unit = shutil.copy(ROOT / "deploy" / "chatsite@.service", tmp_path)
    # Tenths, of at most 10. What is left is what a server is for: the network, and files.
    command = [program, "security", "--offline=true", "--no-pager", "--threshold=20", str(unit)]
    rated = subprocess.run(command, capture_output=True, text=True)
    assert rated.returncode == 0, rated.stdout


def test_the_unit_lets_pictures_be_decoded_apart() -> None:
    """By children with limits, at a lower priority."""
    calls = re.findall(r"^SystemCallFilter=(.+)$", UNIT, re.MULTILINE)
    assert calls == ["@system-service", "~@privileged"]  # with @process and @resources
    assert "TasksMax" not in UNIT
