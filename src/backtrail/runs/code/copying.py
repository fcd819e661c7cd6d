"""Copy captured files into a folder: nothing leaves the project unasked, nothing lands outside of the folder."""

from __future__ import annotations

import logging
import os
import re
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..digests import blob_digest
from .folders import MOST_DIGESTED, FileTooLarge, digest_of_file, read_regular
from .memo import LIMIT
from .model import Remark
from .notebook import strip_outputs
from .secrets import kinds_of_secrets, never_captured

_TOTAL: Final = 256 * 1024 * 1024
_RESERVED: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?\Z", re.IGNORECASE
)
_FORBIDDEN: Final = re.compile(r'[<>:"|?*\\\x00-\x1f]')
logger = logging.getLogger("backtrail.backtest.code_capture")


@dataclass(frozen=True, slots=True)
class Copied:
    """A file that was copied: ``path`` is where it is, relative to the output folder, with forward slashes."""

    path: str
    raw: str
    size: int
    link_target: str | None = None
    secrets: tuple[str, ...] = ()


class Copier:
    """Copies files of the project at *root* (resolved) into *output*; what was refused is said in ``warnings``.

    ``omitted`` are files that may be copied and are too large: their digests are known.
    """

    def __init__(
        self,
        root: Path,
        output: Path,
        *,
        allow_external: bool = False,
        allow_secrets: bool = False,
        limit: int = LIMIT,
    ) -> None:
        self.root = root
        self.output = output
        self.allow_external = allow_external
        self.allow_secrets = allow_secrets
        self.limit = limit
        self.copied: list[Copied] = []
        self.omitted: list[Copied] = []
        self.warnings: list[str] = []
        self._left = _TOTAL
        self._taken: dict[str, str] = {}

    def warn(self, said: str) -> None:
        """Note and log what could not be done."""
        self.warnings.append(said)
        logger.warning(said)

    def copy(self, files: Iterable[Path]) -> list[str]:
        """Copy *files*, each once, and give where they are; OSError if the output folder itself cannot be used."""
        self.output.mkdir(parents=True, exist_ok=True)
        sources: dict[str, None] = {os.path.abspath(file): None for file in files}
        begun = len(self.copied)
        for source in sources:
            self._copy(source)
        return [one.path for one in self.copied[begun:]]

    def write(self, path: str, content: bytes, link_target: str | None = None) -> bool:
        """Write *content* as *path*; tell whether it could be done."""
        raw = blob_digest(content)
        if len(content) > self._left:
            self.warn(f"{path} is left out: the files of one capture may have {_TOTAL} bytes in all")
            self.omitted.append(Copied(portable(path), raw, len(content), link_target))
            return False
        path = self._free(portable(path), raw)
        target = self.output / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            inside = Path(os.path.realpath(target.parent))
            if not inside.is_relative_to(os.path.realpath(self.output)):
                self.warn(f"{path} is refused: a link in {self.output} leads out of it")
                return False
            kinds = kinds_of_secrets(content)
            _replace(target, content, 0o600 if kinds else 0o644)
        except OSError as error:
            self.warn(f"Could not copy {path}: {error.strerror or error}")
            return False
        if kinds:
            said = (
                f"{path} seems to hold secrets ({', '.join(kinds)}): look at it before you share the capture"
            )
            self.warn(Remark(said))
        self._left -= len(content)
        self.copied.append(Copied(path, raw, len(content), link_target, kinds))
        return True

    def _copy(self, source: str) -> None:
        if "\0" in source:
            self.warn(f"File not found: {source!r}")
            return
        real = Path(os.path.realpath(source))
        # where the name stands, which for a link is not where the file is
        named = Path(os.path.realpath(os.path.dirname(source)), os.path.basename(source))
        if not os.path.lexists(source):
            self.warn(f"File not found: {source}")
            return
        inside = real.is_relative_to(self.root)
        if not inside and not self.allow_external:
            kind = "is a link to a file outside" if os.path.islink(source) else "lies outside"
            self.warn(
                f"{source} {kind} of the project {self.root} and is refused; allow_external=True permits it"
            )
            return
        pattern = never_captured(real.as_posix()) or never_captured(named.as_posix())
        if pattern is not None and not self.allow_secrets:
            self.warn(
                f"{source} matches {pattern} and may hold secrets: it is refused; allow_secrets=True permits it"
            )
            return
        try:
            content = read_regular(str(real), self.limit)
            if real.suffix == ".ipynb":
                content = strip_outputs(content)
        except FileTooLarge as error:
            self.warn(f"{source} is left out: {error}")
            self._omit(real, named, inside, error.size)
        except PermissionError:
            self.warn(f"Permission denied copying: {source}")
        except (OSError, ValueError) as error:
            self.warn(f"Could not copy {source}: {getattr(error, 'strerror', None) or error}")
        else:
            relative, link = self._relative(real, named, inside, blob_digest(content))
            self.write(relative, content, link)

    def _omit(self, real: Path, named: Path, inside: bool, size: int) -> None:
        """Note the digest of a file that is not copied, unless reading it would take too long."""
        if size > MOST_DIGESTED:
            return
        try:
            raw, size = digest_of_file(str(real))
        except OSError as error:
            self.warn(f"Could not read {real}: {error.strerror or error}")
            return
        relative, link = self._relative(real, named, inside, raw)
        self.omitted.append(Copied(portable(relative), raw, size, link))

    def _relative(self, real: Path, named: Path, inside: bool, raw: str) -> tuple[str, str | None]:
        """Give where a file goes, and where it leads to if it is a link within the project."""
        if inside and named.is_relative_to(self.root):
            relative = named.relative_to(self.root).as_posix()
        elif inside:
            relative = real.relative_to(self.root).as_posix()
        else:
            relative = f"_external/{raw[3:11]}/{real.name}"
        link = Path(os.path.relpath(real, named.parent)).as_posix() if inside and real != named else None
        return relative, link

    def _free(self, path: str, raw: str) -> str:
        """Give *path*, or a variant of it where the file system takes another file's name for the same."""
        folded = path.casefold()
        other = self._taken.get(folded)
        if other is not None and other != path and os.path.lexists(self.output / path):
            stem, dot, suffix = path.rpartition(".")
            path = f"{stem}~{raw[3:11]}{dot}{suffix}" if dot else f"{path}~{raw[3:11]}"
        self._taken.setdefault(folded, path)
        return path


def portable(path: str, windows: bool = os.name == "nt") -> str:
    """Give *path* (with forward slashes) in the form in which it is stored: composed Unicode, no way upwards.

    On Windows names that it reserves get an underscore behind the stem, and letters that it forbids are written as
    underscores. Brackets around a folder's name, as in ``<repl>``, become underscores everywhere.
    """
    parts = []
    for part in unicodedata.normalize("NFC", path).replace("<repl>", "_repl_").split("/"):
        if part in ("", ".", ".."):
            continue
        if windows:
            part = _FORBIDDEN.sub("_", part).rstrip(". ") or "_"
            if _RESERVED.match(part):
                stem, dot, rest = part.partition(".")
                part = f"{stem}_{dot}{rest}"
        parts.append(part)
    return "/".join(parts) or "_"


def _replace(target: Path, content: bytes, mode: int) -> None:
    """Write *content* to *target* in one step; a link that stands there is replaced, not followed."""
    temporary = target.with_name(f".{target.name[:40]}.{os.getpid()}-{threading.get_ident()}.writing")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


__all__ = ["Copied", "Copier", "portable"]
