"""Questions to the index, as text: ``strategy = 'sma' and sharpe_ratio > 1``.

::

    question    := both { "or" both }
    both        := single { "and" single }
    single      := "not" single | "(" question ")" | test
    test        := name compare value | name ["not"] "in" "(" value { "," value } ")"
                 | name ["not"] "like" text | name "is" ["not"] "null"
    compare     := "=" "==" "!=" "<>" "<" "<=" ">" ">="
    value       := number | 'text' | "text" | "true" | "false"

A name is a field of runs (id, key, strategy, status, start, end, wall, sweep, splits, fold, code, data, config,
engine, backtest_id, purity), a metric or a parameter; ``metric.x`` and ``param.x`` say which, and names with other
characters are written in backquotes. In ``like``, ``*`` and ``?`` stand for characters. Times are written in ISO 8601,
in UTC if they do not say. What cannot be compared (a NaN, a missing metric) is no match.

The text never becomes SQL: it is read here, names are looked up, values are bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ...errors import QueryError
from .run import seconds

LIMIT = 10_000
DEPTH = 50

FIELDS = (
    "id", "key", "strategy", "status", "start", "end", "wall", "sweep", "number", "splits", "fold", "code", "data",
    "config", "engine", "purity", "backtest_id",
)  # fmt: skip
TIMES = ("start", "end")

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))"
    r"|(?P<text>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")"
    r"|(?P<name>[^\W\d][\w.]*|`[^`]+`)"
    r"|(?P<sign><=|>=|==|!=|<>|=|<|>|\(|\)|,))"
)
_COMPARE = {"=": "=", "==": "=", "!=": "<>", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_WORDS = {"and", "or", "not", "in", "like", "is", "null", "true", "false"}

Known = Callable[[str], Iterable[str]]
"""Gives the names of metrics (``"metric"``) or parameters (``"param"``) that the index knows."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A question as SQL with places for *values*; the table of runs is named ``runs``."""

    sql: str
    values: list[Any]


def compile_query(text: str, known: Known) -> Condition:
    """Read *text*; an empty one asks for every run. Raise `QueryError` saying where and what was expected."""
    if len(text) > LIMIT:
        raise QueryError(f"reading a query - expected at most {LIMIT} characters - found {len(text)}")
    return _Reader(text, known).read()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    """Reads one question from left to right."""

    def __init__(self, text: str, known: Known) -> None:
        self._text = text
        self._known = known
        self._values: list[Any] = []
        self._tokens = list(self._split_())
        self._next = 0

    def _split_(self) -> Iterable[_Token]:
        at, end = 0, len(self._text.rstrip())
        while at < end:
            found = _TOKEN.match(self._text, at)
            if found is None or found.end() == at:
                raise self._error("a name, a value or a sign", at)
            kind = found.lastgroup or ""
            text, begin = found[kind], found.start(kind)
            if kind == "name" and text.lower() in _WORDS:
                kind, text = "word", text.lower()
            yield _Token(kind, text, begin)
            at = found.end()

    def read(self) -> Condition:
        if not self._tokens:
            return Condition("1", [])
        sql = self._or(0)
        if self._next < len(self._tokens):
            raise self._error("'and', 'or' or the end", self._tokens[self._next].at)
        return Condition(sql, self._values)

    def _or(self, depth: int) -> str:
        if depth > DEPTH:
            raise self._error(f"at most {DEPTH} levels of parentheses", self._at_())
        parts = [self._and(depth)]
        while self._take_("word", "or"):
            parts.append(self._and(depth))
        return parts[0] if len(parts) == 1 else "(" + " OR ".join(parts) + ")"

    def _and(self, depth: int) -> str:
        parts = [self._single(depth)]
        while self._take_("word", "and"):
            parts.append(self._single(depth))
        return parts[0] if len(parts) == 1 else "(" + " AND ".join(parts) + ")"

    def _single(self, depth: int) -> str:
        if self._take_("word", "not"):
            if depth > DEPTH:
                raise self._error(f"at most {DEPTH} levels", self._at_())
            return f"NOT coalesce({self._single(depth + 1)}, 0)"
        if self._take_("sign", "("):
            sql = self._or(depth + 1)
            self._expect("sign", ")")
            return sql
        return self._test()

    def _test(self) -> str:
        name = self._expect("name")
        subject = self._subject(name)
        if self._take_("word", "is"):
            negated = self._take_("word", "not") is not None
            self._expect("word", "null")
            return subject.null(negated)
        negated = self._take_("word", "not") is not None
        if self._take_("word", "in"):
            self._expect("sign", "(")
            values = [self._value()]
            while self._take_("sign", ","):
                values.append(self._value())
            self._expect("sign", ")")
            tests = " OR ".join(subject.test("=", value, self._values) for value in values)
            return f"NOT ({tests})" if negated else f"({tests})"
        if self._take_("word", "like"):
            pattern = self._value()
            if not isinstance(pattern, str):
                raise self._error("a text after 'like'", self._at_())
            test = subject.test("GLOB", re.sub(r"\[", "[[]", pattern), self._values)
            return f"NOT {test}" if negated else test
        sign = self._take_("sign")
        if negated or sign is None or sign.text not in _COMPARE:
            raise self._error("a comparison, 'in', 'like' or 'is'", self._at_() if sign is None else sign.at)
        return subject.test(_COMPARE[sign.text], self._value(), self._values)

    def _subject(self, token: _Token) -> _Subject:
        name = token.text[1:-1] if token.text.startswith("`") else token.text
        prefix, _, rest = name.partition(".")
        if prefix in ("metric", "metrics") and rest:
            return _Subject("metric", rest, self._values)
        if prefix in ("param", "params") and rest:
            return _Subject("param", rest, self._values)
        if name in FIELDS:
            return _Subject("field", name, self._values)
        metrics = set(self._known("metric"))
        if name in metrics:
            return _Subject("metric", name, self._values)
        params = set(self._known("param"))
        if name in params:
            return _Subject("param", name, self._values)
        names = [*FIELDS, *sorted(metrics), *sorted(params)]
        near = get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise QueryError(
            f"reading a query - expected a field, metric or parameter - found {name!r} at {token.at} - "
            f"the store has {names[:60]}.{hint}"
        )

    def _value(self) -> Any:
        token = self._tokens[self._next] if self._next < len(self._tokens) else None
        if token is not None:
            self._next += 1
            if token.kind == "number":
                return float(token.text) if re.search(r"[.eE]", token.text) or len(token.text) > 18 else int(token.text)
            if token.kind == "text":
                quote = token.text[0]
                return token.text[1:-1].replace(quote * 2, quote)
            if token.kind == "word" and token.text in ("true", "false"):
                return token.text == "true"
        raise self._error("a number, a quoted text, true or false", len(self._text) if token is None else token.at)

    def _take_(self, kind: str, text: str | None = None) -> _Token | None:
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token.kind == kind and (text is None or token.text == text):
                self._next += 1
                return token
        return None

    def _expect(self, kind: str, text: str | None = None) -> _Token:
        token = self._take_(kind, text)
        if token is None:
            raise self._error(repr(text) if text else f"a {kind}", self._at_())
        return token

    def _at_(self) -> int:
        return self._tokens[self._next].at if self._next < len(self._tokens) else len(self._text)

    def _error(self, expected: str, at: int) -> QueryError:
        found = repr(self._text[at : at + 20]) if at < len(self._text) else "the end"
        return QueryError(f"reading a query - expected {expected} - found {found} at character {at} - correct it")


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a test is about: a field, a metric or a parameter."""

    kind: str
    name: str
    values: list[Any]

    def null(self, negated: bool) -> str:
        """Give SQL that tells whether there is no value."""
        if self.kind == "field":
            return f'(runs."{self.name}" IS {"NOT " if negated else ""}NULL)'
        column, table = ("name", "metrics") if self.kind == "metric" else ("path", "params")
        extra = " AND t.value IS NOT NULL" if self.kind == "metric" else ""
        self.values.append(self.name)
        sql = f"EXISTS(SELECT 1 FROM {table} t WHERE t.run=runs.n AND t.{column}=?{extra})"
        return sql if negated else f"NOT {sql}"

    def test(self, sign: str, value: Any, values: list[Any]) -> str:
        """Give SQL that compares with *value*; it is bound, not written."""
        if self.kind == "field":
            if self.name in TIMES and isinstance(value, str):
                moment = seconds(value)
                if moment is None:
                    raise QueryError(f"reading a query - expected a time such as '2026-11-21' - found {value!r}")
                value = moment
            values.append(value)
            return f'coalesce(runs."{self.name}" {sign} ?, 0)'
        values.append(self.name)
        if self.kind == "metric":
            values.append(float(value) if not isinstance(value, str) else value)
            return f"EXISTS(SELECT 1 FROM metrics t WHERE t.run=runs.n AND t.name=? AND t.value {sign} ?)"
        if isinstance(value, bool):
            values.append("true" if value else "false")
            return f"EXISTS(SELECT 1 FROM params t WHERE t.run=runs.n AND t.path=? AND t.text {sign} ?)"
        values.append(value)
        column = "text" if isinstance(value, str) else "number"
        return f"EXISTS(SELECT 1 FROM params t WHERE t.run=runs.n AND t.path=? AND t.{column} {sign} ?)"
