"""The version of backtrader whose names and behaviour are answered."""

__version__ = "1.9.78.123"
__btversion__ = (1, 9, 78, 123)
