"""Everything that changes poses other than a run: history, fixing, versions."""

from workbench.core.fixing import Fixing
from workbench.core.history import History
from workbench.core.tasks import Tasks


class Editing:
    """The verbs of editing, over one session. Safe to call from any thread."""

    def __init__(self, tasks: Tasks) -> None:
        self.tasks = tasks
        self.history = History(tasks.session)
        self.fixing = Fixing(tasks)

    def undo(self) -> None:
        """Take the newest entry back."""
        self.history.undo()

    def redo(self) -> None:
        """Do again what was taken back."""
        self.history.redo()

    def jump(self, position: int) -> None:
        """Go to any entry of the history."""
        self.history.jump(position)
