"""How compute threads wait for each other."""

import os
from collections.abc import MutableMapping

SPIN_COUNT = "20000"
"""Some 50 microseconds of busy waiting before a thread sleeps.

OpenMP's own choice is a hundred times as long: on a machine that has anything else to do, threads
then burn the very time that the one they wait for needs, and refinement takes several times longer.
"""


def limit_busy_waiting(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let waiting threads sleep soon; call before anything imports torch.

    Values that the user has set in the environment are left alone.
    """
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
