"""Packs with spoilt bytes: whatever is changed, a pack is refused or holds what it held, and nothing else happens.

`BACKTRAIL_FUZZ_PACKS=100000` tries that many.
"""

from __future__ import annotations

import os
import random
import zipfile
from pathlib import Path

import pytest

from backtrail.runs.pack import PackRefused, pack, unpack
from backtrail.runs.store import Store

COUNT = int(os.environ.get("BACKTRAIL_FUZZ_PACKS", "120"))


def spoilt(content: bytes, rng: random.Random) -> bytes:
    """Change, insert, remove or double some bytes of *content*."""
    made = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8])):
        at = rng.randrange(len(made))
        # the directory of a zip is at its end: that is where most of the reading is decided
        at = rng.randrange(max(len(made) - 700, 0), len(made)) if rng.random() < 0.5 else at
        length = rng.choice([1, 2, 4, 16])
        way = rng.randrange(5)
        if way == 0:
            made[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            made[at : at + length] = rng.randbytes(length)
        elif way == 2:
            made[at:at] = rng.randbytes(length)
        elif way == 3:
            del made[at : at + length]
        else:
            made[at : at + length] = rng.choice([b"\0", b"\xff"]) * length
        if not made:
            return b""
    return bytes(made)


def test_spoilt_packs_are_refused_or_whole(tmp_path: Path) -> None:
    origin = Store.open(tmp_path / "origin", index_folder=tmp_path / "index")
    blob = origin.put(b"some rows")
    run = origin.commit({"strategy": "S", "result": {"artifacts": {"log": {"blob": blob}}}})
    whole = zip_without_tables(origin, run, tmp_path / "good.zip")
    target = Store.open(tmp_path / "target", index_folder=tmp_path / "index2")
    rng = random.Random(7)
    refused = 0
    for number in range(COUNT):
        path = tmp_path / "spoilt.zip"
        path.write_bytes(spoilt(whole, rng))
        try:
            taken = unpack(target, path)
        except PackRefused:
            refused += 1
            continue
        assert taken == run, number
        assert target.run(run).manifest == origin.run(run).manifest
        assert target.get(blob) == b"some rows"
    assert refused > COUNT // 4
    assert [one.id for one in target.runs()] in ([], [run])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["good.zip", "index", "index2", "origin", "spoilt.zip", "target"]
    )


def zip_without_tables(store: Store, run: str, target: Path) -> bytes:
    """Make a pack by hand: the blob is no table."""
    from backtrail.runs.store.layout import blob_name
    from backtrail.runs.store.manifest import encode

    manifest = store.run(run).manifest
    blob = manifest["result"]["artifacts"]["log"]["blob"]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("README.txt", "a record")
        made.writestr("manifest.json", encode(manifest))
        made.writestr(f"blobs/{blob_name(blob)}", store.get(blob))
    return target.read_bytes()


def test_a_pack_of_a_run_without_its_blob_is_not_made(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "origin", index_folder=tmp_path / "index")
    blob = store.put(b"some rows")
    run = store.run(store.commit({"strategy": "S", "result": {"artifacts": {"x": {"blob": blob}}}}))
    digits = blob.removeprefix("b3:")
    (tmp_path / "origin" / "objects" / "b3" / digits[:2] / digits[2:]).unlink()
    with pytest.raises(PackRefused, match="are not in the store"):
        pack(run, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()
