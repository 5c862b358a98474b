"""Jumping between the frames that are worst off."""

from workbench.core.tasks import Tasks
from workbench.core.timeline import neighbor_bad_frame


def go_to_bad_frame(tasks: Tasks, which: str) -> None:
    """Seek to the worst frame, or the next or previous bad one."""
    state = tasks.session.state
    if state.scores is None or len(state.scores.frames) == 0:
        tasks.notices.info(
            "Frames are not ranked yet", "Build the avatar first; then the worst frames are known."
        )
        return
    if which == "worst":
        tasks.seek(state.scores.worst_first()[0])
        return
    frame = neighbor_bad_frame(state.scores, state.view.frame, 1 if which == "next" else -1)
    if frame is not None:
        tasks.seek(frame)
