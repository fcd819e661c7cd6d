"""The key of a run: one digest over everything that decides its result, by named components.

Two runs with one key give the same result. What a component is made of is its own affair; where two keys differ,
:func:`explain` names the components.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from ..errors import ParameterValueError, unknown_name
from .digests import PREFIX, digest, is_digest
from .encoding import encode

#: Raised whenever the engine gives other results for the same run than before: earlier results are not served then.
SEMANTICS_EPOCH: Final = 4

#: What a key is made of, in the order in which it is written. Components that a run does not have are left out.
COMPONENTS: Final = ("engine", "code", "params", "config", "data", "seed", "env", "salt")

_KEY: Final = "backtrail-key/1"
_PART: Final = "backtrail-key-part/1"


@dataclass(frozen=True, slots=True)
class RunKey:
    """The digests of the components of a run by name, and the digest over them all.

    Make one with :meth:`of`. ``digest`` is the key itself: ``b3:`` and 64 hexadecimal digits.
    """

    components: Mapping[str, str]
    digest: str

    @classmethod
    def of(cls, **components: str) -> RunKey:
        """Make a key of the digests of its components; ``engine`` is this engine's unless given.

        ParameterValueError for a component that there is not, or a value that is no digest (see :func:`part`).
        """
        given = components if "engine" in components else {"engine": engine_part(), **components}
        for name, value in given.items():
            if name not in COMPONENTS:
                raise ParameterValueError(unknown_name("component", "a run's key", name, COMPONENTS))
            if not is_digest(value):
                raise ParameterValueError(
                    f"making the key of a run - expected the digest of component {name!r} - found {value!r:.80} - pass "
                    f"part({name!r}, ...)"
                )
        ordered: dict[str, str] = {name: given[name] for name in COMPONENTS if name in given}
        return cls(MappingProxyType(ordered), _over(ordered))

    @classmethod
    def read(cls, components: Mapping[str, str]) -> RunKey:
        """Make the key whose components a manifest gives."""
        return cls.of(**{str(name): value for name, value in components.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        return RunKey.read, (dict(self.components),)

    def __str__(self) -> str:
        return self.digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunKey) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def explain(self, other: RunKey) -> list[str]:
        """Name the components in which *other* differs, in their order; none if the keys are equal."""
        return explain(self, other)


def _over(components: Mapping[str, str]) -> str:
    """Give the digest over the digests of components."""
    parts: list[bytes] = []
    for name, value in components.items():
        parts += (name.encode(), bytes.fromhex(value[len(PREFIX) :]))
    return digest(_KEY, *parts)


def part(name: str, value: Any, asked: set[str] | None = None) -> str:
    """Give the digest of component *name* of a key, made of any value that has a canonical encoding.

    *asked* takes up what code in the value asks for that no key can tell, such as the clock.
    :class:`~.encoding.UncacheableParameter` names what has none, for example ``params.model.weights``.
    """
    return digest(_PART, name.encode(), encode(value, name, asked))


def engine_part(build: str | None = None) -> str:
    """Give the engine's component: the epoch of its results, and for an engine under development its *build* digest."""
    return _engine_part(SEMANTICS_EPOCH, build)


@functools.lru_cache(maxsize=16)
def _engine_part(epoch: int, build: str | None) -> str:
    return part("engine", [epoch] if build is None else [epoch, build])


def data_part(feeds: Any) -> str:
    """Give the data component of the fingerprints of a run's feeds, in their order."""
    return part("data", [one.digest for one in feeds])


def explain(a: RunKey | Mapping[str, str], b: RunKey | Mapping[str, str]) -> list[str]:
    """Name the components in which two keys differ, in their order; one that only one of them has differs."""
    left = a.components if isinstance(a, RunKey) else a
    right = b.components if isinstance(b, RunKey) else b
    names = [*COMPONENTS, *sorted({*left, *right}.difference(COMPONENTS))]
    return [name for name in names if left.get(name) != right.get(name)]


__all__ = ["COMPONENTS", "SEMANTICS_EPOCH", "RunKey", "data_part", "engine_part", "explain", "part"]
