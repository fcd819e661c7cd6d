"""StrategyCodeCapture: find the files that a strategy is made of and copy them."""

from __future__ import annotations

import logging
import os
import sys
import warnings as python_warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ..errors import unknown_name
from ..runs.code.copying import Copied, Copier
from ..runs.code.entry import detect_entry_point
from ..runs.code.folders import Folders
from ..runs.code.memo import Memo
from ..runs.code.model import (
    CaptureSettingError,
    EntryPointDetectionResult,
    OutputFolderError,
    Remark,
    StrategyNotFound,
    StrategyYamlNotFound,
    UnresolvedImport,
)
from ..runs.code.notebook import executed_cells
from ..runs.code.places import FRAMEWORK_NAMES, Places, project_root
from ..runs.code.resolver import Resolver, search_path
from ..runs.code.strategy_yaml import Listing, read_listing
from ..runs.code.walk import Walk

MODES: Final = ("import_analysis", "strategy_yaml", "entry_point", "auto", "disabled")
_YAML: Final = "strategy.yaml"
logger = logging.getLogger(__name__)


class StrategyCodeCapture:
    """Finds the source files of a strategy and copies them to a folder.

    Nothing of the strategy is imported or executed. What could not be done is logged, kept in :attr:`warnings` and
    makes :attr:`completeness` ``"partial"``; the backtest goes on. An object may be used from several threads.
    """

    def __init__(
        self,
        strategy_path: str | os.PathLike[str] | None = None,
        output_dir: str | os.PathLike[str] | None = None,
        mode: str | None = "import_analysis",
        *,
        allow_external: bool = False,
        allow_secrets: bool = False,
        strict: bool = False,
    ) -> None:
        """Prepare a capture of the strategy in the file *strategy_path* into *output_dir*.

        *mode* is ``'import_analysis'`` (a strategy.yaml beside the strategy if there is one, else every local file that
        is imported), ``'strategy_yaml'`` (the yaml, which must be there), ``'entry_point'`` (only the file from which
        the run was started), ``'auto'`` (as ``'import_analysis'``), or ``'disabled'`` or None. Both paths may be left
        out: methods that need one say so. *allow_external* permits files outside of the project, *allow_secrets* files
        that look like key stores; *strict* makes an import that no file answers an ImportError.

        Raises FileNotFoundError for a strategy that does not exist, ValueError for an unknown mode and OSError for an
        output folder that cannot be one.
        """
        if mode is not None and mode not in MODES:
            raise CaptureSettingError(unknown_name("mode", "StrategyCodeCapture", str(mode), MODES))
        self.mode = mode
        self.strategy_path = Path(strategy_path) if strategy_path is not None else None
        self.output_dir = Path(output_dir) if output_dir is not None else None
        self.allow_external = allow_external
        self.allow_secrets = allow_secrets
        self.strict = strict
        self.warnings: list[str] = []
        self.manifest: dict[str, Any] = {}
        if self.strategy_path is not None and not self.strategy_path.is_file():
            raise StrategyNotFound(
                f"capturing a strategy's code - expected a file - Strategy file not found: {self.strategy_path} - give "
                "the path of the Python file that holds the strategy"
            )
        if self.output_dir is not None:
            _check_output(self.output_dir)

    @property
    def project_root(self) -> Path:
        """The folder below which files are the strategy's own; see :func:`backtrail.runs.code.places.project_root`."""
        return project_root(
            self.strategy_path if self.strategy_path is not None else Path.cwd() / "strategy.py"
        )

    @property
    def completeness(self) -> str:
        """``"complete"``, or ``"partial"`` if something was left out of the last call."""
        return "partial" if any(not isinstance(said, Remark) for said in self.warnings) else "complete"

    # ---- the entry point

    def detect_entry_point(self) -> EntryPointDetectionResult:
        """Find the file from which this is called, or from which the run was started; never raises."""
        return detect_entry_point()

    # ---- capture

    def capture(self, strategy_yaml_path: str | os.PathLike[str] | None = None) -> list[str]:
        """Copy the strategy's files and give where they are, relative to the output folder, with forward slashes.

        A *strategy_yaml_path* decides; without one a strategy.yaml beside the strategy, and without that the mode.
        Raises FileNotFoundError for a yaml that is missing where one is needed, ValueError for one that is wrong, and
        OSError if the output folder cannot be written.
        """
        if self.mode in (None, "disabled") and strategy_yaml_path is None:
            return self._finish_(None, [], 0)
        output = self._output("capture")
        said: list[str] = []
        listing = self._listing_for_capture(strategy_yaml_path)
        copier = self._copier(output, listing)
        if listing is not None:
            _log(listing.warnings)
            said += listing.warnings
            files = self._in_order(listing)
            copied = copier.copy(files)
            copier.copy(
                [listing.path]
            )  # the list itself belongs to the record, and is not one of the listed files
        else:
            files = self._found_files(said)
            copied = copier.copy(files)
            if self.strategy_path is None:
                copied = self._cells(copier)
        logger.info("Successfully captured %d of %d discovered files", len(copied), len(files))
        self._finish_(copier, [*said, *copier.warnings], len(files))
        return copied

    def _listing_for_capture(self, explicit: str | os.PathLike[str] | None) -> Listing | None:
        if explicit is not None:
            return self._read_yaml(explicit)
        if self.mode == "strategy_yaml":
            return self._read_yaml(None)
        if self.mode != "entry_point" and self.strategy_path is not None:
            if os.path.lexists(self.strategy_path.parent / _YAML):
                return self._read_yaml(None)
        return None

    def _found_files(self, said: list[str]) -> list[Path]:
        """Give the files to copy when no yaml lists them."""
        if self.mode == "entry_point" or self.strategy_path is None:
            found = detect_entry_point()
            said += found.warnings
            main = self._started(found)
            if main is None or self.mode == "entry_point" or main.suffix != ".py":
                return [main] if main is not None else []
        else:
            main = self.strategy_path
        files, problems = self._analyse(main, raising=False)
        said += problems
        return files

    def _started(self, found: EntryPointDetectionResult) -> Path | None:
        """Give the file that was started; the strategy's if that one is of another project, or if none was found."""
        file, strategy = found.detected_file, self.strategy_path
        if file is None or strategy is None:
            return file or strategy
        return file if Path(os.path.realpath(file)).is_relative_to(self.project_root) else strategy

    def _cells(self, copier: Copier) -> list[str]:
        """Copy what a notebook or session executed, which is in no file or not as the file has it."""
        for cell in executed_cells():
            copier.write(f"<repl>/cell_{cell.number}.py", cell.source.encode("utf-8", "surrogatepass"))
        return [one.path for one in copier.copied]

    def _finish_(self, copier: Copier | None, said: Sequence[str], discovered: int) -> list[str]:
        copied = [] if copier is None else copier.copied
        omitted = [] if copier is None else copier.omitted
        self.warnings = list(said)
        self.manifest = {
            "files": [_entry(one) for one in copied] + [{**_entry(one), "stored": False} for one in omitted],
            "discovered": discovered, "completeness": self.completeness, "problems": list(said),
        }  # fmt: skip
        return [one.path for one in copied]

    # ---- the steps of a capture, one by one

    def analyze_imports(self) -> list[Path]:
        """Give the strategy's file and every local file that it imports, directly or through others.

        The paths open from the current folder: absolute if ``strategy_path`` is. The strategy comes first. A package
        comes with its ``__init__``. Raises SyntaxError if the strategy itself cannot be parsed (a dependency that
        cannot is logged and kept, with its imports unknown), and with ``strict`` ImportError for an import that no file
        answers, which otherwise is logged.
        """
        main = self._strategy("analyze_imports")
        files, problems = self._analyse(main, raising=True)
        self.warnings = problems
        return [self._opened_from_here(file) for file in files]

    def _analyse(self, main: Path, raising: bool) -> tuple[list[Path], list[str]]:
        """Give the files that *main* leads to and what was wrong; a capture goes on where *raising* would not."""
        file = os.path.abspath(main)
        root = project_root(file)
        walk = Walk(root, file, _memo)
        name = os.path.splitext(os.path.basename(file))[0]
        unit = walk.add_file(file, name, "", "strategy", "given")
        if unit is None:  # a strategy that lies among installed packages is captured alone
            return [Path(file)], [f"{main} belongs to an installed package: only this file is captured"]
        walk.memo.open_project(str(root))
        walk.run()
        if unit.analysis is not None and unit.analysis.error is not None and raising:
            _raise_syntax_error(file)
        kept = [
            u for u in walk.units.values() if walk.is_kept(u, self.allow_external) and u.snapshot is not None
        ]
        said = [problem.message for problem in walk.problems]
        for problem in walk.problems:
            if problem.kind == "unresolved" and raising and self.strict:
                raise UnresolvedImport(problem.message)
            if problem.kind == "syntax":
                logger.error("%s (backtest continues)", problem.message)
            else:
                logger.warning(problem.message)
        for outside in (u for u in walk.units.values() if not walk.is_kept(u, self.allow_external)):
            said.append(
                f"{outside.real} lies outside of the project {root} and is refused; allow_external permits it"
            )
            logger.warning(said[-1])
        used = [u.analysis.raw for u in walk.units.values() if u.analysis is not None]
        walk.memo.save_project(str(root), used)
        return [Path(u.file) for u in kept], said

    def load_strategy_yaml(self, yaml_path: str | os.PathLike[str] | None = None) -> list[Path]:
        """Give the files that a strategy.yaml lists (default: the one beside the strategy), the strategy first.

        Entries are relative to the yaml, and to the project root if they are not there. The paths open from the current
        folder: absolute if ``strategy_path`` is. Raises FileNotFoundError if there is no yaml, ``yaml.YAMLError`` if it
        is not YAML and ValueError naming the line if it is no list of files.
        """
        listing = self._read_yaml(yaml_path)
        _log(listing.warnings)
        self.warnings = list(listing.warnings)
        return [self._opened_from_here(file) for file in self._in_order(listing)]

    def _read_yaml(self, given: str | os.PathLike[str] | None) -> Listing:
        strategy = self.strategy_path
        if given is None:
            folder = strategy.parent if strategy is not None else Path()
            path = folder / _YAML
            if not path.is_file():
                raise StrategyYamlNotFound(
                    f"reading strategy.yaml - expected {path} - strategy.yaml not found - create it with `files:`, "
                    "or use mode='import_analysis'"
                )
        else:
            bases = [Path()] if strategy is None else [Path(), strategy.parent, self.project_root]
            path = next((base / given for base in bases if (base / given).is_file()), Path(given))
        root = project_root(strategy if strategy is not None else path)
        apart = self.output_dir
        if apart is not None and path.resolve().is_relative_to(apart.resolve()):
            apart = None  # the project is captured into itself
        return read_listing(path, root, allow_external=self.allow_external, output=apart)

    def _in_order(self, listing: Listing) -> list[Path]:
        files = list(listing.files)
        if self.strategy_path is not None:
            main = Path(os.path.realpath(self.strategy_path))
            files.sort(key=lambda file: file != main)
        return files

    def copy_files(self, files: Iterable[str | os.PathLike[str]]) -> list[str]:
        """Copy *files* to the output folder, structured as below the project root.

        Gives where they are, relative to the output folder, with forward slashes. A file that is missing, unreadable,
        no regular file, too large, outside of the project or a key store is left out and said in :attr:`warnings`.
        """
        copier = self._copier(self._output("copy_files"), None)
        given = [files] if isinstance(files, str | os.PathLike) else files
        located = [self._located(Path(file)) for file in given]
        copied = copier.copy(located)
        self._finish_(copier, copier.warnings, len(located))
        return copied

    def _located(self, file: Path) -> Path:
        """Find a relative path from the current folder, or else from the project root or the strategy's folder."""
        if not file.is_absolute() and not os.path.lexists(file) and self.strategy_path is not None:
            for base in (self.project_root, self.strategy_path.parent):
                if os.path.lexists(base / file):
                    return base / file
        return file

    def _copier(self, output: Path, listing: Listing | None) -> Copier:
        external = self.allow_external or (listing is not None and listing.allow_external)
        secrets = self.allow_secrets or (listing is not None and listing.allow_secrets)
        root = self.project_root
        if self.strategy_path is None and listing is not None:
            root = project_root(listing.path)
        elif self.strategy_path is None:
            found = detect_entry_point().detected_file
            root = project_root(found) if found is not None else root
        return Copier(root, output, allow_external=external, allow_secrets=secrets)

    def _opened_from_here(self, file: Path) -> Path:
        if self.strategy_path is None or self.strategy_path.is_absolute():
            return Path(os.path.abspath(file))
        try:
            return Path(os.path.relpath(file))
        except ValueError:  # on another drive
            return file

    def _strategy(self, method: str) -> Path:
        if self.strategy_path is None:
            raise CaptureSettingError(
                f"strategy_path is required for {method}(): give it to StrategyCodeCapture(...)"
            )
        return self.strategy_path

    def _output(self, method: str) -> Path:
        if self.output_dir is None:
            raise CaptureSettingError(
                f"output_dir is required for {method}(): give it to StrategyCodeCapture(...)"
            )
        return self.output_dir

    # ---- questions about modules

    @staticmethod
    def is_framework_module(module_name: str) -> bool:
        """Tell whether *module_name* is backtrail's, or a name under which backtrail answers (``backtrader``)."""
        return module_name.partition(".")[0] in FRAMEWORK_NAMES

    @staticmethod
    def is_stdlib_module(module_name: str) -> bool:
        """Tell whether *module_name* is the name of a module of Python's own library."""
        return module_name.partition(".")[0] in sys.stdlib_module_names

    @staticmethod
    def resolve_module_path(module_name: str, base_path: str | os.PathLike[str]) -> Path | None:
        """Give the file of *module_name*, looked up in *base_path*, its ``src`` and ``sys.path``, or None.

        Nothing is imported. A package gives its ``__init__``; a built-in module and a folder without one give None.
        """
        if not module_name or not all(part.isidentifier() for part in module_name.split(".")):
            return None
        base = Path(base_path)
        path = [str(base), str(base / "src"), *search_path(None, os.path.realpath(base))]
        found = Resolver(Places(Path(os.path.realpath(base))), path, Folders()).find(module_name)
        return Path(found.file) if found is not None and found.file else None


_memo = Memo()


def _entry(one: Copied) -> dict[str, Any]:
    return {
        "path": one.path, "raw": one.raw, "size": one.size, "link_target": one.link_target,
        "secrets": list(one.secrets),
    }  # fmt: skip


def _log(said: Iterable[str]) -> None:
    for one in said:
        logger.warning(one)


def _check_output(output: Path) -> None:
    """Refuse an output folder that is a file, or below one, or that may not be written."""
    for folder in (output, *output.absolute().parents):
        if os.path.lexists(folder):
            if not folder.is_dir():
                raise OutputFolderError(
                    f"preparing {output} - expected a folder - {folder} is none - choose another"
                )
            if not os.access(folder, os.W_OK | os.X_OK):
                raise OutputFolderError(
                    f"preparing {output} - expected to write there - {folder} permits none of it"
                )
            return


def _raise_syntax_error(file: str) -> None:
    """Raise what Python says of a file that cannot be parsed."""
    with open(file, "rb") as opened:
        source = opened.read()
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")
        try:
            compile(source, file, "exec", dont_inherit=True)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(f"{file} cannot be parsed: {error}") from error


__all__ = ["EntryPointDetectionResult", "StrategyCodeCapture"]
