"""What a backtest returned as JSON and tables, and back in the same shape.

The shape is a tree of nodes; every frame in it is a table of its own. Tuples, named tuples, dataclasses, dicts and
lists come back as what they were. Objects of dataclasses and named tuples are made without running any code of theirs,
and only of classes that are loaded already with the same fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..runs.digests import digest
from ..runs.frames import from_table, is_frame, to_table
from ..runs.leaves import class_named, leaf, read_leaf
from ..runs.plain import UnstorableValue, fields_of, made_of_fields, name_of, to_plain

if TYPE_CHECKING:
    import pyarrow as pa

Node = dict[str, Any]
DEPTH = 20
_PLAIN = (type(None), bool, int, float, str)
_PAYLOAD = "backtrail-cache-payload/1"


class Writer:
    """Turns results into nodes; the tables among them gather in ``tables`` by the name they are stored under."""

    def __init__(self) -> None:
        self.tables: dict[str, pa.Table] = {}

    def node(self, value: Any, where: str, depth: int = 0) -> Node:
        """Give the node of *value*; UnstorableValue names the part of it that cannot be stored."""
        kind = type(value)
        if depth > DEPTH:
            raise UnstorableValue(
                f"storing {where} - expected at most {DEPTH} levels - found more - flatten it"
            )
        if is_frame(value):
            return self._table_(value, where)
        if kind is tuple or kind is list:
            if all(type(one) in _PLAIN for one in value):
                return {"k": "leaf", "v": to_plain(value, where)}
            held = [self.node(one, f"{where}[{at}]", depth + 1) for at, one in enumerate(value)]
            return {"k": kind.__name__, "v": held}
        if kind is dict:
            pairs = [
                [leaf(key, f"{where}.<key>"), self.node(one, f"{where}.{key!s:.40}", depth + 1)]
                for key, one in value.items()
            ]
            return {"k": "dict", "v": pairs}
        names = fields_of(kind)
        if names is not None:
            if class_named(name_of(kind)) is not kind:
                raise UnstorableValue(
                    f"storing {where} - expected a class that its module has under its name - found "
                    f"{kind.__qualname__} - "
                    "define it at the top of a module"
                )
            fields = [[name, self.node(getattr(value, name), f"{where}.{name}", depth + 1)] for name in names]
            return {"k": "fields", "t": name_of(kind), "v": fields}
        return {"k": "leaf", "v": leaf(value, where)}

    def _table_(self, value: Any, where: str) -> Node:
        from ..runs.fingerprint import fingerprint

        table, told = to_table(value, where)
        name = base = re.sub(r"[^A-Za-z0-9_.-]+", "-", where).strip("-.")[:60] or "table"
        number = 1
        while name in self.tables:
            number += 1
            name = f"{base}-{number}"
        self.tables[name] = table
        return {"k": "table", "n": name, "c": fingerprint(table).digest, "told": told}


def read_node(node: Any, table: Callable[[str], pa.Table]) -> Any:
    """Give the value of a node; ValueError if it is none. *table* reads a stored table by its name."""
    try:
        return _read(node, table, 0)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"reading a stored result - expected what was written - found: {error!r}") from error


def _read(node: Node, table: Callable[[str], pa.Table], depth: int) -> Any:
    if depth > DEPTH:
        raise ValueError(f"reading a stored result - expected at most {DEPTH} levels - found more")
    kind, held = node["k"], node.get("v")
    if kind == "leaf":
        return read_leaf(held)
    if kind == "table":
        return from_table(table(node["n"]), node["told"])
    if kind in ("tuple", "list"):
        values = [_read(one, table, depth + 1) for one in held or ()]
        return tuple(values) if kind == "tuple" else values
    if kind == "dict":
        return {read_leaf(key): _read(one, table, depth + 1) for key, one in held or ()}
    if kind == "fields":
        values_by_name = {str(name): _read(one, table, depth + 1) for name, one in held or ()}
        return made_of_fields(class_named(node["t"]), node["t"], values_by_name)
    raise ValueError(f"reading a stored result - expected a kind that is known - found {kind!r:.40}")


def payload_digest(node: Node) -> str:
    """Give one digest for a whole result: values, types, and the content of its tables."""
    return digest(
        _PAYLOAD, json.dumps(node, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")
    )


__all__ = ["Node", "Writer", "fields_of", "payload_digest", "read_node"]
