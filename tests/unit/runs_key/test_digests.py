from __future__ import annotations

import pytest
from blake3 import blake3

from backtrail.errors import ParameterValueError
from backtrail.runs.digests import blob_digest, digest, digest_bytes, framed, is_digest, raw_digest


@pytest.mark.row("B37")
def test_a_blob_is_named_by_the_blake3_of_its_bytes() -> None:
    assert blob_digest(b"abc") == "b3:" + blake3(b"abc").hexdigest()


@pytest.mark.row("B37")
def test_parts_do_not_run_into_each_other() -> None:
    """Joining strings lets `a` + `bc` equal `ab` + `c` (B37)."""
    ways = [
        ("x", b"a", b"bc"),
        ("x", b"ab", b"c"),
        ("x", b"abc"),
        ("x", b"abc", b""),
        ("xa", b"bc"),
        ("y", b"abc"),
    ]
    assert len({digest(domain, *parts) for domain, *parts in ways}) == len(ways)
    assert framed(b"a", b"b") != framed(b"ab")


def test_digests_say_how_they_were_made() -> None:
    made = digest("x", b"a")
    assert is_digest(made)
    assert digest_bytes(made) == raw_digest("x", b"a")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b3:",
        "b3:" + "0" * 63,
        "b3:" + "G" * 64,
        "b3:" + "A" * 64,
        "0" * 64,
        None,
        3,
        "b3:" + "0" * 64 + "\n",
    ],
)
def test_what_is_no_digest_is_refused(text: object) -> None:
    assert not is_digest(text)
    with pytest.raises(ParameterValueError, match="64 hexadecimal digits"):
        digest_bytes(text)  # type: ignore[arg-type]
