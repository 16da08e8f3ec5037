"""The document of the calls, and the page that shows it."""

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator
from pytest_django import Settings
from rest_framework.test import APIClient

from chatsite.schema import refusals, views
from chatsite.schema.views import document
from tests.concurrency import at_once
from tests.contract.shapes import assert_refused
from tests.environment import ROOT

pytestmark = pytest.mark.django_db

DOCUMENTATION = {"/api/schema", "/api/docs", "/api/events.yaml"}
METHODS = {"get", "post", "put", "patch", "delete"}
# Said by the framework, not by our code.
FOREIGN = re.compile(
    r'Method "\w+" not allowed\.|Unsupported media type ".+" in request\.|This field is required\.'
    r"|A valid integer is required\.|Must be a valid boolean\."
    r'|"\w+" is not a valid choice\.'
    r"|Ensure this value is (greater|less) than or equal to \d+\."
)


def test_first_calls_at_once_make_the_document_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def make() -> dict[str, Any]:
        made.append(document())
        return made[-1]

    monkeypatch.setattr(views, "document", make)

    answers = at_once([lambda: APIClient().get("/api/schema")] * 8)

    assert {answer.status_code for answer in answers} == {200}
    assert len(made) == 1


class TestDocument:
    def test_lists_the_calls_there_are_and_no_other(self) -> None:
        described = {
            (path, method) for path, methods in document()["paths"].items() for method in methods
        }
        assert described == set(_calls(get_resolver().url_patterns))

    def test_is_valid_and_without_warnings(self) -> None:
        call_command("spectacular", validate=True, fail_on_warn=True, stdout=StringIO())

    def test_keys_in_paths_of_messages_say_whose_they_are(self) -> None:
        paths = [path for path in document()["paths"] if path.startswith("/api/messages/")]
        names = {name for path in paths for name in re.findall(r"{(\w+)}", path)}
        assert names == {"peer", "message", "emoji"}

    def test_names_the_server(self, settings: Settings) -> None:
        assert [server["url"] for server in document()["servers"]] == ["/"]
        settings.PUBLIC_URL = "https://chat.example.org"
        assert [server["url"] for server in document()["servers"]] == ["https://chat.example.org"]

    def test_has_the_version_of_the_project(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert document()["info"]["version"] == project["version"]

    def test_every_call_but_those_of_the_entrance_needs_a_token(self) -> None:
        public = {call["operationId"] for call in _operations() if call["security"] == [{}]}
        assert public == {"signUp", "logIn", "logOut"}

    def test_every_call_says_why_it_may_refuse(self) -> None:
        for call in _operations():
            expected = {"405", "500"} | ({"401"} if call["security"] != [{}] else set())
            expected |= {"400", "413", "415"} if "requestBody" in call else set()
            assert set(call["responses"]) >= expected, call["operationId"]

    def test_every_example_has_its_shape(self) -> None:
        for name, schema in document()["components"]["schemas"].items():
            for field, values in _examples(schema):
                validator = Draft202012Validator({**document(), **field})
                assert all(validator.is_valid(value) for value in values), name

    def test_every_refusal_is_a_sentence_that_the_code_says(self) -> None:
        known = re.compile("|".join([FOREIGN.pattern, *_sentences_of_the_code()]))
        unknown = {text for text in _refusals() if not known.fullmatch(text)}
        assert not unknown

    def test_every_status_has_its_meaning(self) -> None:
        used = {int(status) for call in _operations() for status in call["responses"]}
        assert {status for status in used if status >= 400} == set(refusals.MEANINGS)

    def test_links_lead_to_calls_that_have_the_parameter(self) -> None:
        parameters = {
            call["operationId"]: {parameter["name"] for parameter in call.get("parameters", [])}
            for call in _operations()
        }
        links = [
            link
            for call in _operations()
            for response in call["responses"].values()
            for link in response.get("links", {}).values()
        ]
        assert links
        assert all(set(link["parameters"]) <= parameters[link["operationId"]] for link in links)


class TestServed:
    @pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/html", "image/png"])
    def test_as_json(self, client: Client, accept: str) -> None:
        response = client.get("/api/schema", headers={"Accept": accept})
        assert response.headers["Content-Type"] == "application/json"
        assert response.json() == document()

    @pytest.mark.parametrize("accept", ["application/yaml", "text/html;q=0.1, application/yaml"])
    def test_as_yaml_for_who_names_it(self, client: Client, accept: str) -> None:
        response = client.get("/api/schema", headers={"Accept": accept})
        assert response.headers["Content-Type"] == "application/yaml"
        assert yaml.safe_load(response.content) == document()

    @pytest.mark.parametrize("path", sorted(DOCUMENTATION))
    def test_to_readers_only(self, client: Client, path: str) -> None:
        assert client.get(path).status_code == 200
        assert_refused(APIClient().post(path), 405)

    @pytest.mark.parametrize("path", sorted(DOCUMENTATION))
    def test_also_to_who_has_a_dead_token(self, client: Client, path: str) -> None:
        client.cookies["jwt"] = "a.b.c"
        assert client.get(path).status_code == 200


def test_the_page_loads_nothing_from_elsewhere_and_keeps_the_policy(client: Client) -> None:
    page = client.get("/api/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert loaded
    assert all(url.startswith("/") for url in loaded)
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def _calls(
    patterns: Sequence[URLPattern | URLResolver], prefix: str = "/"
) -> Iterator[tuple[str, str]]:
    """Path and method of what is under `/api/`, the documentation left out."""
    for pattern in patterns:
        path = prefix + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _calls(pattern.url_patterns, path)
        elif path.startswith("/api/") and path not in DOCUMENTATION:
            view = pattern.callback.view_class  # type: ignore[attr-defined]
            yield from ((path, method) for method in METHODS if hasattr(view, method))


def _operations() -> list[dict[str, Any]]:
    return [call for methods in document()["paths"].values() for call in methods.values()]


def _examples(schema: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    if isinstance(schema.get("examples"), list):
        yield schema, schema["examples"]
    for field in [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]:
        yield from _examples(field)


def _refusals() -> set[str]:
    return {
        example["value"]["message"]
        for call in _operations()
        for response in call["responses"].values()
        for content in response.get("content", {}).values()
        for example in content.get("examples", {}).values()
    }


def _sentences_of_the_code() -> Iterator[str]:
    """As patterns: what is filled in later may be anything."""
    for app in ("accounts", "chatsite", "messaging"):
        for path in (ROOT / app).rglob("*.py"):
            for text in _translated(path):
                yield re.sub(r"%\\?\(\w+\\?\)[sd]", ".+", re.escape(text))


def _translated(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_":
            yield from (str(a.value) for a in node.args if isinstance(a, ast.Constant))
