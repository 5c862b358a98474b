"""`python -m workbench.speed`: open a clip in a window of its own and time what a user does."""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import NeuhmrError
from neuhmr.threads import limit_busy_waiting
from workbench.core.config import SAMPLE_CLIP


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m workbench.speed")
    parser.add_argument("--clip", type=Path, default=SAMPLE_CLIP)
    parser.add_argument("--poses", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=3, help="taken before Pause is pressed")
    parser.add_argument("--cancel", action="store_true", help="cancel long jobs, too")
    parser.add_argument("--minutes", type=int, default=0, help="of playing while refining")
    options = parser.parse_args()
    limit_busy_waiting()
    try:
        result = measure(options)
    except NeuhmrError as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return 2
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Open a clip in a window of its own, and time what a user does.

    Raises:
        NeuhmrError: the clip cannot be used, or something takes longer than anybody waits.
    """
    # Threads wait as the environment said when torch came in: not before `main` has set it.
    from workbench.app import Workbench
    from workbench.engine.engine import NeuhmrEngine
    from workbench.speed.hand import Hand
    from workbench.speed.measures import cancel, pause, remember, scrub_and_slide

    started = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as session,
        Workbench(NeuhmrEngine(options.device), session_folder=Path(session), port=0) as window,
    ):
        window.open(OpenRequest(clip=options.clip, poses=options.poses))
        hand = Hand(window)
        hand.wait(lambda _state: hand.num_pictures > 0)
        first_picture = time.perf_counter() - started
        hand.wait(lambda state: state.initial is not None and state.job is None)
        result = {"first_picture_s": first_picture} | asyncio.run(scrub_and_slide(hand))
        result |= asyncio.run(pause(hand, options.steps))
        if options.cancel:
            result |= asyncio.run(cancel(hand))
        if options.minutes > 0:
            result |= asyncio.run(remember(hand, options.minutes))
        return result | {"device": window.session.state.device}


if __name__ == "__main__":
    sys.exit(main())
