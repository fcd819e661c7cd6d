"""The names of a store: which file holds what, and the ids, digests and names that may become part of one.

Nothing that a user or a stranger wrote becomes part of a name before it has passed one of the checks here.
"""

from __future__ import annotations

import re
import secrets
import time
import uuid
from datetime import UTC, datetime

from ..digests import is_digest

FORMAT = 1
"""Version of the layout. A store of a higher one is refused; lower ones are read."""

STORE = "store.json"
OBJECTS = "objects/b3"
RUNS = "runs"
KEYS = "keys"
SWEEPS = "sweeps"
LIVE = "live"
TAGS = "refs/tags"
PINS = "refs/pins"
THINNED = "refs/thinned"
IMPORTED = "refs/imported"
TRASH = "trash"
EVICTED = "trash/evicted"
TEMPORARY = "tmp"
QUARANTINE = "quarantine"

_HEX = re.compile(r"[0-9a-f]{64}\Z")
_RUN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_PREFIX = re.compile(r"[0-9a-f]{4,8}(-[0-9a-f-]*)?\Z")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+=-]{0,99}\Z")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?\Z", re.IGNORECASE)
_WORDS = {"latest", "best", "head"}


def is_run_id(text: object) -> bool:
    """Tell whether *text* is the id of a run: a UUID of version 7 in lower case."""
    return isinstance(text, str) and _RUN.match(text) is not None


def is_id_prefix(text: str) -> bool:
    """Tell whether *text* may be the beginning of a run's id (at least four digits)."""
    return len(text) <= 36 and _PREFIX.match(text) is not None


def check_name(kind: str, text: object) -> str:
    """Give *text* if it may name a tag or sweep; else raise ValueError."""
    if not isinstance(text, str) or not _NAME.match(text) or text.endswith("."):
        raise ValueError(
            f"naming a {kind} - expected 1 to 100 letters, digits or ._+=- beginning with a letter, digit or _ - "
            f"found {text!r} - choose another name"
        )
    if _RESERVED.match(text) or text.lower() in _WORDS or is_run_id(text):
        raise ValueError(f"naming a {kind} - {text!r} is reserved - choose another name")
    return text


def blob_name(digest: str) -> str:
    """Give the file that holds the blob *digest*."""
    if not is_digest(digest):
        raise ValueError(f"naming a blob - expected b3: and 64 hexadecimal digits - found {digest!r}")
    return f"{OBJECTS}/{digest[3:5]}/{digest[5:]}"


def digest_of_name(name: str) -> str | None:
    """Give the digest of the blob in file *name*, None if no blob is kept under such a name."""
    parts = name.split("/")
    text = "".join(parts[-2:])
    return f"b3:{text}" if len(parts) >= 2 and len(parts[-2]) == 2 and _HEX.match(text) else None


def manifest_name(run: str) -> str:
    """Give the file of the manifest of *run*: its folder is the month the run began in, UTC."""
    if not is_run_id(run):
        raise ValueError(f"naming a run - expected a UUID of version 7 - found {run!r}")
    began = datetime.fromtimestamp(run_time(run), UTC)
    return f"{RUNS}/{began.year:04}/{began.month:02}/{run}.json"


def run_of_name(name: str) -> str | None:
    """Give the run whose manifest or lease is kept in file *name*, None if it is neither."""
    stem, _, end = name.rpartition("/")[2].partition(".")
    return stem if end in ("json", "lease") and is_run_id(stem) else None


def key_name(key: str) -> str:
    """Give the file that points from *key* to its run."""
    if not is_digest(key):
        raise ValueError(f"looking a key up - expected b3: and 64 hexadecimal digits - found {key!r}")
    return f"{KEYS}/{key[3:5]}/{key[5:]}"


def lease_name(run: str) -> str:
    """Give the file of the lease of *run*."""
    if not is_run_id(run):
        raise ValueError(f"naming a lease - expected a UUID of version 7 - found {run!r}")
    return f"{LIVE}/{run}.lease"


def new_run_id(at: float | None = None) -> str:
    """Make the id of a run that begins at *at* (seconds since 1970; default: the present): a UUID of version 7.

    The first 48 bits are the milliseconds, the following 12 the fraction of one: ids of one process sort by time.
    """
    nanoseconds = time.time_ns() if at is None else int(at * 1e9)
    milliseconds, rest = divmod(max(nanoseconds, 0), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | fraction << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def run_time(run: str) -> float:
    """Give when *run* began, in seconds since 1970, as its id says."""
    milliseconds = int(run[:8] + run[9:13], 16)
    return min(milliseconds / 1000.0, 253402300799.0)
