"""Secrets: what is noticed, what is not, and what is redacted. All keys here are made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.runs.code.secrets import (
    HIDDEN,
    allowed_environment,
    kinds_of_secrets,
    never_captured,
    redact_arguments,
    secrets_among,
    strip_userinfo,
    without_key_stores,
)

RANDOM = "9f86d081884c7d659a2feaa0c55ad015"
KEYS = {
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub token": "ghp_" + "a1B2" * 9,
    "GitLab token": "glpat-" + "a1B2" * 5,
    "Slack token": "xoxb-" + "1234567890-abc",
    "Google API key": "AIza" + "a1B2c" * 7,
    "Stripe key": "sk_live_" + "a1B2" * 5,
    "sk- key": "sk-" + "a1B2" * 10,
    "PyPI token": "pypi-" + "AgEIcHlwaS5vcmc" * 4,
    "JSON web token": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "c2lnbmF0dXJl",
    "password in an address": "postgres://user:" + "hunter2@host/db",
}


@pytest.mark.row("A31")
@pytest.mark.parametrize("kind", KEYS)
def test_a31_keys_of_a_known_form_are_noticed(kind: str) -> None:
    assert kind in kinds_of_secrets(f"x = 1\nvalue = '{KEYS[kind]}'\n".encode())


@pytest.mark.row("A31")
@pytest.mark.parametrize(
    "text",
    [
        f"API_KEY = '{RANDOM}'",
        f'api_key: "{RANDOM}"',
        f"os.environ['SECRET_KEY'] = '{RANDOM}'",
        f"password={RANDOM}",
        f"token: str = '{RANDOM}'",
        f'{{"access_token": "{RANDOM}"}}',
        f"client_secret = b'{RANDOM}'",
    ],
)
def test_a31_values_that_look_random_are_noticed_by_their_names(text: str) -> None:
    assert kinds_of_secrets(text.encode()) == ("assigned secret",)


@pytest.mark.parametrize(
    "text",
    [
        "api_key = os.environ['API_KEY']",
        "token = get_token(account, 42)",
        "password = ''",
        "API_KEY = 'your-api-key-here1'",
        "key = 'close'",
        "secret = None",
        "token = settings.token1",
        "for key in keys: total1 += key",
        "https://host/path?x=1",
        "PASSWORD = '${PASSWORD1}'",
        "sort(key=lambda row: row[0])",
        "primary_key = 'identifier'",
        "token price: 12345.6789",
        "tokens: 1234567.8901",
        '{"token_value": 1.2345678901e-05}',
        "token_digest = 'b3:9f86d081884c7d659a2feaa0c55ad015'",
        "token_expires: 2026-11-22T09:38:36",
        "secretstorage==3.3.10.post1",
        "run 01a202c1-218f-735a-a784-44867e3b6aaa",
    ],
)
def test_ordinary_code_is_not_taken_for_secrets(text: str) -> None:
    assert kinds_of_secrets(text.encode()) == ()


def test_the_sources_of_backtrail_hold_no_secrets() -> None:
    from pathlib import Path

    import backtrail

    folder = Path(backtrail.__file__).parent
    found = {
        path.name: kinds_of_secrets(path.read_bytes())
        for path in folder.rglob("*.py")
        if path.name != "secrets.py"
    }
    assert {name: kinds for name, kinds in found.items() if kinds} == {}


@pytest.mark.row("A31")
def test_a31_keys_among_values_are_named_by_their_place() -> None:
    values = {"api_key": RANDOM, "symbols": ["BTC", KEYS["GitHub token"]], "token": "BTCUSDT", "n": 12345.6789}
    assert list(secrets_among(values, "params")) == [
        ("params.api_key", ("assigned secret",)),
        ("params.symbols[1]", ("GitHub token",)),
    ]


@pytest.mark.row("A31")
def test_a31_key_stores_are_left_out_of_a_difference() -> None:
    def section(name: str) -> bytes:
        return f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-a\n+b\n".encode()

    names = ["main.py", ".env", "deep/id_rsa", "credentials.py", ".aws/config"]
    kept, left_out = without_key_stores(b"".join(map(section, names)))
    assert kept == section("main.py") + section("credentials.py")
    assert left_out == [".env", "deep/id_rsa", ".aws/config"]
    assert without_key_stores(b"") == (b"", [])


@pytest.mark.parametrize(
    "path", ["settings.py", "keys.py", "environment.yaml", "id.csv", "token.py", "a.pem.txt", "id_rsa.pub"]
)
def test_ordinary_files_are_captured(path: str) -> None:
    assert never_captured(path) is None


@pytest.mark.row("A31")
@pytest.mark.parametrize(
    "path",
    [
        "x/.ENV",
        ".env.production",
        "deploy/id_ed25519",
        "~/.aws/config",
        "a\\.ssh\\config",
        "gcp_credentials.json",
    ],
)
def test_key_stores_are_never_captured(path: str) -> None:
    assert never_captured(path) is not None


@pytest.mark.row("A31")
def test_a31_arguments_are_redacted() -> None:
    given = [
        "run.py",
        "--token=abc",
        "--api-key",
        "xyz",
        "--password",
        "p",
        "--fast",
        "10",
        f"--url=https://u:{RANDOM}@h/p",
        "https://user:pass@host/x?token=1",
        KEYS["GitHub token"],
        "-k",
        "name=close",
    ]
    shown = redact_arguments(given)
    assert shown[:8] == [
        "run.py",
        f"--token={HIDDEN}",
        "--api-key",
        HIDDEN,
        "--password",
        HIDDEN,
        "--fast",
        "10",
    ]
    text = " ".join(shown)
    assert not any(
        secret in text for secret in ("abc", "xyz", RANDOM, "pass@", "token=1", KEYS["GitHub token"])
    )
    assert shown[-1] == "name=close"


@pytest.mark.row("A31")
@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://user:token@github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://token@github.com:8443/a?private_token=1#x", "https://github.com:8443/a"),
        ("git@github.com:a/b.git", "github.com:a/b.git"),
        ("ssh://git@host/a", "ssh://host/a"),
        ("/srv/git/a@b.git", "/srv/git/a@b.git"),
        ("https://[broken", HIDDEN),
    ],
)
def test_a31_addresses_lose_users_and_passwords(url: str, plain: str) -> None:
    assert strip_userinfo(url) == plain


@pytest.mark.row("A31")
@given(st.text("abc@:/?#[]", max_size=30))
def test_no_password_survives_in_an_address(middle: str) -> None:
    assert "hunter2" not in strip_userinfo(f"https://user:hunter2@host/{middle}")


@pytest.mark.row("A31")
def test_a31_only_listed_environment_variables_are_named() -> None:
    environment = {"AWS_SECRET_ACCESS_KEY": RANDOM, "PYTHONHASHSEED": "0", "HOME": "/home/alice", "MINE": "1"}
    assert allowed_environment(environment) == {"PYTHONHASHSEED": "0"}
    assert allowed_environment(environment, also=["MINE"]) == {"MINE": "1", "PYTHONHASHSEED": "0"}


@given(st.binary(max_size=300))
def test_any_bytes_can_be_searched(content: bytes) -> None:
    assert isinstance(kinds_of_secrets(content), tuple)
