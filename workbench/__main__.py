"""`neuhmr-workbench`: parse, start, print the link, wait for Ctrl-C."""

import logging
import signal
import sys
import threading
import webbrowser
from collections.abc import Sequence

import tyro

from neuhmr.errors import NeuhmrError
from neuhmr.threads import limit_busy_waiting
from workbench.core.config import WorkbenchConfig

USER_ERROR = 2
TERMINATED = 128 + signal.SIGTERM
"""What shells expect of a program that SIGTERM ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the workbench until it is interrupted.

    Returns:
        0 after Ctrl-C, 143 after SIGTERM, 2 after a mistake of the user's, told in one sentence on
        stderr.
    """
    limit_busy_waiting()
    config = tyro.cli(
        WorkbenchConfig,
        prog="neuhmr-workbench",
        args=arguments,
        config=(tyro.conf.FlagCreatePairsOff, tyro.conf.DisallowNone),
    )
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    # viser's websocket layer reports every refused request; the user can do nothing about it.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    try:
        config.check()
        return run(config)
    except NeuhmrError as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return USER_ERROR
    except KeyboardInterrupt:
        return 0  # Before the window stood.


def run(config: WorkbenchConfig, stop: threading.Event | None = None) -> int:
    """Serve until `stop` is set, or until SIGINT or SIGTERM where none is given.

    Returns:
        What the program should leave with.

    Raises:
        NeuhmrError: the device or the address cannot be used.
    """
    # Torch takes seconds to import: `--help` and mistyped paths do not wait for it.
    from workbench.app import Workbench
    from workbench.engine.engine import NeuhmrEngine

    engine = NeuhmrEngine(config.device, config.refine_config())
    received: list[int] = []
    until = stop or _stop_on_signals(received)
    with Workbench(
        engine,
        session_folder=config.session_folder,
        host=config.host,
        port=config.port,
        allow_remote=config.allow_remote,
        out=config.out,
    ) as workbench:
        workbench.open(config.open_request())
        _announce(config, workbench.server.link, workbench.server.gate.allow_remote)
        if config.open_browser:
            webbrowser.open(workbench.server.link)
        while not until.wait(1.0):
            pass
        if workbench.tasks.worker.is_busy:
            sys.stderr.write("Stopping after the step in hand; once more stops at once.\n")
    sys.stderr.write("The workbench has stopped.\n")
    return TERMINATED if signal.SIGTERM in received else 0


def _announce(config: WorkbenchConfig, link: str, allow_remote: bool) -> None:
    """Print the link, alone on stdout so that scripts can read it."""
    if allow_remote:
        sys.stderr.write(
            f"Warning: other machines can reach {config.host}; whoever has this link controls the "
            "workbench and can write files through it.\n"
        )
    sys.stdout.write(f"{link}\n")
    sys.stdout.flush()
    sys.stderr.write("Open this link in a browser; Ctrl-C stops the workbench.\n")


def _stop_on_signals(received: list[int]) -> threading.Event:
    """Turn the first signal into a wish, noted in `received`; a second one ends the program."""
    stop, signals = threading.Event(), (signal.SIGINT, signal.SIGTERM)

    def note(number: int, _frame: object) -> None:
        received.append(number)
        stop.set()
        for each in signals:
            signal.signal(each, signal.SIG_DFL)

    for number in signals:
        signal.signal(number, note)
    return stop


if __name__ == "__main__":
    sys.exit(main())
