"""The verbs of fixing by hand: each posts an edit to the compute thread and returns at once."""

from collections.abc import Callable
from dataclasses import replace

import torch

from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.geometry.rotations import euler_to_rotmat, wxyz_to_rotmat
from neuhmr.refine.correction import edits, filling, sides
from neuhmr.refine.correction.depth_flip import flip_words
from neuhmr.refine.correction.edits import Place
from neuhmr.refine.correction.reach import point_at_depth
from workbench.core.corrections import LARGEST_RADIUS, FixOptions
from workbench.core.edit_queue import Edit, EditQueue, require_poses
from workbench.core.joint_now import frame_camera, joint_now
from workbench.core.queueing import submit_once
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.engine.interface import Footage
from workbench.errors import WorkbenchError

Vector = tuple[float, float, float]
_SWAPPED = {"arms": "the arms", "legs": "the legs", "both": "arms and legs"}


class Fixing:
    """What the user can put right. Safe to call from any thread."""

    def __init__(self, tasks: Tasks, on_edited: Callable[[], None] = lambda: None) -> None:
        self._tasks = tasks
        self._session = tasks.session
        self._queue = EditQueue(tasks, on_edited)

    def set_options(self, **changes: object) -> None:
        """Change how edits are made; see `FixOptions`."""

        def change(state: SessionState) -> SessionState:
            options: FixOptions = replace(state.fix, **changes)  # type: ignore[arg-type]
            radius = min(max(options.radius, 0), LARGEST_RADIUS)
            return replace(state, fix=replace(options, radius=radius))

        self._session.update(change)

    def flip_depth(self) -> None:
        """Mirror the limb of the selected joint in depth, in all frames of the window."""
        joint = self._session.state.view.joint
        self._queue.post(
            f"Flip the {flip_words(joint)}",
            lambda footage, motion, place: edits.flip_limb(
                motion, place, footage.skeleton(motion), joint
            ),
        )

    def swap_sides(self) -> None:
        """Exchange left and right limbs in all frames of the window."""
        limbs = self._session.state.fix.limbs
        self._queue.post(
            f"Swap left and right of {_SWAPPED[limbs]}",
            lambda _footage, motion, place: sides.swap_sides(motion, place, limbs),
        )

    def copy_neighbor(self, direction: int) -> None:
        """Take over the pose of the nearest frame before (-1) or after (1) that has one."""
        word = "before" if direction < 0 else "after"

        def edit(_footage: Footage, motion: Motion, place: Place) -> Motion:
            frames = motion.frame_index[motion.valid].tolist()
            beside = [f for f in frames if (f - place.frame) * direction > 0]
            if not beside:
                raise WorkbenchError(f"No frame {word} this one has a pose to copy.")
            source = min(beside, key=lambda f: abs(f - place.frame))
            return edits.copy_pose(motion, place, source)

        self._queue.post(f"Copy the pose {word}", edit)

    def turn_to(self, joint: int, degrees: Vector) -> None:
        """Give a joint exact angles about x, y and z, from a slider."""
        self._queue.slide(
            f"Turn the {joint_words(joint)}",
            lambda _footage, motion, place: edits.turn_joint(
                motion, place, joint, _from_degrees(degrees)
            ),
        )

    def move_to(self, joint: int, point: Vector) -> None:
        """Bring a joint to a point (m, camera) with all that holds it, from number fields."""
        self._queue.slide(f"Move the {joint_words(joint)}", _reaching(joint, point))

    def move_to_pixel(self, joint: int, pixel: tuple[float, float]) -> None:
        """Bring a joint to where the user let go in the picture (px of the video), at its depth."""

        def edit(footage: Footage, motion: Motion, place: Place) -> Motion:
            now = joint_now(footage, motion, place.frame, joint)
            if now is None:
                raise WorkbenchError(f"Frame {place.frame} has no pose to move.")
            camera = frame_camera(footage, place.frame)
            target = point_at_depth(camera, torch.tensor(pixel), now.position[2])
            return edits.reach_point(motion, place, footage.skeleton(motion), joint, target)

        self._queue.post(f"Move the {joint_words(joint)} in the picture", edit)

    def begin_stroke(self) -> None:
        """Begin a drag: what follows is one entry of the history."""
        self._queue.begin_stroke()

    def drag_turn(self, joint: int, wxyz: tuple[float, float, float, float]) -> None:
        """Turn a joint as the gizmo was turned (camera's axes)."""

        def edit(footage: Footage, motion: Motion, place: Place) -> Motion:
            rotmat = wxyz_to_rotmat(torch.tensor(wxyz))
            return edits.turn_in_camera(motion, place, footage.skeleton(motion), joint, rotmat)

        self._queue.drag(f"Turn the {joint_words(joint)}", edit)

    def drag_move(self, joint: int, point: Vector) -> None:
        """Bring a joint to where the gizmo was moved (m, camera)."""
        self._queue.drag(f"Move the {joint_words(joint)}", _reaching(joint, point))

    def mark_invalid(self, is_invalid: bool) -> None:
        """Say of the present frame that its pose does not count, or that it does."""
        state = self._session.state
        require_poses(state)
        frame = state.view.frame

        def change() -> None:
            motion = require_poses(self._session.state)[1]
            has_row = bool((motion.frame_index == frame).any())
            if not has_row:
                raise WorkbenchError(f"Frame {frame} has no pose to mark.")
            marked = edits.mark_frames(motion, {frame}, not is_invalid)
            word = "invalid" if is_invalid else "valid"
            self._queue.put(
                motion, marked, f"Mark frame {frame} {word}", frame, is_invalid=is_invalid
            )

        submit_once(self._tasks, "Marking the frame", change)

    def fill(self) -> None:
        """Give all frames that are marked invalid poses between their neighbors'."""
        require_poses(self._session.state)

        def change() -> None:
            state = self._session.state
            _, motion = require_poses(state)
            marked = state.corrections.invalid
            filled = filling.fill_frames(motion, marked)
            words = f"frame {min(marked)}" if len(marked) == 1 else f"{len(marked)} frames"
            self._queue.put(motion, filled, f"Fill {words}", *marked, is_invalid=False)

        submit_once(self._tasks, "Filling the frames", change)

    def lock_frame(self, is_locked: bool) -> None:
        """Let the present frame keep its pose whatever comes, or not any more."""
        frame = self._session.state.view.frame

        def change(state: SessionState) -> SessionState:
            locked = state.scope.locked_frames
            locked = locked | {frame} if is_locked else locked - {frame}
            return replace(state, scope=replace(state.scope, locked_frames=locked))

        self._queue.lock(f"{_lock_word(is_locked)} frame {frame}", change)

    def lock_joint(self, is_locked: bool) -> None:
        """Let the selected joint keep its rotation in all frames, or not any more."""
        joint = self._session.state.view.joint

        def change(state: SessionState) -> SessionState:
            locked = state.scope.locked_joints
            locked = locked | {joint} if is_locked else locked - {joint}
            return replace(state, scope=replace(state.scope, locked_joints=locked))

        self._queue.lock(f"{_lock_word(is_locked)} the {joint_words(joint)}", change)

    def refine_around(self) -> None:
        """Refine anew from the poses that were put right.

        Raises:
            WorkbenchError: nothing was put right since the last refinement.
        """
        state = self._session.state
        require_poses(state)
        if state.corrections.motion is None:
            raise WorkbenchError("Nothing was put right since the last refinement; do that first.")
        self._tasks.run()


def joint_words(joint: int) -> str:
    """Name a joint as people do."""
    return SMPL_JOINT_NAMES[joint].replace("_", " ")


def _lock_word(is_locked: bool) -> str:
    return "Lock" if is_locked else "Unlock"


def _reaching(joint: int, point: Vector) -> Edit:
    return lambda footage, motion, place: edits.reach_point(
        motion, place, footage.skeleton(motion), joint, torch.tensor(point)
    )


def _from_degrees(degrees: Vector) -> torch.Tensor:
    return euler_to_rotmat(torch.deg2rad(torch.tensor(degrees)))
