"""The window's verbs over a toy engine, without any window."""

from pathlib import Path

from neuhmr.clip.open_request import OpenRequest
from tests.workbench.fake_engine import FakeEngine
from tests.workbench.patience import assert_soon
from workbench.core.editing import Editing
from workbench.core.notices import Notices
from workbench.core.playback import Playback
from workbench.core.session import Session, SessionState
from workbench.core.session_keeper import SessionKeeper
from workbench.core.tasks import Tasks

CLIP = Path("turn.mp4")


class Bench:
    """Tasks over a fake engine, without any window."""

    def __init__(self, folder, **options):
        self.engine = FakeEngine(**options)
        self.session = Session(SessionState())
        self.notices = Notices()
        self.folder = folder
        keeper = SessionKeeper(self.notices, lambda clip: self.folder / clip.stem)
        self.tasks = Tasks(self.session, self.engine, self.notices, Playback(), keeper)
        self.tasks.worker.start()

    def open_clip(self):
        """Open the clip and wait for it."""
        self.tasks.open(OpenRequest(clip=CLIP))
        self.wait(lambda state: state.footage is not None)

    @property
    def state(self):
        return self.session.state

    def wait(self, condition=lambda state: True):
        """Wait until nothing is under way and the condition holds; return the state of then."""

        def state_at_rest():
            state = self.state
            is_busy = self.tasks.worker.is_busy or state.job is not None
            return state if not is_busy and condition(state) else None

        return assert_soon(
            state_at_rest, lambda: f"never came to rest: {self.state.job}, {self.titles()}"
        )

    def titles(self):
        return [notice.title for notice in self.notices.recent]


def launch_again(bench):
    """Close the workbench and start another one on the same clip."""
    bench.tasks.stop()
    again = Bench(bench.folder)
    again.open_clip()
    return again


def edit(bench):
    """Attach history, fixing and versions to a bench."""
    return Editing(bench.tasks, lambda clip: bench.folder / clip.stem, bench.folder / "presets")
