"""Opening a store: the files at its place, its identity, and where its index is kept."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..._version import __version__
from ...errors import ManifestError, StoreNotFoundError, StoreVersionError
from .disk import Disk
from .faults import reading, writing
from .files import Files, LocalFiles
from .layout import FORMAT, STORE
from .machine import host_id
from .manifest import dump, read_object
from .place import Place, without_secrets


def open_files(place: Place, disk: Disk | None, storage_options: Mapping[str, Any] | None) -> Files:
    """Give the files at *place*: a folder, or objects that fsspec reaches."""
    if not place.remote:
        return LocalFiles(place.url, disk)
    from .remote import RemoteFiles

    with reading("opening the store", without_secrets(place.url)):
        return RemoteFiles(place.url, storage_options)


def prepare(files: Files, url: str, *, create: bool) -> dict[str, Any]:
    """Give the identity of the store among *files*, making one if there is none and *create* is true."""
    with reading("opening the store", url):
        found = _read(files, url)
    if found is not None:
        return found
    if not create:
        raise StoreNotFoundError(
            f"opening the store {url} - expected {STORE} in it - found none - give another place, or let it be made"
        )
    identity = {
        "format": FORMAT,
        "digest": "blake3",
        "id": uuid.uuid4().hex,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "writer": f"backtrail {__version__}",
    }
    with writing("making the store", url):
        files.put_new(STORE, dump(identity) + b"\n")
        found = _read(files, url)  # another process may have been quicker
    return identity if found is None else found


def _read(files: Files, url: str) -> dict[str, Any] | None:
    try:
        data = files.read(STORE)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        identity = read_object(data, STORE)
    except ManifestError as error:
        raise ManifestError(
            f"opening the store {url} - {error} - restore {STORE} from a copy, or delete it to have one made"
        ) from error
    version, name = identity.get("format"), identity.get("id")
    if type(version) is not int or version < 1:
        raise ManifestError(f"opening the store {url} - expected a format in {STORE} - found {version!r}")
    if version > FORMAT:
        raise StoreVersionError(
            f"opening the store {url} - expected format {FORMAT} or lower - found {version} - "
            "a later version of backtrail wrote it: update backtrail to read it"
        )
    if identity.get("digest") != "blake3":
        found = identity.get("digest")
        raise StoreVersionError(f"opening the store {url} - expected digests by blake3 - found {found!r:.80}")
    if not isinstance(name, str) or not name.isascii() or not name.isalnum() or len(name) > 64:
        raise ManifestError(f"opening the store {url} - expected an id in {STORE} - found {name!r:.80}")
    return identity


def index_path(store: str, folder: str | os.PathLike[str] | None) -> Path:
    """Give where this machine keeps the index of *store*."""
    if folder is None:
        import platformdirs

        folder = Path(platformdirs.user_cache_dir("backtrail", appauthor=False)) / "index"
    return Path(folder) / f"{store}-{host_id()[:8]}.sqlite"  # a home may be shared by machines
