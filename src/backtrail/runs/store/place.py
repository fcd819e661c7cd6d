"""Where the store is: the argument, else ``BACKTRAIL_STORE``, else the nearest ``.backtrail`` folder, else the user's.

Finding a place touches nothing; `Store.open` makes the store there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

VARIABLE = "BACKTRAIL_STORE"
FOLDER = ".backtrail"

Origin = Literal["argument", "environment", "folder", "user"]

_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+(://|::)")

_LOCAL = ("file://", "local://")


@dataclass(frozen=True, slots=True)
class Place:
    """A place for a store: its *url* (or path) and what named it.

    ``configured`` tells whether somebody chose it: `Cerebro.run` records by itself only then.
    """

    url: str
    origin: Origin

    @property
    def configured(self) -> bool:
        """Tell whether the argument, the environment or a folder names the place."""
        return self.origin != "user"

    @property
    def remote(self) -> bool:
        """Tell whether the place is a URL rather than a path on this machine."""
        return is_url(self.url)


def is_url(text: str) -> bool:
    """Tell whether *text* is a URL with a scheme (``s3://…``, ``memory://…``) rather than a path."""
    return _URL.match(text) is not None and not text.startswith(_LOCAL)


def without_secrets(url: str) -> str:
    """Give *url* without user name, password and query: fit for messages and records."""
    if "://" not in url:
        return url
    scheme, _, rest = url.partition("://")
    rest = rest.partition("?")[0]
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def find_place(
    where: str | os.PathLike[str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    start: str | os.PathLike[str] | None = None,
) -> Place:
    """Find the place of the store.

    *where* wins; then ``BACKTRAIL_STORE`` of *environment* (default: this process's); then the nearest folder named
    ``.backtrail`` in *start* (default: the current directory) or above; then the user data directory.
    """
    if where is not None:
        return Place(_local(os.fspath(where)), "argument")
    named = (os.environ if environment is None else environment).get(VARIABLE, "").strip()
    if named:
        return Place(_local(named), "environment")
    here = Path(start) if start is not None else Path.cwd()
    here = here.resolve()
    for folder in (here, *here.parents):
        if (folder / FOLDER).is_dir():
            return Place(str(folder / FOLDER), "folder")
    import platformdirs

    return Place(str(Path(platformdirs.user_data_dir("backtrail", appauthor=False)) / "store"), "user")


def _local(text: str) -> str:
    """Give a URL as it is and a path absolute, without ``file://`` and with ``~`` expanded."""
    if not text.strip():
        raise ValueError("finding the store - expected a path or URL - found an empty text - give a folder")
    if is_url(text):
        return text
    if text.startswith(_LOCAL):
        text = text.partition("://")[2]
    return str(Path(text).expanduser().absolute())
