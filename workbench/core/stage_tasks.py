"""What the stages' tabs ask for, beyond the window's own verbs."""

from collections.abc import Iterator
from dataclasses import replace

from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.core.worker import JobControl
from workbench.errors import WorkbenchError


def set_stages(tasks: Tasks, **changes: object) -> None:
    """Change choices on the stages' tabs."""

    def change(state: SessionState) -> SessionState:
        stages = replace(state.view.stages, **changes)  # type: ignore[arg-type]
        if stages == state.view.stages:
            return state
        return replace(state, view=replace(state.view, stages=stages))

    tasks.session.update(change)


def condition_on(tasks: Tasks, frames: tuple[int, int]) -> None:
    """Make the avatar of these two frames; joints that were registered are registered anew.

    Raises:
        WorkbenchError: there is no avatar, the frames are one, or too much is waiting.
    """
    if tasks.session.state.avatar is None:
        raise WorkbenchError("There is no avatar yet; press Build avatar first.")
    if frames[0] == frames[1]:
        raise WorkbenchError("Both frames are the same; choose two, front and back at best.")
    tasks.pause()

    def work(control: JobControl) -> Iterator[None]:
        state = tasks.session.state
        if state.avatar is None:
            raise WorkbenchError("There is no avatar any more; press Build avatar first.")
        avatar = state.avatar.conditioned_on(frames)
        tasks.stages.forget_refinement()
        tasks.session.set(avatar=avatar, anchors=None, preview=None)
        set_stages(tasks, pair=None)
        yield
        if state.anchors is not None:
            yield from tasks.stages.register(control)
            yield from tasks.stages.prepare(control)

    done = ("The avatar has changed", f"Made from frames {frames[0]} and {frames[1]}.")
    tasks.submit("Conditioning the avatar", work, done)
