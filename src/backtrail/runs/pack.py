"""A run as one zip that opens without backtrail, and back: every digest is checked, nothing is executed.

The zip holds::

    README.txt           what the other files are
    manifest.json        the record, as the store has it (sealed)
    code/…               the captured sources
    tables/NAME.parquet  orders, fills, trades, positions, equity, log: for any tool that reads Parquet
    blobs/b3/…           every blob of the record by its digest: what is imported

A zip from a stranger can at worst be refused: names, sizes, kinds of members and every digest are checked before
anything is written to a store.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import BacktrailError, ParameterValueError, RunNotFoundError, StoreError
from .code.secrets import kinds_of_secrets, secrets_among
from .digests import blob_digest
from .key import RunKey
from .store.layout import blob_name
from .store.manifest import blobs_of, decode, encode, is_safe_path

if TYPE_CHECKING:
    from .store import Run, Store

LARGEST_MEMBER: Final = 1 << 30
LARGEST_PACK: Final = 4 << 30
MOST_MEMBERS: Final = 100_000
HIGHEST_RATIO: Final = 1000
# what reading a file that is no zip, or a spoilt one, may raise
_NO_PACK: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, NotImplementedError, RuntimeError, EOFError, ValueError,
    LookupError, ArithmeticError,
)  # fmt: skip
_TABLES: Final = ("orders", "fills", "trades", "positions", "equity", "log")

README: Final = """\
This is the record of a backtest, written by backtrail.

manifest.json   what was run: code, parameters, settings, data, libraries, result (JSON)
code/           the sources as they were when the run began
tables/         orders, fills, trades, positions and equity as Parquet files, which pandas, polars and DuckDB read
blobs/          the same content by its BLAKE3 digest, for `backtrail runs import`

Nothing in here needs to be executed to look at it.
"""


class PackRefused(BacktrailError, ValueError):
    """A pack that is not made or not imported: the message says why."""


def secrets_in(run: Run) -> list[str]:
    """Name what of *run* looks like a secret: everything in it that is text is looked through."""
    manifest = run.manifest
    found = []
    flagged = {one.get("raw"): one for one in (manifest.get("code") or {}).get("files") or () if one.get("secrets")}
    for one in flagged.values():
        found.append(f"{one['path']}: {', '.join(one['secrets'])}")
    found += [f"{where}: {', '.join(kinds)}" for where, kinds in _in_manifest(manifest)]
    names = _names_of_blobs(manifest)
    results = {item["blob"] for item in run.artifacts.values()}
    for digest in run.store.blobs_of(run):
        if digest not in flagged:
            kinds = _kinds_in(run.store, run.store.get(digest), structured=digest in results)
            if kinds:
                found.append(f"{names.get(digest, digest)}: {', '.join(kinds)}")
    return found


def _in_manifest(manifest: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name the secrets in a manifest, each at the first place where it stands."""
    seen = set()
    for name, section in manifest.items():
        if name not in ("code", "secrets"):  # texts of their own; what the run's own record says of this
            for where, kinds in secrets_among(section, name):
                last = where.rpartition(".")[2]
                if (last, kinds) not in seen:
                    seen.add((last, kinds))
                    yield where, kinds


def _names_of_blobs(manifest: dict[str, Any]) -> dict[str, str]:
    named = {one["raw"]: one["path"] for one in (manifest.get("code") or {}).get("files") or () if one.get("raw")}
    for name, item in ((manifest.get("result") or {}).get("artifacts") or {}).items():
        named[item["blob"]] = f"the results: {name}"
    named[(manifest.get("git") or {}).get("diff")] = "the difference to the last commit"
    named[(manifest.get("exit") or {}).get("traceback")] = "the traceback"
    return named


def _kinds_in(store: Store, content: bytes, *, structured: bool) -> tuple[str, ...]:
    """Name the kinds of secrets in the texts of a blob; of a *structured* one those in the values of its JSON."""
    if content[:6] == b"ARROW1":
        return kinds_of_secrets(_texts_of(store, content))
    if structured:
        with contextlib.suppress(ValueError, RecursionError):
            found = secrets_among(json.loads(content), "")
            return tuple(sorted({kind for _, kinds in found for kind in kinds}))
    return kinds_of_secrets(content)


def _texts_of(store: Store, content: bytes) -> bytes:
    """Give the texts in the columns of a table."""
    import pyarrow as pa

    table = store.table_of(content)
    texts = [
        column.cast(pa.string()).drop_null().to_pylist()
        for column in table.columns
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        or (pa.types.is_dictionary(column.type) and pa.types.is_string(column.type.value_type))
    ]  # fmt: skip
    return "\n".join(text for column in texts for text in column).encode("utf-8", "replace")


def pack(run: Run, target: Path, *, acknowledge_secrets: bool = False) -> Path:
    """Write *run* as a zip at *target* (not there yet); give it.

    :class:`PackRefused` if the record holds what looks like secrets, unless *acknowledge_secrets*; or if a blob is
    lacking.
    """
    secrets = secrets_in(run)
    if secrets and not acknowledge_secrets:
        raise PackRefused(
            f"packing run {run.id} - what looks like secrets would leave this machine: {'; '.join(secrets)} - take "
            "them out and run again, or say that they may (--acknowledge-secrets)"
        )
    if target.exists():
        raise PackRefused(f"packing run {run.id} - expected {target} not to be there - choose another name")
    if not target.parent.is_dir():
        raise PackRefused(
            f"packing run {run.id} - expected folder {target.parent} - found none - make it, or choose another place"
        )
    if run.given_up:
        raise PackRefused(
            f"packing run {run.id} - expected all of its results - found that {', '.join(run.given_up)} were given up "
            "to hold less - run the backtest again and pack that run"
        )
    blobs = run.store.blobs_of(run)
    lacking = _needed(run).difference(blobs)
    if lacking:
        raise PackRefused(
            f"packing run {run.id} - {len(lacking)} blobs of its record are not in the store - see fsck"
        )
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as made:
            _write(made, run, blobs)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _needed(run: Run) -> set[str]:
    """Give the blobs without which a record is not complete: results, code that was stored, bars."""
    manifest = run.manifest
    needed = set()
    for item in run.artifacts.values():
        needed |= {item["blob"], *(item.get("parts") or ())}
    for one in (manifest.get("code") or {}).get("files") or ():
        if one.get("stored") is not False and one.get("raw"):
            needed.add(one["raw"])
    return needed


def _write(made: zipfile.ZipFile, run: Run, blobs: list[str]) -> None:
    def add(name: str, content: bytes) -> None:
        made.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)

    add("README.txt", README.encode())
    add("manifest.json", encode(run.manifest))
    for path in run.code:
        entry = next(one for one in run.manifest["code"]["files"] if one["path"] == path)
        if entry.get("stored") is not False and is_safe_path(path):
            add(f"code/{path}", run.code.bytes(path))
    for name in _TABLES:
        if name in run.artifacts:
            add(f"tables/{name}.parquet", _parquet(run.table(name)))
    for digest in sorted(blobs):
        made.writestr(
            zipfile.ZipInfo(f"blobs/{blob_name(digest)}", (1980, 1, 1, 0, 0, 0)),
            run.store.get(digest),
            zipfile.ZIP_STORED,
        )


def _parquet(table: Any) -> bytes:
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


# -- back ------------------------------------------------------------------------------------------------------------


def unpack(store: Store, source: Path, *, trust: bool = False) -> str:
    """Take the run that the zip *source* holds into *store*; give its id.

    Everything is checked first; :class:`PackRefused` says what is not as it must be, and nothing is stored then. A run
    that the store has already is left as it is. What a stranger says that code resulted in cannot be checked but by
    running it: unless you *trust* the run, its results are never served in the place of a run of yours.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            manifest, blobs = _checked(archive, source)
    except _NO_PACK as error:
        if isinstance(error, PackRefused):
            raise
        raise PackRefused(
            f"importing {source.name} - expected a pack of backtrail - found: {error}"
        ) from error
    run: str = manifest["run"]
    try:
        known = store.run(run)
    except RunNotFoundError:
        store.put_all(blobs)
        if not trust:
            store.refs.take_in(run)
        return store.commit(manifest)
    if known.manifest != manifest:
        raise PackRefused(
            f"importing {source.name} - the store has another record of run {run} - one of them was altered"
        )
    if trust and store.refs.is_foreign(run):
        store.refs.trust(run)
        store.point(manifest)
    return run


def _checked(archive: zipfile.ZipFile, source: Path) -> tuple[dict[str, Any], list[bytes]]:
    """Read manifest and blobs of a pack, having checked each member's name, kind, size and digest."""
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise PackRefused(
            f"importing {source.name} - expected at most {MOST_MEMBERS} members - found {len(members)}"
        )
    seen: set[str] = set()
    total = 0
    for member in members:
        total += member.file_size
        _check_member(member, seen, source)
        if total > LARGEST_PACK:
            raise PackRefused(
                f"importing {source.name} - expected at most {LARGEST_PACK} bytes - it unpacks to more"
            )
    if "manifest.json" not in seen:
        raise PackRefused(f"importing {source.name} - expected manifest.json in it - found none")
    try:
        manifest = decode(_read(archive, archive.getinfo("manifest.json"), source))
    except StoreError as error:
        raise PackRefused(f"importing {source.name} - its manifest is refused: {error}") from error
    _check_key(manifest, source)
    wanted = blobs_of(manifest)
    blobs = []
    for member in members:
        if not member.filename.startswith("blobs/"):
            continue  # for people; what is imported is the blobs
        content = _read(archive, member, source)
        digest = blob_digest(content)
        if f"blobs/{blob_name(digest)}" != member.filename:
            raise PackRefused(f"importing {source.name} - {member.filename} does not hold what its name says")
        if digest not in wanted:
            continue  # the record knows nothing of it
        blobs.append(content)
    held = {blob_digest(content) for content in blobs}
    for name, item in ((manifest.get("result") or {}).get("artifacts") or {}).items():
        lacking = {item["blob"], *(item.get("parts") or ())}.difference(held)
        if lacking:
            raise PackRefused(f"importing {source.name} - the blob of {name} is not in it")
    return manifest, blobs


def _check_key(manifest: dict[str, Any], source: Path) -> None:
    """Refuse a key that is not made of the components that the manifest gives."""
    components = manifest.get("components")
    if not manifest.get("key") or not components:
        return
    try:
        made = RunKey.read(components).digest
    except ParameterValueError as error:
        raise PackRefused(f"importing {source.name} - its components are refused: {error}") from error
    if made != manifest["key"]:
        raise PackRefused(f"importing {source.name} - expected the key that its components make - found another")


def _check_member(member: zipfile.ZipInfo, seen: set[str], source: Path) -> None:
    name = member.filename
    if not is_safe_path(name.rstrip("/")) or name.startswith("/"):
        raise PackRefused(
            f"importing {source.name} - expected names inside of the pack - found {ascii(name)[:80]}"
        )
    if name.casefold() in {one.casefold() for one in (seen if len(seen) < 64 else ())} or name in seen:
        raise PackRefused(
            f"importing {source.name} - expected each name once - found {ascii(name)[:80]} twice"
        )
    seen.add(name)
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise PackRefused(
            f"importing {source.name} - expected plain files - {ascii(name)[:80]} is a link or a device"
        )
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise PackRefused(
            f"importing {source.name} - expected deflated members - {ascii(name)[:80]} is of another kind"
        )
    if member.flag_bits & 1:
        raise PackRefused(
            f"importing {source.name} - expected no encryption - {ascii(name)[:80]} is encrypted"
        )
    if member.file_size > LARGEST_MEMBER:
        raise PackRefused(
            f"importing {source.name} - expected at most {LARGEST_MEMBER} bytes - {ascii(name)[:80]} has more"
        )
    if member.file_size > 1 << 20 and member.file_size > HIGHEST_RATIO * max(member.compress_size, 1):
        raise PackRefused(
            f"importing {source.name} - {ascii(name)[:80]} unpacks to {HIGHEST_RATIO} times its size: refused"
        )


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, source: Path) -> bytes:
    """Read a member; never more than it says it holds."""
    with archive.open(member) as opened:
        content = opened.read(member.file_size + 1)
    if len(content) != member.file_size:
        raise PackRefused(
            f"importing {source.name} - {ascii(member.filename)[:80]} holds another size than it says"
        )
    return content


__all__ = ["PackRefused", "pack", "secrets_in", "unpack"]
