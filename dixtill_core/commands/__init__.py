"""The commands of `dixtill`, a file for each, called as the command: its options, a few lines over the core, its tables.

A command imports what it needs of the core inside its function: `--help` and the cheap commands start without PyTorch.
"""
