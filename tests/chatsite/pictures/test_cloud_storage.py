"""Pictures at Cloudinary, against a stand-in that checks what it is sent."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
import urllib3
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from chatsite.conf.cloud import read_account
from chatsite.db import now
from chatsite.errors import DomainError
from chatsite.pictures import storage
from chatsite.pictures.images import Picture, display_and_thumbnail
from chatsite.pictures.storage import StorageError, shown
from tests.cloudinary_server import CloudinaryServer
from tests.environment import ROOT, hermetic, settings_under
from tests.pictures import animation, picture

STILL = display_and_thumbnail(picture(900, 450))
MOVING = display_and_thumbnail(animation())


def kept(pair: tuple[Picture, Picture] = STILL) -> str:
    return storage.save_for_message(*pair)[0]


def cloud_store() -> storage.PictureStore:
    return storage.stores()[-1]


def fetch(address: Any) -> tuple[int, bytes]:
    answer = urllib3.request("GET", str(address), retries=False)
    return answer.status, answer.data


def refusal(make: Any) -> DomainError:
    with pytest.raises(DomainError) as refused:
        make()
    return refused.value


class TestKeeping:
    def test_a_message_s_picture_is_stored_once_for_those_with_a_signature(
        self, cloud: CloudinaryServer
    ) -> None:
        image, thumbnail = storage.save_for_message(*STILL)
        assert cloud.stored == {
            ("authenticated", f"chatsite/messages/{shown(image)}"): STILL[0].data
        }
        assert thumbnail == ""

    def test_a_profile_s_picture_is_for_all(self, cloud: CloudinaryServer) -> None:
        name = storage.save("profiles", STILL[1])
        assert cloud.places("upload") == [f"chatsite/profiles/{name}"]
        assert fetch(storage.find("profiles", name)) == (200, STILL[1].data)

    def test_the_same_picture_gets_another_name_each_time(self, cloud: CloudinaryServer) -> None:
        assert len({kept() for _ in range(3)}) == len(cloud.stored) == 3

    def test_a_name_fits_into_an_address_and_cannot_be_guessed(
        self, cloud: CloudinaryServer
    ) -> None:
        assert re.fullmatch(r"[0-9a-f]{8}s[0-9a-f]{32}_[0-9a-f]{32}", kept())

    @pytest.mark.parametrize("mood", ["down", "garbled", "elsewhere"])
    def test_what_fails_is_told_in_a_sentence(
        self, cloud: CloudinaryServer, mood: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        cloud.mood = mood
        for error in (refusal(kept), refusal(lambda: storage.save("profiles", STILL[0]))):
            assert error.status == 502
            assert error.message == "The picture could not be stored. Please try again later."
        assert "a picture could not be stored: Cloudinary: " in caplog.text

    def test_what_takes_too_long_is_given_up(self, cloud: CloudinaryServer, settings: Any) -> None:
        cloud.mood = "silent"
        settings.CLOUDINARY_ACCOUNT = read_account(cloud.url(timeout=0.2))
        assert refusal(kept).status == 502
        cloud.wait_for("unanswered")
        assert cloud.calls == ["unanswered"]

    def test_a_dead_service_and_a_wrong_secret_are_502(
        self, cloud: CloudinaryServer, settings: Any
    ) -> None:
        wrong = cloud.url().replace("secret", "guess")
        dead = cloud.url().replace(str(cloud.port), "1")
        for address in (wrong, dead):
            settings.CLOUDINARY_ACCOUNT = read_account(address)
            assert refusal(kept).status == 502
        assert cloud.stored == {}


class TestDelivering:
    def test_in_the_format_quality_and_width_that_suit(self, cloud: CloudinaryServer) -> None:
        address = str(storage.find("messages", kept(), 360))
        assert "/c_limit,f_auto,q_auto,w_360/" in address
        assert "/f_auto,q_auto/" in str(storage.find("messages", kept()))
        assert fetch(address) == (200, STILL[0].data)

    def test_what_moves_as_it_is(self, cloud: CloudinaryServer) -> None:
        image, thumbnail = storage.save_for_message(*MOVING)
        assert image == thumbnail
        address = str(storage.find("messages", image, 360))
        assert "auto" not in address
        assert fetch(address) == (200, MOVING[0].data)

    def test_not_without_the_signature(self, cloud: CloudinaryServer) -> None:
        address = str(storage.find("messages", kept()))
        assert fetch(re.sub(r"/s--.{8}--", "", address))[0] == 401
        assert fetch(re.sub(r"/s--.{8}--", "/s--AAAAAAAA--", address))[0] == 401

    def test_names_of_either_store_are_found_where_they_are(
        self, cloud: CloudinaryServer, settings: Any
    ) -> None:
        in_the_cloud, account = kept(), settings.CLOUDINARY_ACCOUNT
        settings.CLOUDINARY_ACCOUNT = None
        on_disk = kept()
        assert storage.find("messages", in_the_cloud) is None
        with pytest.raises(StorageError):
            storage.read(in_the_cloud, withdrawn=False)
        settings.CLOUDINARY_ACCOUNT = account
        assert os.path.exists(str(storage.find("messages", on_disk)))  # noqa: PTH110
        assert fetch(storage.find("messages", in_the_cloud))[0] == 200


class TestWithdrawing:
    def test_puts_a_picture_out_of_reach_of_those_who_know_its_addresses(
        self, cloud: CloudinaryServer
    ) -> None:
        name = kept()
        addresses = [str(storage.find("messages", name, width)) for width in (None, 360)]
        assert [fetch(address)[0] for address in addresses] == [200, 200]
        cloud_store().withdraw(name)
        made_up = [re.sub("authenticated/s--.{8}--", "private", address) for address in addresses]
        assert [fetch(address)[0] for address in addresses + made_up] == [404] * 4
        assert cloud.places("private") == [f"chatsite/messages/{name}"]
        assert storage.read(name, withdrawn=True) == STILL[0].data

    def test_can_be_undone_and_both_repeated(self, cloud: CloudinaryServer) -> None:
        name, store = kept(), cloud_store()
        address = storage.find("messages", name)
        for _ in range(2):
            store.withdraw(name)
            store.withdraw(name)
            assert fetch(address)[0] == 404
            store.give_back(name)
            store.give_back(name)
            assert fetch(address) == (200, STILL[0].data)

    def test_touches_no_other(self, cloud: CloudinaryServer) -> None:
        one, other = kept(), kept()
        cloud_store().withdraw(one)
        assert fetch(storage.find("messages", other))[0] == 200

    def test_is_not_believed_done_when_it_failed(self, cloud: CloudinaryServer) -> None:
        name = kept()
        for mood in ("down", "garbled"):
            cloud.mood = mood
            with pytest.raises(StorageError):
                cloud_store().withdraw(name)

    @pytest.mark.parametrize("believed", [True, False])
    def test_staff_read_it_in_either_place(self, cloud: CloudinaryServer, believed: bool) -> None:
        name = kept()
        assert storage.read(name, withdrawn=believed) == STILL[0].data
        cloud_store().withdraw(name)
        assert storage.read(name, withdrawn=believed) == STILL[0].data
        cloud.stored.clear()
        with pytest.raises(StorageError, match="not there"):
            storage.read(name, withdrawn=believed)


class TestListing:
    def test_is_of_this_site_alone_and_by_pages(
        self, cloud: CloudinaryServer, settings: Any
    ) -> None:
        cloud.page = 2
        names = [kept() for _ in range(5)]
        cloud_store().withdraw(names[0])
        profile = storage.save("profiles", STILL[0])
        secret, settings.SECRET_KEY = settings.SECRET_KEY, "y" * 64
        kept()
        settings.SECRET_KEY = secret
        listed = list(cloud_store().listed())
        assert {each.name for each in listed} == {
            names[0],
            *(shown(name) for name in names[1:]),
            profile,
        }
        assert [each.name for each in listed if each.withdrawn] == [names[0]]
        assert [each.name for each in cloud_store().listed("profiles")] == [profile]
        assert not list(cloud_store().listed("previews"))
        assert all(abs(each.changed_at - now()) < timedelta(minutes=5) for each in listed)

    def test_removes_in_handfuls(self, cloud: CloudinaryServer) -> None:
        for number in range(101):
            cloud.stored["authenticated", f"chatsite/messages/{number}"] = b""
            cloud.created["authenticated", f"chatsite/messages/{number}"] = now()
        unused = [
            storage.PictureEntry("messages", str(number), f"chatsite/messages/{number}", now())
            for number in range(101)
        ]
        assert cloud_store().remove(unused, unchanged_since=now()) == 101
        assert (cloud.stored, cloud.calls) == ({}, ["delete", "delete"])


class TestAccount:
    @pytest.mark.parametrize(
        "address",
        [
            "cloudinary://",
            "cloudinary://cloud",
            "cloudinary://key@cloud",
            "cloudinary://key:secret@",
        ]
        + ["cloudinary://k:s@cloud?upload_prefx=https://x", "cloudinary://k:s@cloud?timeout=soon"]
        + ["cloudinary://k:s@cloud?timeout=0", "cloudinary://k:s@cloud?upload_prefix=ftp://x"]
        + ["cloudinary://k:s@cloud?signature_algorithm=md5", "cloudinary://k:s@cloud?timeout=nan"],
    )
    def test_is_refused_in_a_sentence(self, address: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"CLOUDINARY_URL .+\."):
            read_account(address)

    def test_has_a_host_of_its_own_or_the_common_one(self) -> None:
        common = read_account("cloudinary://k:s@cloud")
        own = read_account("cloudinary://k:s@cloud/pictures.example.org")
        assert common
        assert own
        assert (common.delivery, common.private_cdn) == ("https://res.cloudinary.com", False)
        assert (own.delivery, own.private_cdn) == ("https://pictures.example.org", True)

    @pytest.mark.parametrize("host", ["", "/pictures.example.org"])
    def test_addresses_begin_at_the_host_that_the_policy_allows(
        self, settings: Any, host: str
    ) -> None:
        account = read_account(f"cloudinary://k:s@Cloud{host}")
        assert account
        settings.CLOUDINARY_ACCOUNT = account
        middle = "" if host else "Cloud/"
        name = f"{'0' * 8}s{'1' * 32}"
        found = storage.find("profiles", name)
        start = f"{account.delivery}/{middle}image/upload/"
        assert found == f"{start}f_auto,q_auto/v1/chatsite/profiles/{name}"

    def test_shows_no_secret(self) -> None:
        assert "hush" not in repr(read_account("cloudinary://k:hush@cloud"))

    def test_alone_lets_pages_show_pictures_from_elsewhere(self) -> None:
        plain = settings_under()
        with_account = settings_under(CLOUDINARY_URL="cloudinary://k:s@cloud")
        sources = [
            site["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]["img-src"]
            for site in (plain, with_account)
        ]
        assert sources[1] == [*sources[0], "https://res.cloudinary.com"]
        assert plain["CLOUDINARY_ACCOUNT"] is None

    def test_is_the_only_thing_that_the_library_goes_by(self) -> None:
        """It reads the environment, too, on its own, and before anything else."""
        code = (
            "import django; django.setup();"
            "from chatsite.pictures import storage; import cloudinary;"
            "print(storage.find('profiles', '0' * 8 + 's' + '1' * 32), cloudinary.config().api_key)"
        )
        environment = hermetic(
            DJANGO_SETTINGS_MODULE="chatsite.settings",
            JWT_SECRET="a secret of the tests that is long enough",
            CLOUDINARY_URL="cloudinary://k:s@chosen",
            CLOUDINARY_CLOUD_NAME="another",
            CLOUDINARY_API_KEY="other",
            CLOUDINARY_API_SECRET="other",
            CLOUDINARY_SECURE="false",
            CLOUDINARY_CNAME="elsewhere.example.org",
        )
        run = [sys.executable, "-c", code]
        told = subprocess.run(run, cwd=ROOT, env=environment, check=True, capture_output=True)
        address, key = told.stdout.decode().split()
        assert address.startswith("https://res.cloudinary.com/chosen/image/upload/")
        assert key == "None"


class TestProfilePictures:
    def test_are_a_redirect_that_all_may_keep_for_a_while(self, cloud: CloudinaryServer) -> None:
        name = storage.save("profiles", STILL[0])
        response = Client().get(f"/media/profiles/{name}")
        assert (response.status_code, response.content) == (302, b"")
        assert response.headers["Cache-Control"] == "public, max-age=300"
        assert fetch(response.headers["Location"]) == (200, STILL[0].data)

    def test_no_message_s_picture_is_had_as_one(self, cloud: CloudinaryServer) -> None:
        response = Client().get(f"/media/profiles/{shown(kept())}")
        assert fetch(response.headers["Location"])[0] == 404
