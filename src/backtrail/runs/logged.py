"""What is logged during a run, for its record."""

from __future__ import annotations

import logging
from typing import Any, Final

LARGEST_LOG: Final = 100_000


class Log(logging.Handler):
    """Keeps what was logged during a run: time, level, logger, message."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.rows: list[tuple[float, str, str, str]] = []

    def attach(self) -> None:
        """Begin to listen."""
        logging.getLogger().addHandler(self)

    def detach(self) -> None:
        """Listen no longer."""
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        if len(self.rows) < LARGEST_LOG:
            texts = (record.levelname, record.name, record.getMessage())
            level, name, text = (one.encode("utf-8", "backslashreplace").decode() for one in texts)
            self.rows.append((record.created, level, name, text))

    def table(self) -> Any:
        """Give the log as an Arrow table; None if nothing was logged."""
        if not self.rows:
            return None
        import pyarrow as pa

        created, levels, names, texts = zip(*self.rows, strict=True)
        micros = pa.array([int(one * 1e6) for one in created], type=pa.int64())
        return pa.table(
            {
                "time": micros.cast(pa.timestamp("us", tz="UTC")),
                "level": levels,
                "logger": names,
                "message": texts,
            }
        )


__all__ = ["Log"]
