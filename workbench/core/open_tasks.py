"""Opening the present clip in another way: poses from a page, another person, other masks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from neuhmr.clip.mask_changes import MaskChanges
from neuhmr.clip.open_request import OpenRequest
from workbench.core.open_paths import keep_upload, request_with
from workbench.core.tasks import Tasks
from workbench.core.worker import JobControl
from workbench.errors import WorkbenchError


def open_upload(tasks: Tasks, folder: Path, name: str, content: bytes) -> None:
    """Keep poses that a page sent in a session's folder, and open the clip with them."""
    tasks.pause()
    request = tasks.session.state.request

    def work(control: JobControl) -> Iterator[None]:
        path = keep_upload(folder, name, content)
        yield from tasks.stages.open(request_with(request, "poses", path), control)

    tasks.submit("Opening the clip", work)


def choose_person(tasks: Tasks, person: str) -> None:
    """Open the clip with the poses of another of the people in their file.

    Raises:
        WorkbenchError: the file holds nobody of that id.
    """
    state = tasks.session.state
    if state.footage is None or state.request is None or person not in state.footage.people:
        raise WorkbenchError(f"There is no person {person} in the poses' file; choose another.")
    tasks.session.set_view(chooses_person=False)
    if person != state.footage.person:
        _open_here(tasks, replace(state.request, person=person), f"Opening person {person}")


def use_masks(tasks: Tasks, changes: MaskChanges) -> None:
    """Open the clip with its masks changed; what was built with them as they were is dropped.

    Raises:
        WorkbenchError: there are no masks.
    """
    state = tasks.session.state
    if state.footage is None or state.request is None or state.footage.masks is None:
        raise WorkbenchError("The clip has no masks that could be changed; open some first.")
    request = replace(state.request, invert_masks=changes.invert, grow_masks=changes.grow)
    _open_here(tasks, request, "Opening the clip with changed masks", show_masks=True)


def _open_here(tasks: Tasks, request: OpenRequest, label: str, **view: object) -> None:
    """Open the present clip, and go back to the frame that is shown."""
    tasks.pause()
    frame = tasks.session.state.view.frame

    def work(control: JobControl) -> Iterator[None]:
        yield from tasks.stages.open(request, control)
        tasks.seek(frame)
        tasks.session.set_view(**view)

    tasks.submit(label, work)
