"""`python -m tests.fuzz MINUTES [READER]`: changes files of every kind and reads them."""

import sys

from tests.fuzz.watch import fuzz

SMOKE_EXAMPLES = 12


def say(line: str) -> None:
    """Print a line at once: the next input may be the one that ends the process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    minutes = float(sys.argv[1])
    examples = 100 if minutes else SMOKE_EXAMPLES
    sys.exit(bool(fuzz(minutes, " ".join(sys.argv[2:]), say, examples)))
