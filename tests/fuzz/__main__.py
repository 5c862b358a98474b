"""`python -m tests.fuzz MINUTES [READER]`: changes files of every kind and reads them."""

import sys

from tests.fuzz.run import fuzz


def say(line: str) -> None:
    """Print a line at once: the next input may be the one that ends the process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(bool(fuzz(float(sys.argv[1]), " ".join(sys.argv[2:]), say)))
