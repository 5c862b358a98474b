"""The bodies in 3D: initial as gray wires, refined in color, the truth as green wires."""

from dataclasses import dataclass

import numpy as np
import viser

from neuhmr.body.motion import Motion
from workbench.core.session import SessionState
from workbench.engine.interface import BodyFrame, Footage

INITIAL_COLOR = (173, 181, 189)
REFINED_COLOR = (77, 171, 247)
TRUTH_COLOR = (81, 207, 102)


@dataclass
class _Body:
    """One mesh in the scene and what it shows."""

    handle: viser.MeshHandle
    motion: Motion | None = None
    frame: int = -1
    is_present: bool = False


class BodiesView:
    """Keeps three meshes and moves their vertices."""

    def __init__(self, scene: viser.SceneApi) -> None:
        self._scene = scene
        self._footage: Footage | None = None
        self._bodies: dict[str, _Body] = {}

    def draw(self, state: SessionState) -> None:
        """Show the bodies of the present frame."""
        footage = state.footage
        if footage is None or footage.initial is None:
            for body in self._bodies.values():
                body.handle.visible = False
            return
        if self._footage is None or footage.faces is not self._footage.faces:
            self._make_meshes(footage)
        self._footage = footage
        view = state.view
        has_refined = state.refined is not None
        shows_initial = view.shown != "refined" or not has_refined
        is_ghost = view.shown == "both" and has_refined
        self._place("initial", footage, footage.initial if shows_initial else None, view.frame)
        self._bodies["initial"].handle.wireframe = is_ghost
        self._bodies["initial"].handle.opacity = 0.3 if is_ghost else None
        refined = state.refined if view.shown != "initial" else None
        self._place("refined", footage, refined, view.frame)
        self._place("truth", footage, footage.truth if view.show_truth else None, view.frame)

    def _make_meshes(self, footage: Footage) -> None:
        colors = {"initial": INITIAL_COLOR, "refined": REFINED_COLOR, "truth": TRUTH_COLOR}
        count = int(footage.faces.max()) + 1
        for name, color in colors.items():
            handle = self._scene.add_mesh_simple(
                f"/bodies/{name}",
                vertices=np.zeros((count, 3), np.float32),
                faces=footage.faces,
                color=color,
                wireframe=name == "truth",
                side="double",
                cast_shadow=False,
                receive_shadow=False,
                visible=False,
            )
            self._bodies[name] = _Body(handle)

    def _place(self, name: str, footage: Footage, motion: Motion | None, frame: int) -> None:
        body = self._bodies[name]
        if motion is None:
            body.handle.visible = False
            return
        if body.motion is not motion or body.frame != frame:
            posed: BodyFrame | None = footage.pose(motion, frame)
            body.motion, body.frame, body.is_present = motion, frame, posed is not None
            if posed is not None:
                body.handle.vertices = posed.vertices
        body.handle.visible = body.is_present
