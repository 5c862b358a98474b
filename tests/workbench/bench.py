"""The window's verbs over a toy engine, without any window."""

import time
from pathlib import Path

from fake_engine import FakeEngine

from workbench.notices import Notices
from workbench.playback import Playback
from workbench.session import Session, SessionState
from workbench.session_keeper import SessionKeeper
from workbench.tasks import Tasks

PATIENCE_S = 10.0
CLIP = Path("turn.mp4")


class Bench:
    """Tasks over a fake engine, without any window."""

    def __init__(self, folder, **options):
        self.engine = FakeEngine(**options)
        self.session = Session(SessionState())
        self.notices = Notices()
        self.folder = folder
        keeper = SessionKeeper(self.engine, self.notices, lambda clip: self.folder / clip.stem)
        self.tasks = Tasks(self.session, self.engine, self.notices, Playback(), keeper)
        self.tasks.worker.start()

    @property
    def state(self):
        return self.session.state

    def wait(self, condition=lambda state: True):
        """Wait until nothing is under way and the condition holds."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if not self.tasks.worker.is_busy and self.state.job is None and condition(self.state):
                return self.state
            time.sleep(0.002)
        raise AssertionError(f"never came to rest: {self.state.job}, {self.titles()}")

    def titles(self):
        return [notice.title for notice in self.notices.recent]
