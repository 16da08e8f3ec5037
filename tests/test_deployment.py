"""What the site's services may do where they are deployed: no more than they need."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_django import Settings

from chatsite.pictures.images import Picture
from chatsite.pictures.storage.local import LocalStore, path_of
from tests.environment import ROOT

COMPOSE: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
UNIT = (ROOT / "deploy" / "chatsite@.service").read_text()


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_container_gains_no_rights(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", ["proxy", "web", "migrate", "housekeeping"])
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
        name = LocalStore().save_for_profile(Picture(b"RIFF", 1, 1))
    finally:
        os.umask(before)
    path = path_of("profiles", name)
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o2750
    assert path.stat().st_gid == media.stat().st_gid
    assert path.stat().st_mode & stat.S_IRGRP
