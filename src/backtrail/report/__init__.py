"""What is shown of a run: figures, tables, files, progress."""
