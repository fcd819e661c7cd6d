"""The manifest of a run: one immutable JSON file, checked field by field when it is read, whoever wrote it.

Fields that this version does not know are kept as they are. The last field, ``seal``, is the digest of every byte
before it: a manifest that was cut or altered is noticed.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import posixpath
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ...errors import ManifestError, StoreVersionError
from ..digests import blob_digest, is_digest
from .layout import is_run_id
from .values import as_number, to_json

SCHEMA = 1
STATES = ("finished", "failed", "killed", "cached")
LIMIT = 64 * 1024 * 1024
"""Bytes of the largest manifest that is read."""

Manifest = dict[str, Any]

_SECTIONS = (
    "engine", "code", "git", "params", "config", "seed", "env", "split", "sweep", "result", "time", "exit",
)  # fmt: skip

_SEAL = re.compile(rb',"seal":"(b3:[0-9a-f]{64})"\}\n?\Z')
_SEAL_FIELD = b',"seal":"'
_DRIVE = re.compile(r"[A-Za-z]:")
_ARTIFACT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\Z")


def encode(manifest: Mapping[str, Any]) -> bytes:
    """Give *manifest* as sealed JSON after checking it; raise `ManifestError` if it could not be read again."""
    plain = to_plain(manifest)
    check(plain)
    return seal(plain)


def to_plain(manifest: Mapping[str, Any]) -> Manifest:
    """Give *manifest* as plain JSON values without its seal."""
    try:
        plain = to_json({name: value for name, value in manifest.items() if name != "seal"})
    except ValueError as error:
        raise ManifestError(f"writing a manifest - expected values of a record - found: {error}") from error
    if "$dict" in plain:
        raise ManifestError("writing a manifest - expected texts as names of its fields - found other keys")
    metrics = (manifest.get("result") or {}).get("metrics")
    if isinstance(metrics, Mapping) and any(str(name).startswith("$") for name in metrics):
        # names of metrics are no tags
        plain["result"]["metrics"] = {str(name): to_json(value) for name, value in metrics.items()}
    return dict(plain)


def dump(plain: Manifest) -> bytes:
    """Give the JSON of plain values in UTF-8."""
    try:
        body = _WRITER.encode(plain).encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        raise ManifestError(f"writing a record - expected plain values - found: {error}") from error
    if len(body) > LIMIT:
        raise ManifestError(f"writing a record - expected at most {LIMIT} bytes - found {len(body)}")
    return body


def seal(plain: Manifest) -> bytes:
    """Give the JSON of *plain*, which is not empty, with the digest of it as last field."""
    body = dump(plain)[:-1]
    return b'%s,"seal":"%s"}\n' % (body, blob_digest(body).encode())


def decode(data: bytes, *, run: str | None = None) -> Manifest:
    """Read the manifest in *data*, of *run* if that is given; raise `ManifestError` for whatever is not right."""
    plain = read_sealed(data, "a manifest")
    check(plain)
    if run is not None and plain["run"] != run:
        raise _refusal("run", run, plain["run"])
    return plain


class Again:
    """Manifests that were read and checked here, for those that are read once more, as in hits of one key.

    Their bytes are compared each time, and whoever asks has a copy of his own.
    """

    def __init__(self, most: int = 64) -> None:
        """Keep the *most* lately read ones."""
        self._most = most
        self._kept: dict[str, tuple[bytes, bytes | None]] = {}

    def decode(self, data: bytes, run: str) -> Manifest:
        """Give what `decode` gives for the manifest in *data*, of *run*."""
        known = self._kept.pop(run, None)
        if known is not None and known[0] == data and known[1] is not None:
            self._kept[run] = known
            found: Manifest = marshal.loads(known[1])
            return found
        plain = decode(data, run=run)
        second = known is not None and known[0] == data
        while len(self._kept) >= self._most:
            with contextlib.suppress(StopIteration, KeyError):  # another thread was at it
                del self._kept[next(iter(self._kept))]
        self._kept[run] = (data, marshal.dumps(plain) if second else None)
        return plain


def read_sealed(data: bytes, what: str) -> Manifest:
    """Read the JSON object in *data* and check its seal; raise `ManifestError` if it was altered."""
    if len(data) > LIMIT:
        raise ManifestError(f"reading {what} - expected at most {LIMIT} bytes - found {len(data)}")
    seal = _SEAL.match(data, max(data.rfind(_SEAL_FIELD), 0))
    if seal is None:
        raise ManifestError(f"reading {what} - expected a seal at its end - found none: it is cut or was edited")
    if blob_digest(data[: seal.start()]) != seal[1].decode():
        raise ManifestError(f"reading {what} - expected what was sealed - found other bytes: it was altered")
    plain = read_object(data, what)
    del plain["seal"]
    return plain


def read_object(data: bytes, what: str) -> dict[str, Any]:
    """Read a JSON object strictly: no double keys, no NaN, no lone surrogates, no nesting without end."""
    try:
        plain = _STRICT.decode(data.decode("utf-8"))
        if not isinstance(plain, dict):
            raise ManifestError(f"reading {what} - expected a JSON object - found {type(plain).__name__}")
        if b"\\ud" in data or b"\\uD" in data:
            json.dumps(plain, ensure_ascii=False).encode("utf-8")
    except ManifestError:
        raise
    except RecursionError as error:
        raise ManifestError(f"reading {what} - expected few levels - found nesting without end") from error
    except ValueError as error:  # also UnicodeDecodeError, UnicodeEncodeError and JSONDecodeError
        raise ManifestError(f"reading {what} - expected JSON in UTF-8 - found: {error}") from error
    return plain


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ManifestError("reading a record - expected each field once - found one twice")
    return found


def _constant(text: str) -> float:
    raise ManifestError(f"reading a record - expected numbers of JSON - found {text}")


_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False)
_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant)


def check(plain: Any) -> None:
    """Check the fields this version knows of; raise `ManifestError` naming the first that is wrong.

    Raise `StoreVersionError` for a schema of a later version.
    """
    if not isinstance(plain, dict):
        raise ManifestError(f"reading a manifest - expected a JSON object - found {type(plain).__name__}")
    schema = plain.get("schema")
    if type(schema) is not int or schema < 1:
        raise _refusal("schema", f"a number from 1 to {SCHEMA}", schema)
    if schema > SCHEMA:
        raise StoreVersionError(
            f"reading a manifest - expected a schema up to {SCHEMA} - found {schema} - "
            "a later version of backtrail wrote it: update backtrail to read it"
        )
    _need(plain, "run", is_run_id, "a UUID of version 7")
    _need(plain, "status", lambda value: value in STATES, f"one of {', '.join(STATES)}")
    _may(plain, "key", is_digest, "a digest")
    _may(plain, "attempt_of", is_run_id, "the id of a run")
    for name in ("backtest_id", "strategy"):
        _may(plain, name, _is_text, "a text")
    for name in _SECTIONS:
        _may(plain, name, _is_object, "an object")
    for name in ("data", "inputs", "purity"):
        _may(plain, name, _is_list, "a list")
    _check_code(plain.get("code") or {})
    _check_result(plain.get("result") or {})
    for item in plain.get("data") or ():
        _check_data(item)
    for item in plain.get("inputs") or ():
        _check_input(item)
    _may(plain.get("git") or {}, "diff", is_digest, "a digest", "git.")
    _may(plain.get("exit") or {}, "traceback", is_digest, "a digest", "exit.")
    _may(plain.get("env") or {}, "dists", is_digest, "a digest", "env.")
    time = plain.get("time") or {}
    for name in ("start", "end"):
        _may(time, name, lambda value: _is_text(value) or as_number(value) is not None, "a time", "time.")
    sweep = plain.get("sweep") or {}
    _may(sweep, "id", lambda value: _is_text(value) and len(value) <= 200, "a short text", "sweep.")
    _may(sweep, "index", lambda value: _is_size(value) or _is_list(value), "a number", "sweep.")


def _check_code(code: dict[str, Any]) -> None:
    _may(code, "closure", is_digest, "a digest", "code.")
    _may(code, "files", _is_list, "a list", "code.")
    seen: set[str] = set()
    for item in code.get("files") or ():
        if not isinstance(item, dict):
            raise _refusal("code.files", "objects", item)
        path = item.get("path")
        if not isinstance(path, str) or not is_safe_path(path):
            raise _refusal("code.files.path", "a relative path that stays in its folder", path)
        if path in seen:
            raise _refusal("code.files.path", "each path once", path)
        seen.add(path)
        for name in ("raw", "norm"):
            _may(item, name, is_digest, "a digest", "code.files.")
        _may(item, "size", _is_size, "a size", "code.files.")
        link = item.get("link_target")
        if link is not None and not _leads_inside(path, link):
            raise _refusal("code.files.link_target", "a relative path that stays in the project", link)


def _check_result(result: dict[str, Any]) -> None:
    _may(result, "metrics", _is_object, "an object", "result.")
    for name, value in (result.get("metrics") or {}).items():
        if not name or (type(value) is not float and value is not None and as_number(value) is None):
            raise _refusal(f"result.metrics.{name}", "a number", value)
    _may(result, "artifacts", _is_object, "an object", "result.")
    for name, item in (result.get("artifacts") or {}).items():
        if not _ARTIFACT.match(name):
            raise _refusal("result.artifacts", "names of letters, digits, _ . -", name)
        if not isinstance(item, dict) or not is_digest(item.get("blob")):
            raise _refusal(f"result.artifacts.{name}", "an object with the digest of a blob", item)
        _may(item, "content", is_digest, "a digest", f"result.artifacts.{name}.")
        _may(item, "size", _is_size, "a size", f"result.artifacts.{name}.")
        parts = item.get("parts")
        if parts is not None and not (_is_list(parts) and all(is_digest(part) for part in parts)):
            raise _refusal(f"result.artifacts.{name}.parts", "a list of digests", parts)


def _check_data(item: Any) -> None:
    if not isinstance(item, dict):
        raise _refusal("data", "objects", item)
    for name in ("fingerprint", "chunks", "snapshot"):
        _may(item, name, is_digest, "a digest", "data.")
    _may(item, "rows", _is_size, "a number of rows", "data.")
    _may(item, "columns", _is_object, "an object", "data.")
    for name, digest in (item.get("columns") or {}).items():
        if not is_digest(digest):
            raise _refusal(f"data.columns.{name}", "a digest", digest)


def _check_input(item: Any) -> None:
    if not isinstance(item, dict):
        raise _refusal("inputs", "objects", item)
    _need(item, "path", _is_text, "a path", "inputs.")
    _may(item, "digest", is_digest, "a digest", "inputs.")


def is_safe_path(path: object) -> bool:
    """Tell whether *path* is relative, in posix spelling, and cannot leave the folder it is put in, on any system."""
    if not isinstance(path, str) or not path or len(path) > 4096:
        return False
    if path != unicodedata.normalize("NFC", path) or "\\" in path or "\0" in path or _DRIVE.match(path):
        return False
    return all(part not in ("", ".", "..") and len(part.encode("utf-8", "replace")) <= 255 for part in path.split("/"))


def _leads_inside(path: str, link: object) -> bool:
    """Tell whether *link*, a target seen from the folder of *path*, stays below the folder that *path* is in."""
    if not isinstance(link, str) or not link or link[0] == "/" or _DRIVE.match(link):
        return False
    return is_safe_path(posixpath.normpath(posixpath.join(posixpath.dirname(path), link)))


def _need(
    fields: dict[str, Any], name: str, right: Callable[[Any], bool], expected: str, prefix: str = ""
) -> None:
    if not right(fields.get(name)):
        raise _refusal(prefix + name, expected, fields.get(name))


def _may(
    fields: dict[str, Any], name: str, right: Callable[[Any], bool], expected: str, prefix: str = ""
) -> None:
    value = fields.get(name)
    if value is not None and not right(value):
        raise _refusal(prefix + name, expected, value)


def _refusal(field: str, expected: str, found: object) -> ManifestError:
    shown = ascii(found)
    shown = shown if len(shown) <= 120 else shown[:117] + "..."
    return ManifestError(f"checking a manifest - {field}: expected {expected} - found {shown} - it is refused")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _is_size(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def blobs_of(manifest: Manifest) -> set[str]:
    """Give every digest in *manifest*, be it in a field of a later version: what may be a blob of it."""
    return digests_in(manifest)


def result_blobs_of(manifest: Manifest, parts: Collection[str] | None = None) -> set[str]:
    """Give the digests of the blobs that hold the results of *manifest*: without them the run is incomplete.

    *parts* names the artifacts that are kept of a run whose results were given up; None stands for all.
    """
    found: set[str] = set()
    for name, item in ((manifest.get("result") or {}).get("artifacts") or {}).items():
        if parts is None or name in parts:
            found.add(item["blob"])
            found.update(item.get("parts") or ())
    return found


def source_blobs_of(manifest: Manifest) -> dict[str, str]:
    """Give the blobs with what the run of *manifest* was made of and left besides its results, and what each holds.

    Without them the results are whole, but the run cannot be run again or understood.
    """
    found: dict[Any, str] = {}
    for one in (manifest.get("code") or {}).get("files") or ():
        if one.get("stored") is not False:
            found[one.get("raw")] = f"source {one['path']}"
    for at, one in enumerate(manifest.get("data") or ()):
        name = one.get("name") or at
        found[one.get("snapshot")] = f"the bars of feed {name!r}"
        found[one.get("chunks")] = f"the fingerprints of feed {name!r}"
    found[(manifest.get("git") or {}).get("diff")] = "the difference to the last commit"
    found[(manifest.get("exit") or {}).get("traceback")] = "the traceback"
    found[(manifest.get("env") or {}).get("dists")] = "the list of libraries"
    return {blob: what for blob, what in found.items() if isinstance(blob, str) and is_digest(blob)}


def digests_in(value: Any) -> set[str]:
    """Give every digest that stands anywhere in *value*, in fields that this version does not know too."""
    found: set[str] = set()
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            if is_digest(item):
                found.add(item)
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return found
