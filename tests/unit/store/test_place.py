"""Where the store is."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtrail.errors import ManifestError, StoreNotFoundError, StoreVersionError
from backtrail.runs.store import Store, find_place
from backtrail.runs.store.place import without_secrets


@pytest.mark.row("B21")
def test_the_argument_wins_over_the_environment(tmp_path: Path) -> None:
    place = find_place(tmp_path / "a", environment={"BACKTRAIL_STORE": "/b"})
    assert (place.url, place.origin, place.configured) == (str(tmp_path / "a"), "argument", True)


def test_the_environment_wins_over_a_folder(tmp_path: Path) -> None:
    (tmp_path / ".backtrail").mkdir()
    place = find_place(environment={"BACKTRAIL_STORE": "s3://bucket/runs"}, start=tmp_path)
    assert (place.url, place.origin, place.remote) == ("s3://bucket/runs", "environment", True)


def test_the_nearest_folder_upwards_wins_over_the_user_s(tmp_path: Path) -> None:
    (tmp_path / ".backtrail").mkdir()
    (tmp_path / "a" / ".backtrail").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    place = find_place(environment={}, start=tmp_path / "a" / "b" / "c")
    assert (place.url, place.origin) == (str((tmp_path / "a" / ".backtrail").resolve()), "folder")


@pytest.mark.row("B21")
def test_without_any_the_user_s_store_is_not_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    place = find_place(environment={}, start=tmp_path)
    assert place.origin == "user"
    assert not place.configured
    assert Path(place.url).name == "store"


def test_a_file_url_and_a_home_are_paths() -> None:
    assert find_place("file:///x/y").url == "/x/y"
    assert find_place("~/runs").url == str(Path("~/runs").expanduser())
    assert not find_place("file:///x/y").remote


def test_an_empty_place_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a path or URL"):
        find_place("  ")


def test_user_password_and_query_are_not_shown() -> None:
    assert without_secrets("s3://key:secret@bucket/runs?token=x") == "s3://bucket/runs"
    assert without_secrets("/a/b") == "/a/b"


def test_finding_a_place_makes_nothing(tmp_path: Path) -> None:
    find_place(tmp_path / "store")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_not_there_is_not_made_unless_asked(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFoundError, match=r"expected store\.json"):
        Store.open(tmp_path / "none", create=False)
    assert isinstance(StoreNotFoundError("x"), FileNotFoundError)
    assert not (tmp_path / "none").exists()


def test_a_store_written_by_a_later_version_is_refused_clearly(tmp_path: Path) -> None:
    (tmp_path / "store.json").write_text('{"format": 2, "digest": "blake3", "id": "abc"}', encoding="utf-8")
    with pytest.raises(StoreVersionError, match=r"expected format 1 or lower - found 2 - .* update backtrail"):
        Store.open(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format": "1", "digest": "blake3", "id": "abc"}',
        '{"format": 1, "digest": "blake3", "id": "../../x"}',
        '{"format": true, "digest": "blake3", "id": "abc"}',
        '{"format": 1, "digest": "blake3"}',
        '{"format": 0, "digest": "blake3", "id": "abc"}',
    ],
)
def test_a_damaged_identity_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "store.json").write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError):
        Store.open(tmp_path)


def test_a_store_of_other_digests_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.json").write_text('{"format": 1, "digest": "md5", "id": "abc"}', encoding="utf-8")
    with pytest.raises(StoreVersionError, match="md5"):
        Store.open(tmp_path)
