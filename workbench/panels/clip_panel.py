"""The Clip tab: what is open, what was found beside it, other clips in the folder."""

from pathlib import Path

import viser

from neuhmr.clip.open_request import OpenRequest
from workbench.core import markup
from workbench.core.notices import Notices
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.errors import WorkbenchError
from workbench.server.user_event import UserEvent

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm"})
_MAX_LISTED = 200
_NONE = "(no other clip in this folder)"


class ClipPanel:
    """Facts about the clip."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._tasks = tasks
        self._request: OpenRequest | None = None
        self._facts = gui.add_html("")
        with gui.add_folder("Another clip", expand_by_default=False):
            self._others = gui.add_dropdown(
                "File", _no_names(), hint="Videos in the folder of the present clip."
            )
            self._open = gui.add_button(
                "Open",
                icon=viser.Icon.FOLDER_OPEN,
                color="blue",
                hint="Leave the present clip for this one. First export what you want to keep.",
            )

        @self._open.on_click
        @notices.guard
        def _(_event: UserEvent) -> None:
            self._open_other(self._others.value)

    def _open_other(self, name: str) -> None:
        """Open a clip by its name; only names that the folder holds are accepted."""
        footage = self._tasks.session.state.footage
        if footage is None or name not in other_clips(footage.path):
            raise WorkbenchError(f'There is no clip "{name}" in this folder; choose another.')
        self._tasks.open(OpenRequest(clip=footage.path.parent / name))

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        footage = state.footage
        if footage is None:
            self._facts.content = markup.paragraph("No clip is open.")
            return
        self._facts.content = markup.facts(clip_facts(state))
        names = other_clips(footage.path) or _no_names()
        if tuple(self._others.options) != names:
            self._others.options = names
        self._open.disabled = names == _no_names()


def _no_names() -> tuple[str, ...]:
    return (_NONE,)


def other_clips(path: Path) -> tuple[str, ...]:
    """List the names of other videos beside a clip."""
    try:
        names = sorted(
            entry.name
            for entry in path.parent.iterdir()
            if entry.suffix.lower() in VIDEO_SUFFIXES and entry.is_file() and entry != path
        )
    except OSError:
        return ()
    return tuple(names[:_MAX_LISTED])


def clip_facts(state: SessionState) -> list[tuple[str, str]]:
    """Put what is known about the clip into words."""
    footage = state.footage
    assert footage is not None
    video = footage.video
    seconds = video.num_frames / max(video.fps, 1e-6)
    rows = [
        ("File", footage.path.name),
        ("Size", f"{video.width} x {video.height} px"),
        ("Length", f"{video.num_frames} frames, {seconds:.1f} s at {video.fps:.4g} fps"),
    ]
    focal = float(footage.camera.K[..., 0, 0].mean())
    guess = ", guessed: give --camera if you know it" if footage.camera_is_guessed else ""
    rows.append(("Focal length", f"{focal:.0f} px{guess}"))
    if footage.initial is None:
        rows.append(("Poses", "being found"))
    else:
        seen = int(footage.initial.valid.sum())
        rows.append(("Poses", f"{footage.source}; person seen in {seen} frames"))
    masks = "from file" if footage.has_masks else "none: the body's outline stands in"
    rows.append(("Person masks", masks))
    rows.append(("Truth", "given" if footage.truth is not None else "none"))
    rows.append(("Body model", footage.body_name))
    return rows
