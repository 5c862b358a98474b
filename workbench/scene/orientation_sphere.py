"""The orientation sphere: which side of the body each frame shows, and which are anchors.

It hovers above the person. The body's front is the side towards the video camera.
"""

import numpy as np
import viser
from jaxtyping import Float

from workbench.core.session import SessionState
from workbench.engine.interface import AnchorStage

RADIUS_M = 0.42
FRAME_COLOR = (134, 142, 150)
CANDIDATE_COLOR = (190, 120, 60)
ANCHOR_COLOR = (252, 196, 25)
CONDITIONING_COLOR = (81, 207, 102)
CURRENT_COLOR = (255, 255, 255)
WIRE_COLOR = (58, 62, 68)
_HEIGHT_M = 1.45
"""How far above the pelvis the sphere's center hovers (m)."""
_BODY_TO_SCENE = np.array([1.0, -1.0, -1.0])
"""From the body's axes (y up, z to its front) to the camera's (y down, z away)."""


def sphere_wires(
    num_meridians: int = 6, num_parallels: int = 5, num_steps: int = 36
) -> Float[np.ndarray, "segments 2 3"]:
    """Segments of a unit sphere's meridians and parallels, the poles on the y axis."""
    around = np.linspace(0.0, 2.0 * np.pi, num_steps + 1)
    lines = []
    for angle in np.linspace(0.0, np.pi, num_meridians, endpoint=False):
        ring = np.stack([np.sin(around), np.cos(around), np.zeros_like(around)], axis=-1)
        turn = np.array(
            [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
        )
        lines.append(ring @ turn.T)
    for latitude in np.linspace(-np.pi / 2, np.pi / 2, num_parallels + 2)[1:-1]:
        ring = np.stack(
            [
                np.cos(latitude) * np.sin(around),
                np.full_like(around, np.sin(latitude)),
                np.cos(latitude) * np.cos(around),
            ],
            axis=-1,
        )
        lines.append(ring)
    return np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in lines])


class OrientationSphereView:
    """Wires, a point per frame, larger ones for the anchors, and a label."""

    def __init__(self, scene: viser.SceneApi) -> None:
        self._scene = scene
        self._root: viser.FrameHandle | None = None
        self._points: dict[str, viser.PointCloudHandle] = {}
        self._anchors: AnchorStage | None = None

    def draw(self, state: SessionState, center: Float[np.ndarray, "3"] | None) -> None:
        """Show the sphere above a person whose pelvis is at `center`."""
        is_visible = state.anchors is not None and state.view.show_sphere and center is not None
        if not is_visible:
            if self._root is not None:
                self._root.visible = False
            return
        assert state.anchors is not None and center is not None
        if self._root is None:
            self._build()
        assert self._root is not None
        self._root.visible = True
        self._root.position = _middle(center)
        if state.anchors is not self._anchors:
            self._anchors = state.anchors
            self._place_points(state)
        self._set("current", _positions(state.anchors, (state.view.frame,), 1.03))

    def _build(self) -> None:
        self._root = self._scene.add_frame("/orientations", show_axes=False)
        self._scene.add_line_segments(
            "/orientations/wires",
            points=(RADIUS_M * sphere_wires()).astype(np.float32),
            colors=WIRE_COLOR,
            thickness=1.0,
            thickness_units="screen",
        )
        styles = {
            "frames": (FRAME_COLOR, 0.022),
            "candidates": (CANDIDATE_COLOR, 0.038),
            "anchors": (ANCHOR_COLOR, 0.05),
            "conditioning": (CONDITIONING_COLOR, 0.06),
            "current": (CURRENT_COLOR, 0.06),
        }
        for name, (color, size) in styles.items():
            self._points[name] = self._scene.add_point_cloud(
                f"/orientations/{name}",
                points=np.zeros((0, 3), np.float32),
                colors=color,
                point_size=size,
                point_shape="circle",
                point_shading="flat",
                precision="float32",
            )
        for text, side in (("front", -1.0), ("back", 1.0)):
            self._scene.add_label(
                f"/orientations/{text}",
                text,
                position=(0.0, 0.0, 1.1 * side * RADIUS_M),
                font_screen_scale=0.7,
                anchor="center-center",
            )

    def _place_points(self, state: SessionState) -> None:
        anchors, avatar = state.anchors, state.avatar
        assert anchors is not None
        self._set("frames", RADIUS_M * anchors.orientations * _BODY_TO_SCENE)
        self._set("candidates", _positions(anchors, tuple(anchors.scores), 1.005))
        self._set("anchors", _positions(anchors, anchors.anchors, 1.01))
        conditioning = avatar.conditioning_frames if avatar else ()
        self._set("conditioning", _positions(anchors, conditioning, 1.02))

    def _set(self, name: str, points: Float[np.ndarray, "points 3"]) -> None:
        self._points[name].points = points.astype(np.float32)


def middle_of_person(state: SessionState) -> Float[np.ndarray, "3"] | None:
    """Tell where the person is on the whole (m), so that the sphere stands still."""
    if state.anchors is None or state.initial is None:
        return None
    transl = state.initial.transl[state.initial.valid]
    return transl.median(dim=0).values.numpy() if len(transl) else None


def dots_of(anchors: AnchorStage, center: Float[np.ndarray, "3"]) -> Float[np.ndarray, "rows 3"]:
    """Place every frame's dot in the scene (m), above a person whose pelvis is at `center`."""
    return np.array(_middle(center)) + RADIUS_M * anchors.orientations * _BODY_TO_SCENE


def _middle(center: Float[np.ndarray, "3"]) -> tuple[float, float, float]:
    return float(center[0]), float(center[1]) - _HEIGHT_M, float(center[2])


def _positions(
    anchors: AnchorStage, frames: tuple[int, ...], height: float
) -> Float[np.ndarray, "points 3"]:
    """Look up frames on the sphere; those without a valid pose are left out."""
    rows = {int(frame): row for row, frame in enumerate(anchors.frames)}
    chosen = [rows[frame] for frame in frames if frame in rows]
    return RADIUS_M * height * anchors.orientations[chosen].reshape(-1, 3) * _BODY_TO_SCENE
