"""What is traded and what came of it: orders, executions, positions, trades, commission schemes."""
