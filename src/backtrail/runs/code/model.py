"""What a closure of code is made of, and the errors of capturing code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from ...errors import BacktrailError

if TYPE_CHECKING:
    from pathlib import Path

Role = Literal["entry", "strategy", "indicator", "analyzer", "observer", "sizer", "broker", "feed", "class", "function",
               "module", "binary", "config", "data", "notebook", "cell", "executed"]  # fmt: skip
How = Literal["static", "runtime", "yaml", "notebook", "class", "given"]

# the folder of one backtest is called so
BACKTEST_ID: Final = r"[0-9]{8}_[0-9]{6}_[0-9]{3}\Z"
# kinds of problems that leave a closure without a key
UNKNOWN_CODE: Final = ("no-source", "unreadable", "too-large", "stale")


class CodeCaptureError(BacktrailError):
    """Base of what capturing code raises."""


class StrategyNotFound(CodeCaptureError, FileNotFoundError):
    """The strategy file does not exist."""


class StrategyYamlNotFound(CodeCaptureError, FileNotFoundError):
    """There is no strategy.yaml where one is needed."""


class StrategyYamlError(CodeCaptureError, ValueError):
    """A strategy.yaml says something that it cannot say; the message names the line."""


class CaptureSettingError(CodeCaptureError, ValueError):
    """A mode or an argument of code capture that does not exist or is missing."""


class UnresolvedImport(CodeCaptureError, ImportError):
    """An import that no file answers, when that was asked to be an error."""


class OutputFolderError(CodeCaptureError, OSError):
    """The folder for captured code cannot be used."""


class OutsideFolder(CodeCaptureError, ValueError):
    """A name that leads out of the folder it belongs to."""


class Remark(str):
    """Something that a user should know and that left nothing out."""

    __slots__ = ()


class Problem(NamedTuple):
    """Something that a closure lacks or that its reader should know.

    ``kind`` is one word or two joined by a hyphen (``unresolved``, ``syntax``, ``unreadable``, ``outside``, ``secret``,
    ``too-large``, ``stale``, ``computed-import``, ``no-source``, ``ambiguous``); ``partial`` problems make the closure
    incomplete, the others are remarks.
    """

    kind: str
    message: str
    path: str = ""
    partial: bool = True


class CodeFile(NamedTuple):
    """One file of a closure as it was when the closure was made.

    ``path`` is relative to the project root with forward slashes; files from elsewhere stand below ``_external``, cells
    below ``_cells``. ``raw`` is the digest of the bytes, ``norm`` that of the normal form (empty for
    what is no code). ``stored`` is False for what is keyed but not to be kept: too large, outside of the project, or
    secret. ``secrets`` names the kinds of secrets that were seen in the text.
    """

    path: str
    module: str
    raw: str
    norm: str
    role: Role
    how: How
    size: int
    source: str | None = None
    link_target: str | None = None
    stored: bool = True
    secrets: tuple[str, ...] = ()
    content: bytes | None = None

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields if name != "content")
        return f"CodeFile({said})"

    def read(self) -> bytes:
        """Give the bytes as they were when the closure was made; CodeCaptureError if they were not kept."""
        if self.content is None:
            raise CodeCaptureError(
                f"reading {self.path} of a closure - expected its bytes - only the digest {self.raw} was kept "
                "(the file is too large, outside of the project, or holds secrets) - read it where it lies"
            )
        return self.content

    @property
    def text(self) -> str:
        """The source text, decoded as Python would decode it."""
        import io
        import tokenize

        content = self.read()
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
            return content.decode(encoding)
        except (SyntaxError, UnicodeDecodeError, LookupError):
            return content.decode("utf-8", "replace")

    def entry(self) -> dict[str, Any]:
        """Give what a manifest says of the file."""
        said: dict[str, Any] = {
            "path": self.path, "module": self.module, "raw": self.raw, "role": self.role, "how": self.how,
            "size": self.size,
        }  # fmt: skip
        if self.norm:
            said["norm"] = self.norm
        if self.link_target is not None:
            said["link_target"] = self.link_target
        if not self.stored:
            said["stored"] = False
        if self.secrets:
            said["secrets"] = list(self.secrets)
        return said


class _AsPath:
    """A path that is kept as text until somebody asks for it: most runs do without ``pathlib``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return self
        held = owner.__dict__[self.name]
        if type(held) is str:
            from pathlib import Path

            held = owner.__dict__[self.name] = Path(held)
        return held

    def __set__(self, owner: Any, value: Any) -> None:
        owner.__dict__[self.name] = value


@dataclass
class EntryPointDetectionResult:
    """Where the running program was started, as far as it can be seen.

    ``detection_method`` is ``'inspect_stack'``, ``'ipython'``, ``'frozen'`` or ``'fallback'``; ``confidence`` is
    ``'high'``, ``'medium'`` or ``'low'``, and ``confidence_score`` the same between 0 and 1. ``execution_context`` is
    ``'script'``, ``'notebook'``, ``'repl'``, ``'frozen'`` or ``'worker'``. A failed detection has no ``detected_file``,
    the method ``'fallback'`` and the confidence ``'low'``.
    """

    detected_file: Path | None
    detection_method: str
    confidence: str
    warnings: list[str]
    confidence_score: float = 0.0
    execution_context: str = "unknown"
    fallback_used: bool = False

    @property
    def file(self) -> str | None:
        """The detected file as text."""
        held = self.__dict__["detected_file"]
        return None if held is None else str(held)

    def entry(self) -> dict[str, Any]:
        """Give what a manifest says of the detection; the file's name only, not where it lies."""
        return {
            "file": os.path.basename(self.file) if self.file else None, "method": self.detection_method,
            "confidence": self.confidence, "context": self.execution_context, "warnings": list(self.warnings),
        }  # fmt: skip


EntryPointDetectionResult.detected_file = _AsPath("detected_file")  # type: ignore[assignment]


@dataclass(frozen=True)
class Closure:
    """All code of the user's that a run is made of.

    ``digest`` stays when comments, docstrings, layout or the folder change, and changes with anything else. ``entry``
    is the path of the entry among ``files``; ``modules`` gives the normal form of each module by name; ``packages`` are
    the top-level names of libraries that the code imports. ``keyable`` is False when code that runs is not known: such
    a run has no key. ``application`` tells file, version and digest of a packed application.
    """

    digest: str
    files: tuple[CodeFile, ...]
    entry: str | None
    detection: EntryPointDetectionResult
    problems: tuple[Problem, ...]
    modules: Mapping[str, str]
    packages: tuple[str, ...]
    root: Path
    keyable: bool = True
    application: Mapping[str, Any] | None = None

    @property
    def completeness(self) -> str:
        """``"complete"``, or ``"partial"`` if something of the code could not be had."""
        return "partial" if any(problem.partial for problem in self.problems) else "complete"

    @property
    def unknown(self) -> str:
        """What of the code that runs is not known, in one sentence; empty if all of it is."""
        return next((problem.message for problem in self.problems if problem.kind in UNKNOWN_CODE), "")

    @property
    def stale(self) -> bool:
        """Whether a file changed after the code in it was loaded."""
        return any(problem.kind == "stale" for problem in self.problems)

    @property
    def runtime_only(self) -> tuple[str, ...]:
        """The modules that were loaded although no import statement leads to them."""
        return tuple(file.module for file in self.files if file.how == "runtime")

    def __getitem__(self, path: str) -> CodeFile:
        for file in self.files:
            if file.path == path:
                return file
        raise KeyError(f"the closure has no file {path!r}; it has {[file.path for file in self.files]}")

    def manifest(self) -> dict[str, Any]:
        """Give the ``code`` section of a run's manifest: no absolute path and no user name is in it."""
        said = {
            "closure": self.digest, "entry": self.entry, "detection": self.detection.entry(),
            "files": [file.entry() for file in self.files], "packages": list(self.packages),
            "completeness": self.completeness, "keyable": self.keyable, "stale": self.stale,
            "problems": [{"kind": p.kind, "message": p.message, "path": p.path} for p in self.problems],
        }  # fmt: skip
        if self.application is not None:
            said["application"] = dict(self.application)
        return said


Closure.root = _AsPath("root")  # type: ignore[assignment]

__all__ = [
    "BACKTEST_ID",
    "UNKNOWN_CODE",
    "CaptureSettingError",
    "Closure",
    "CodeCaptureError",
    "CodeFile",
    "EntryPointDetectionResult",
    "How",
    "OutputFolderError",
    "OutsideFolder",
    "Problem",
    "Remark",
    "Role",
    "StrategyNotFound",
    "StrategyYamlError",
    "StrategyYamlNotFound",
    "UnresolvedImport",
]
