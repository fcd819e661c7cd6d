"""Text that a feed gets from a web address."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from ..errors import DataError

_AGENT = "Mozilla/5.0 (backtrail)"
TIMEOUT_S = 30.0


class DownloadError(DataError):
    """A feed could not get its bars from a web address."""


def fetch(feed: str, url: str, proxies: Mapping[str, str], csv: bool = True) -> str:
    """Get the text at *url* for the feed called *feed*; with *csv* it must be one (not a page that says sorry).

    DownloadError says what the server answered. *proxies* maps schemes to addresses; none means those of the
    environment.
    """
    opener = build_opener(ProxyHandler(dict(proxies) or None))
    shown = url.partition("?")[0]  # what follows may hold a key
    try:
        with opener.open(Request(url, headers={"User-Agent": _AGENT}), timeout=TIMEOUT_S) as answer:
            kind = answer.headers.get_content_type()
            text: str = answer.read().decode("utf-8-sig", "replace")
    except (URLError, OSError) as error:
        raise DownloadError(
            f"downloading the bars of feed {feed} - expected an answer from {shown} - found: {error} - check the "
            "network, the address and the symbol"
        ) from None
    if csv and kind not in ("text/csv", "text/plain", "application/csv", "application/octet-stream"):
        raise DownloadError(
            f"downloading the bars of feed {feed} - expected comma separated text from {shown} - found {kind}: "
            f"{text[:80]!r} - the service may have moved or want a login; download the file by hand and read it with "
            "the CSV feed"
        )
    return text


__all__ = ["TIMEOUT_S", "DownloadError", "fetch"]
