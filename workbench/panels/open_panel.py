"""Opening something else: another clip, other files for this one, or its poses read otherwise."""

from collections.abc import Callable
from pathlib import Path

import viser

from neuhmr.body.pose_readings import GIVEN
from workbench.core import markup
from workbench.core.notices import Notices
from workbench.core.open_paths import OpenPaths, Role, other_clips, request_with
from workbench.core.open_tasks import open_upload
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.errors import WorkbenchError
from workbench.server.user_event import UserEvent

ROLES: dict[str, Role] = {
    "Poses": "poses",
    "Masks": "masks",
    "Camera": "camera",
    "True poses": "truth",
    "Clip": "clip",
}
_NO_NAMES: tuple[str, ...] = ("(no other clip in this folder)",)


class OpenPanel:
    """What can be opened, and what is offered where poses do not lie on the person."""

    def __init__(
        self,
        gui: viser.GuiApi,
        tasks: Tasks,
        notices: Notices,
        paths: OpenPaths,
        session_folder_of: Callable[[Path], Path],
    ) -> None:
        self._tasks, self._paths, self._session_folder_of = tasks, paths, session_folder_of
        self._clip: Path | None = None
        """The one whose neighbors are listed."""
        self._offer = gui.add_html("")
        self._as_likely = gui.add_button(
            "Open so", color="blue", visible=False, hint="Read the poses in the likely way."
        )
        self._as_given = gui.add_button(
            "Open them as they are", color="gray", visible=False, hint="Take them all the same."
        )
        with gui.add_folder("Open other files"):
            self._role = gui.add_dropdown(
                "What", tuple(ROLES), hint="What the file is. Another clip drops everything else."
            )
            self._path = gui.add_text(
                "Path", "", hint="Of a file on this machine; relative to the clip's folder."
            )
            self._open = gui.add_button(
                "Open",
                icon=viser.Icon.FOLDER_OPEN,
                color="blue",
                hint="First export what you want to keep.",
            )
            self._upload = gui.add_upload_button(
                "Upload poses",
                color="gray",
                icon=viser.Icon.UPLOAD,
                hint="Send a pose file of any tool from this browser's machine; 64 MB at most.",
            )
        with gui.add_folder("Clips in this folder", expand_by_default=False):
            self._others = gui.add_dropdown(
                "File", _NO_NAMES, hint="Videos in the folder of the present clip."
            )
            self._other = gui.add_button(
                "Open clip",
                icon=viser.Icon.FOLDER_OPEN,
                disabled=True,
                hint="Leave the present clip for this one.",
            )
        self._listen(notices)

    def _listen(self, notices: Notices) -> None:
        self._as_likely.on_click(notices.guard(lambda _event: self._read_as(0)))
        self._as_given.on_click(notices.guard(lambda _event: self._read_as(-1)))
        self._open.on_click(notices.guard(lambda _event: self._open_path()))
        self._other.on_click(notices.guard(lambda _event: self._open_other(self._others.value)))

        @self._upload.on_upload
        @notices.guard
        def _(_event: UserEvent) -> None:
            file = self._upload.value
            footage = self._tasks.session.state.footage
            if footage is None:
                raise WorkbenchError("No clip is open that poses could belong to; open one first.")
            folder = self._session_folder_of(footage.path)
            open_upload(self._tasks, folder, file.name, file.content)

    def _read_as(self, place: int) -> None:
        misplaced = self._tasks.session.state.misplaced
        if misplaced is not None:
            self._tasks.open(misplaced.read_as(misplaced.readings[place]))

    def _open_path(self) -> None:
        state = self._tasks.session.state
        role = ROLES.get(self._role.value)
        if role is None:
            raise WorkbenchError("That is nothing that can be opened; choose from the list.")
        clip = state.footage.path if state.footage is not None else None
        path = self._paths.find(self._path.value, clip)
        request = state.request if state.misplaced is None else state.misplaced.request
        self._tasks.open(request_with(request, role, path))

    def _open_other(self, name: str) -> None:
        """Open a clip by its name; only names that the folder holds are accepted."""
        footage = self._tasks.session.state.footage
        if footage is None or name not in other_clips(footage.path):
            raise WorkbenchError(f'There is no clip "{name}" in this folder; choose another.')
        self._tasks.open(request_with(None, "clip", footage.path.parent / name))

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        misplaced = state.misplaced
        self._offer.content = "" if misplaced is None else markup.paragraph(misplaced.message)
        self._as_given.visible = misplaced is not None
        likely = None if misplaced is None else misplaced.readings[0]
        self._as_likely.visible = likely not in (None, GIVEN)
        if likely is not None:
            self._as_likely.label = f"Open them as {likely}"
        self._upload.disabled = state.footage is None
        clip = None if state.footage is None else state.footage.path
        if clip != self._clip:
            self._clip = clip
            names = (() if clip is None else other_clips(clip)) or _NO_NAMES
            self._others.options = names
            self._other.disabled = names == _NO_NAMES
