"""backtrader's names: the alias that runs existing scripts, and the spellings that only they use."""

from .alias import Alias, alias_backtrader, real_backtrader

__all__ = ["Alias", "alias_backtrader", "real_backtrader"]
