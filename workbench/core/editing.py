"""Everything that changes poses other than a run: history, fixing, versions, sweeps."""

from collections.abc import Callable
from pathlib import Path

from workbench.core.comparisons import Comparisons
from workbench.core.correction_keeper import CorrectionKeeper
from workbench.core.fixing import Fixing
from workbench.core.history import History
from workbench.core.presets import Presets
from workbench.core.sweeps import Sweeps
from workbench.core.tasks import Tasks
from workbench.core.version_shelf import VersionShelf
from workbench.core.versions import Versions


class Editing:
    """The verbs of editing, over one session. Safe to call from any thread."""

    def __init__(
        self, tasks: Tasks, folder_of: Callable[[Path], Path], presets: Path | None = None
    ) -> None:
        """Attach to a session.

        Args:
            tasks: its other verbs.
            folder_of: the session folder of a clip.
            presets: folder of named settings; the user's own by default.
        """
        self.tasks = tasks
        self.history = History(tasks.session)
        shelf = VersionShelf(tasks, folder_of)
        self._keeper = CorrectionKeeper(tasks, shelf)
        self.versions = Versions(tasks, shelf, self._keeper)
        self.fixing = Fixing(tasks, self._keeper.save)
        self.sweeps = Sweeps(tasks, self.versions)
        self.comparisons = Comparisons(tasks, self.versions)
        self.presets = Presets(tasks, presets)

    def undo(self) -> None:
        """Take the newest entry back."""
        self.history.undo()
        self._keeper.save()

    def redo(self) -> None:
        """Do again what was taken back."""
        self.history.redo()
        self._keeper.save()

    def jump(self, position: int) -> None:
        """Go to any entry of the history."""
        self.history.jump(position)
        self._keeper.save()
