"""The command line: `neuhmr COMMAND ...`, one file per command."""

from neuhmr.cli.dispatch import main as main
