"""What reading one file may cost, and what it must never do; time is the watch's business."""

import resource
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neuhmr.errors import NeuhmrError

BYTES = 10**9
FORBIDDEN = (
    "os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.mkdir",
    "os.remove", "os.rename", "os.rmdir", "shutil.rmtree", "socket.connect", "ctypes.dlopen",
)  # fmt: skip
_watched: list[str] | None = None


def _hear(event: str, _arguments: object) -> None:
    if _watched is not None and event in FORBIDDEN:
        _watched.append(event)


sys.addaudithook(_hear)


@contextmanager
def _bounded() -> Iterator[None]:
    """Bound memory beyond what the process has."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextmanager
def listening() -> Iterator[list[str]]:
    """Gather what is run meanwhile that no reader may run."""
    global _watched  # noqa: PLW0603  An audit hook cannot be taken away.
    heard: list[str] = []
    _watched = heard
    try:
        yield heard
    finally:
        _watched = None


def read_within_limits(read: Callable[[Path], object], path: Path, canary: Path) -> None:
    """Read a file; only the project's own errors may come of it.

    Raises:
        AssertionError: something was run.
        BaseException: whatever else the reader raised.
    """
    with warnings.catch_warnings(), listening() as heard:
        warnings.simplefilter("ignore")
        with suppress(NeuhmrError), _bounded():
            read(path)
    assert not canary.exists() and not heard, f"code was run: {heard}"
