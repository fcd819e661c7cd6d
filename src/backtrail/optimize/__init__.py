"""Run many combinations: executors and how work travels to them."""
