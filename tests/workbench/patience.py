"""Waiting for what happens on other threads."""

import time

PATIENCE_S = 120.0
"""Far longer than anything takes, as a machine may be loaded; only a failing test waits so long."""


def assert_soon(condition, problem=lambda: "it never held"):
    """Assert that the condition comes to hold; return what it gave.

    Args:
        condition: asked again and again.
        problem: says what is the matter if it never holds.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not (given := condition()):
        assert time.monotonic() < deadline, problem()
        time.sleep(0.002)
    return given
