"""Digests: BLAKE3 with a name for what is digested and a length before every part.

``digest("backtrail-key/1", a, b)`` differs from ``digest("backtrail-key/1", a + b)`` and from the digest of the same
parts under any other domain: every part is preceded by its length, and the domain is the first part. Digests are
written ``b3:`` and 64 hexadecimal digits.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from blake3 import blake3

from ..errors import ParameterValueError

PREFIX: Final = "b3:"
_length = struct.Struct("<Q").pack
_WRITTEN: Final = re.compile(r"b3:[0-9a-f]{64}\Z")


def framed(*parts: bytes) -> bytes:
    """Join *parts* so that they can be told apart: each is preceded by its length (eight bytes, little-endian)."""
    return b"".join([piece for part in parts for piece in (_length(len(part)), part)])


def raw_digest(domain: str, *parts: bytes) -> bytes:
    """Give the 32 bytes of :func:`digest`."""
    value: bytes = blake3(framed(domain.encode(), *parts)).digest()
    return value


def digest(domain: str, *parts: bytes) -> str:
    """Give the digest of *parts* within *domain*, as text.

    *domain* says what the parts are and in which version of the layout, for example ``"backtrail-params/1"``.
    """
    return f"{PREFIX}{blake3(framed(domain.encode(), *parts)).hexdigest()}"


def blob_digest(content: bytes | bytearray | memoryview) -> str:
    """Give the digest of *content* itself: its name in a store."""
    return f"{PREFIX}{blake3(content).hexdigest()}"


def is_digest(text: object) -> bool:
    """Tell whether *text* is written as a digest."""
    return isinstance(text, str) and _WRITTEN.match(text) is not None


def digest_bytes(text: str) -> bytes:
    """Give the 32 bytes that *text* writes; ParameterValueError if it is no digest."""
    if not is_digest(text):
        raise ParameterValueError(
            f"reading a digest - expected {PREFIX!r} and 64 hexadecimal digits in lower case - found {text!r:.90} - "
            "pass a digest as the store or a manifest gives it"
        )
    return bytes.fromhex(text[len(PREFIX) :])


__all__ = ["PREFIX", "blob_digest", "digest", "digest_bytes", "framed", "is_digest", "raw_digest"]
