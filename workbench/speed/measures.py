"""What is measured of a window: scrubbing, pausing, cancelling, memory."""

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from workbench.core.session import SessionState
from workbench.core.sweep import SweepRequest, axis_of
from workbench.speed.hand import Hand

SCRUB_S = 3.0
SCRUB_HZ = 60.0
ROUNDS = 30
CANCEL_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Of a job's time: when Cancel is pressed."""
_SOONEST_S = 0.8
"""Before, Cancel is taken for the second click of a double click."""
_MINUTE_S = 60.0


async def scrub_and_slide(hand: Hand) -> dict[str, object]:
    """Scrub through the clip, then seek frame by frame."""
    frames = hand.window.session.state.num_frames
    async with hand.connected() as socket:
        before, begun = hand.num_pictures, time.perf_counter()
        sent = 0
        while time.perf_counter() - begun < SCRUB_S:
            await socket.send(hand.update("seek", sent % frames))
            sent += 1
            await asyncio.sleep(max(begun + sent / SCRUB_HZ - time.perf_counter(), 0.0))
        rate = (hand.num_pictures - before) / (time.perf_counter() - begun)
        to_state, to_picture = [], []
        for number in range(ROUNDS):
            await asyncio.sleep(0.4)
            frame, seen = (7 * number + 3) % frames, hand.num_pictures
            begun = time.perf_counter()
            await socket.send(hand.update("seek", frame))
            await hand.until(lambda state, frame=frame: state.view.frame == frame)
            to_state.append(time.perf_counter() - begun)
            await hand.until(lambda _state, seen=seen: hand.num_pictures > seen)
            to_picture.append(time.perf_counter() - begun)
    return {
        "scrub_hz": rate,
        "to_callback_ms": 1000.0 * statistics.median(to_state),
        "to_picture_ms": 1000.0 * statistics.median(to_picture),
    }


async def pause(hand: Hand, steps: int) -> dict[str, object]:
    """Refine a few steps, press Pause, and wait until it stands still."""
    async with hand.connected() as socket:
        begun = time.perf_counter()
        await socket.send(hand.press("run"))
        await hand.until(lambda state: state.report is not None)
        prepared = time.perf_counter() - begun
        await hand.until(lambda state: state.report is not None and state.report.step >= steps)
        begun = time.perf_counter()
        await socket.send(hand.press("pause"))
        await hand.until(lambda state: state.phase == "pausing" or state.phase == "paused")
        heard = time.perf_counter() - begun
        await hand.until(lambda state: state.phase == "paused")
        return {
            "first_step_s": prepared,
            "pause_heard_ms": 1000.0 * heard,
            "pause_s": time.perf_counter() - begun,
        }


async def cancel(hand: Hand) -> dict[str, object]:
    """Cancel long jobs at several moments, and wait until nothing is under way.

    The avatar is built and joints are registered once to their end, to know how long that takes;
    a sweep is cancelled over as long a time as both.
    """
    window, found = hand.window, {}
    sweep = SweepRequest(axes=(axis_of("weights.joint", 0.5, 2.0, 4),), num_frames=20)
    jobs: dict[str, Callable[[], None]] = {
        "avatar": window.tasks.build_avatar,
        "register": window.tasks.register,
        "sweep": lambda: window.editing.sweeps.start(sweep),
    }
    lasts = 0.0
    async with hand.connected() as socket:
        for name, start in jobs.items():
            if name != "sweep":
                begun = time.perf_counter()
                start()
                await hand.until(lambda state: state.job is not None)
                await hand.until(_is_idle(hand))
                found[f"{name}_s"] = time.perf_counter() - begun
            lasts = found.get(f"{name}_s", lasts)
            waits = []
            for share in CANCEL_SHARES:
                start()
                await hand.until(lambda state: state.job is not None)
                await asyncio.sleep(max(share * lasts, _SOONEST_S))
                if window.session.state.job is None:
                    continue  # It was quicker this time.
                begun = time.perf_counter()
                await socket.send(hand.press("cancel"))
                await hand.until(_is_idle(hand))
                waits.append(1000.0 * (time.perf_counter() - begun))
            found[f"cancel_{name}_ms"] = statistics.median(waits) if waits else None
            found[f"cancel_{name}_most_ms"] = max(waits, default=None)
    return found


async def remember(hand: Hand, minutes: int) -> dict[str, object]:
    """Play the clip while it is refined, again and again, and read how much memory is held.

    Args:
        hand: on a window with a clip.
        minutes: how long; memory is read after each.
    """
    tasks, sizes = hand.window.tasks, []
    async with hand.connected():
        tasks.toggle_playing()
        begun, steps, seen = time.perf_counter(), 0, hand.num_pictures
        for minute in range(1, minutes + 1):
            while time.perf_counter() - begun < minute * _MINUTE_S:
                state = hand.window.session.state
                if state.job is None and state.phase == "finished":
                    steps += state.report.step if state.report else 0
                    tasks.reset()
                    await hand.until(lambda state: state.report is None and state.job is None)
                elif state.job is None:
                    tasks.run()
                await asyncio.sleep(0.1)
            sizes.append(resident_mb())
        state = hand.window.session.state
        seconds = time.perf_counter() - begun
        tasks.toggle_playing()
        tasks.pause()
        await hand.until(_is_idle(hand))
    return {
        "rss_mb": sizes,
        "played_hz": (hand.num_pictures - seen) / seconds,
        "steps": steps + (state.report.step if state.report else 0),
    }


def resident_mb() -> float | None:
    """Read how much memory this process holds (MB); None where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024.0 for line in lines if line.startswith("VmRSS"))


def _is_idle(hand: Hand) -> Callable[[SessionState], bool]:
    return lambda state: state.job is None and not hand.window.tasks.worker.is_busy
