"""Speed and memory of backtrail, measured side by side with backtrader."""
