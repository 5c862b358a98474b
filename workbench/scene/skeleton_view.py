"""Bones and joints in 3D, colored by how far each joint is off, and a mark on the selected one."""

import numpy as np
import viser
from jaxtyping import Float, UInt8

from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import SMPL_JOINT_NAMES, SMPL_PARENTS
from workbench.core.identity import SameObjects
from workbench.core.joint_figures import JointRuler
from workbench.core.session import SessionState

FAR_OFF_MM = 120.0
"""From here on a joint is plain red."""
_UNKNOWN = (206, 212, 218)
_SELECTED = (255, 212, 59)
_BONES = [(parent, joint) for joint, parent in enumerate(SMPL_PARENTS) if parent >= 0]


def error_colors(errors_mm: Float[np.ndarray, " joints"]) -> UInt8[np.ndarray, "joints 3"]:
    """Map 0 mm to green, over yellow, to red."""
    stops = np.array([0.0, 0.4, 1.0])
    colors = np.array([[64, 192, 87], [250, 204, 21], [240, 62, 62]], np.float64)
    shares = np.clip(errors_mm / FAR_OFF_MM, 0.0, 1.0)
    channels = [np.interp(shares, stops, colors[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)


class SkeletonView:
    """Bones, joints, the selected joint's name, and the pelvis' way."""

    def __init__(self, scene: viser.SceneApi, ruler: JointRuler) -> None:
        self._scene = scene
        self._ruler = ruler
        self._bones: viser.LineSegmentsHandle | None = None
        self._joints: viser.PointCloudHandle | None = None
        self._mark: viser.PointCloudHandle | None = None
        self._name: viser.LabelHandle | None = None
        self._shown = SameObjects()

    def draw(self, state: SessionState) -> None:
        """Show the skeleton of the rendered poses, if it is wanted, and the selected joint."""
        view, motion = state.view, state.rendered_motion
        figures = self._ruler.measure(state)
        key = SameObjects(motion, figures, view.frame, view.joint, int(view.show_skeleton))
        if key == self._shown:
            return
        self._shown = key
        posed = None
        if state.footage is not None and motion is not None:
            posed = state.footage.pose(motion, view.frame)
        if posed is None:
            self._set_visible(False, False)
            return
        if self._bones is None:
            self._build()
        errors = figures.newest
        if motion is state.initial and figures.before is not None:
            errors = figures.before
        colors = np.tile(np.array(_UNKNOWN, np.uint8), (len(posed.joints), 1))
        if errors is not None:
            colors = error_colors(errors)
        self._set_visible(view.show_skeleton, True)
        self._place(posed.joints.astype(np.float32), colors, view.joint)

    def _build(self) -> None:
        count = len(SMPL_JOINT_NAMES)
        self._bones = self._scene.add_line_segments(
            "/skeleton/bones", np.zeros((len(_BONES), 2, 3), np.float32),
            np.zeros((len(_BONES), 2, 3), np.uint8), thickness=3.0, thickness_units="screen",
        )  # fmt: skip
        self._joints = self._points("/skeleton/joints", count, 0.028)
        self._mark = self._points("/skeleton/selected", 1, 0.036)
        self._mark.colors = np.array([_SELECTED], np.uint8)
        self._name = self._scene.add_label(
            "/skeleton/name", "", anchor="bottom-left", font_screen_scale=0.75
        )

    def _points(self, name: str, count: int, size: float) -> viser.PointCloudHandle:
        return self._scene.add_point_cloud(
            name, np.zeros((count, 3), np.float32), np.zeros((count, 3), np.uint8),
            point_size=size, point_shape="circle", point_shading="flat", precision="float32",
        )  # fmt: skip

    def _place(
        self,
        joints: Float[np.ndarray, "joints 3"],
        colors: UInt8[np.ndarray, "joints 3"],
        selected: int,
    ) -> None:
        assert self._bones and self._joints and self._mark and self._name
        ends = np.array(_BONES)
        self._bones.points = joints[ends]
        self._bones.colors = colors[ends]
        self._joints.points, self._joints.colors = joints, colors
        self._mark.points = joints[selected : selected + 1]
        at = joints[selected]
        self._name.position = (float(at[0]), float(at[1]), float(at[2]))
        self._name.text = SMPL_JOINT_NAMES[selected].replace("_", " ")

    def _set_visible(self, skeleton: bool, mark: bool) -> None:
        for handle, is_visible in (
            (self._bones, skeleton), (self._joints, skeleton), (self._mark, mark),
            (self._name, mark),
        ):  # fmt: skip
            if handle is not None:
                handle.visible = is_visible


class TrajectoryView:
    """Where the pelvis goes over the clip: initial in gray, refined in its color."""

    def __init__(self, scene: viser.SceneApi) -> None:
        self._scene = scene
        self._lines: dict[str, viser.LineSegmentsHandle] = {}
        self._shown = SameObjects()

    def draw(self, state: SessionState) -> None:
        """Show or hide the lines."""
        view = state.view
        key = SameObjects(state.initial, state.refined, int(view.show_trajectory))
        if key == self._shown:
            return
        self._shown = key
        ways = {
            "initial": (state.initial, view.initial_style.color),
            "refined": (state.refined, view.refined_style.color),
        }
        for name, (motion, color) in ways.items():
            self._draw_one(name, motion if view.show_trajectory else None, state, color)

    def _draw_one(
        self, name: str, motion: Motion | None, state: SessionState, color: tuple[int, int, int]
    ) -> None:
        if name in self._lines:
            self._lines[name].visible = False
        if motion is None or state.footage is None:
            return
        joints = state.footage.joints(motion)[motion.valid.numpy()]
        if len(joints) < 2:
            return
        way = joints[:, 0].astype(np.float32)
        self._lines[name] = self._scene.add_line_segments(
            f"/trajectory/{name}", np.stack([way[:-1], way[1:]], axis=1), color,
            thickness=2.0, thickness_units="screen",
        )  # fmt: skip
