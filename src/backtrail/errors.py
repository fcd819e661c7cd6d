"""The exceptions and warnings of backtrail.

::

    BacktrailError
    ├── DeclarationError          a class or a line expression is declared in a way that cannot work
    ├── ParameterError            (TypeError) an unknown parameter
    ├── ParameterValueError       (ValueError) a parameter outside its range
    │   ├── ParameterTypeError    (TypeError) a parameter that is not of the kind that is needed
    │   └── UnknownCalendarError  (RuntimeError) a name that no trading calendar has
    ├── DataError                 (ValueError) a feed cannot be read
    ├── LookAheadError            a bar of the future was read
    ├── OrderError                (ValueError) an order that no broker could take
    │   ├── OrderTypeError        (TypeError) something in it is not of the kind that is needed
    │   └── UnknownDataError      (KeyError) a name that no data has
    ├── StrategySkipError         raised by a strategy's ``__init__``: leave this one out
    ├── ModuleImportError         (ImportError) a package named in ``packages`` is missing
    │   └── FromModuleImportError a package named in ``frompackages`` is missing
    ├── ResultError               (AttributeError) what a run left behind cannot be given
    ├── NotRecordedError          something of a run was read that the record it was served from does not keep
    ├── NotAvailableError         (AttributeError) a name of backtrader that backtrail does not answer
    └── StoreError                the store of run records cannot do what was asked
        ├── StoreNotFoundError    (FileNotFoundError) there is no store at this place
        ├── StoreVersionError     a store, manifest or segment in a format of another version
        ├── StoreWriteError       the disk is full, read-only or forbids writing
        ├── StoreReadError        the disk or the network cannot be read
        ├── MissingBlobError      (KeyError) a blob that the store does not have
        ├── CorruptBlobError      stored bytes that are not what they were
        ├── ManifestError         (ValueError) a record that is refused: malformed, unsafe or not as sealed
        ├── RunNotFoundError      (KeyError) an id, tag or key that names no run
        ├── AmbiguousRunError     (ValueError) an id that several runs begin with
        ├── ProtectedRunError     a run that is pinned, tagged or still running and was to be removed
        ├── UnknownMetricError    (KeyError) a metric that no run has
        └── QueryError            (ValueError) a query that cannot be read

    BacktrailWarning (UserWarning)
    ├── DataWarning               bars that are traded on although something is wrong with them
    ├── LookAheadWarning          a read that reaches outside the past and is allowed
    ├── OrderWarning              an order that will not do what it seems to ask
    ├── ParameterWarning          a parameter that will hardly do what it seems to ask
    └── CompatWarning             a setting that has no effect here
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class BacktrailError(Exception):
    """Base of every error that backtrail raises on purpose."""


BacktraderError = BacktrailError  # for scripts that catch it


class DeclarationError(BacktrailError, TypeError):
    """A class, a line or an expression is declared in a way that cannot work."""


class ParameterError(BacktrailError, TypeError):
    """A keyword that is not a parameter."""


class ParameterValueError(BacktrailError, ValueError):
    """A parameter value outside of what the parameter accepts."""


class ParameterTypeError(ParameterValueError, TypeError):
    """A parameter value that is not of the kind that is needed; backtrader raises ``TypeError``, mostly later."""


class UnknownCalendarError(ParameterValueError, RuntimeError):
    """A name that no trading calendar has; pandas_market_calendars raises ``RuntimeError``."""


class DataError(BacktrailError, ValueError):
    """A feed that cannot be read: the message names file or feed, row, column and remedy."""


class LookAheadError(BacktrailError):
    """A bar of the future was read while a strategy was running.

    Not an ``IndexError``: code that swallows index errors does not hide it, and ``Cerebro.run`` raises it again at the
    end of the run if user code caught it.
    """


class OrderError(BacktrailError, ValueError):
    """An order that no broker could take."""


class OrderTypeError(OrderError, TypeError):
    """An order with something that is not of the kind that is needed; backtrader raises ``TypeError``."""


class UnknownDataError(OrderError, KeyError):
    """A name that no data has; backtrader raises ``KeyError``."""

    __str__ = Exception.__str__  # without the quotes of a key


class StrategySkipError(BacktrailError):
    """Raise in a strategy's ``__init__`` to leave this strategy out of the run."""


class ModuleImportError(BacktrailError, ImportError):
    """A package named in ``packages`` cannot be imported."""

    def __init__(self, message: str, *args: object) -> None:
        super().__init__(message)
        self.args = args


class FromModuleImportError(ModuleImportError):
    """A package or name listed in ``frompackages`` cannot be imported."""


class ResultError(BacktrailError, AttributeError):
    """What a run left behind cannot be given: it was not kept, or there was no run."""


class NotRecordedError(BacktrailError):
    """Something of a run was read that the record it was served from does not keep.

    Not an ``AttributeError``: ``getattr`` with a default and ``hasattr`` do not hide it.
    """


class NotAvailableError(BacktrailError, AttributeError):
    """A name of backtrader that backtrail does not answer."""


class StoreError(BacktrailError):
    """The store of run records cannot do what was asked; base of every error of the store."""

    def __str__(self) -> str:
        """Give the message as it is: a ``KeyError`` would quote it."""
        return str(self.args[0]) if self.args else ""


class StoreNotFoundError(StoreError, FileNotFoundError):
    """There is no store at this place and none was to be created."""


class StoreVersionError(StoreError):
    """A store, manifest or segment is written in a format that this version does not read."""


class StoreWriteError(StoreError):
    """The store cannot be written: the disk is full, read-only, or forbids it."""


class StoreReadError(StoreError):
    """The store cannot be read: the disk, the permissions or the network fail."""


class MissingBlobError(StoreError, KeyError):
    """A blob that the store does not have."""


class CorruptBlobError(StoreError):
    """Stored bytes that are not what their name says."""


class ManifestError(StoreError, ValueError):
    """A record that is refused: malformed, unsafe, or not as it was sealed."""


class RunNotFoundError(StoreError, KeyError):
    """An id, prefix, tag or key that names no run of the store."""


class AmbiguousRunError(StoreError, ValueError):
    """A prefix with which the ids of several runs begin."""


class ProtectedRunError(StoreError):
    """A run that was to be removed and is pinned, tagged or part of a sweep."""


class UnknownMetricError(StoreError, KeyError):
    """A metric that no run in question has; the message lists those there are."""


class QueryError(StoreError, ValueError):
    """A query that cannot be read."""


class BacktrailWarning(UserWarning):
    """Base of every warning that backtrail gives."""


class DataWarning(BacktrailWarning):
    """Bars that are traded on although something is wrong with them."""


class LookAheadWarning(BacktrailWarning):
    """A read outside of the past that is allowed by setting or by compatibility."""


class OrderWarning(BacktrailWarning):
    """An order that will not do what it seems to ask for."""


class ParameterWarning(BacktrailWarning):
    """A parameter value that is taken, as in backtrader, and will hardly do what it seems to ask for."""


class CompatWarning(BacktrailWarning):
    """A setting or keyword that has no effect here."""


def unknown_name(kind: str, owner: str, name: str, known: Iterable[str]) -> str:
    """Give the sentence for a name that *owner* does not have, with the nearest known name."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{owner} has no {kind} {name!r}; it has {names}.{hint}"
