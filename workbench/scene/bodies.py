"""The bodies in 3D: initial, refined and true, and faint ones of the frames around."""

from dataclasses import dataclass

import numpy as np
import viser

from neuhmr.body.motion import Motion
from workbench.core.session import SessionState
from workbench.core.view_state import BodyStyle, ViewState
from workbench.engine.interface import Footage

_WIRE_OPACITY = 0.3
_SKELETON_OPACITY = 0.35
"""At most so opaque are bodies around lines in them, which would be hidden otherwise."""
_GHOST_OPACITY = 0.28
_NAMES = ("initial", "refined", "truth")


@dataclass
class _Body:
    """One mesh in the scene and what it shows."""

    handle: viser.MeshHandle
    motion: Motion | None = None
    frame: int = -1
    is_present: bool = False


class BodiesView:
    """Keeps a few meshes and moves their vertices."""

    def __init__(self, scene: viser.SceneApi) -> None:
        self._scene = scene
        self._footage: Footage | None = None
        self._bodies: dict[str, _Body] = {}

    def draw(self, state: SessionState) -> None:
        """Show the bodies of the present frame, and their ghosts."""
        footage = state.footage
        if footage is None or footage.initial is None:
            for body in self._bodies.values():
                body.handle.visible = False
            return
        if self._footage is None or footage.faces is not self._footage.faces:
            self._bodies = {}
            for name in _NAMES:
                self._make(name, footage)
        self._footage = footage
        view = state.view
        shared = view.shown == "both" and state.refined is not None
        shows_initial = view.shown != "refined" or state.refined is None
        motions = {
            "initial": footage.initial if shows_initial else None,
            "refined": state.refined if view.shown != "initial" else None,
            "truth": footage.truth if view.show_truth else None,
        }
        styles = {
            "initial": view.initial_style, "refined": view.refined_style, "truth": view.truth_style,
        }  # fmt: skip
        is_wire = {"initial": shared, "refined": False, "truth": True}
        for name, motion in motions.items():
            self._place(name, footage, motion, view.frame)
            self._dress(self._bodies[name].handle, styles[name], is_wire[name], view)
        self._draw_ghosts(state, footage)

    def _make(self, name: str, footage: Footage) -> _Body:
        handle = self._scene.add_mesh_simple(
            f"/bodies/{name}",
            vertices=np.zeros((int(footage.faces.max()) + 1, 3), np.float32),
            faces=footage.faces,
            side="double",
            cast_shadow=False,
            receive_shadow=False,
            visible=False,
        )
        self._bodies[name] = _Body(handle)
        return self._bodies[name]

    def _dress(
        self, handle: viser.MeshHandle, style: BodyStyle, is_wire: bool, view: ViewState
    ) -> None:
        wires = is_wire if style.surface == "auto" else style.surface == "wire"
        opacity = style.opacity * (_WIRE_OPACITY if wires else 1.0)
        if view.show_skeleton or view.show_depth_errors:
            opacity = min(opacity, _SKELETON_OPACITY)
        wanted = None if opacity >= 1.0 else opacity
        if handle.color != style.color:
            handle.color = style.color
        if handle.wireframe != wires:
            handle.wireframe = wires
        if handle.opacity != wanted:
            handle.opacity = wanted

    def _draw_ghosts(self, state: SessionState, footage: Footage) -> None:
        """Show the rendered poses of the frames around, the farther the fainter."""
        view, motion = state.view, state.rendered_motion
        wanted: dict[str, tuple[int, float]] = {}
        for number in range(1, view.ghosts + 1):
            faint = _GHOST_OPACITY * (1.0 - (number - 1) / (view.ghosts + 1))
            for side, sign in (("before", -1), ("after", 1)):
                frame = view.frame + sign * number * view.ghost_step
                wanted[f"{side}{number}"] = (frame, faint)
        color = view.refined_style.color if motion is state.refined else view.initial_style.color
        for name in [n for n in self._bodies if n not in _NAMES and n not in wanted]:
            self._bodies[name].handle.visible = False
        for name, (frame, faint) in wanted.items():
            body = self._bodies.get(name) or self._make(name, footage)
            self._place(name, footage, motion, frame)
            if body.handle.color != color:
                body.handle.color = color
            if body.handle.opacity != faint:
                body.handle.opacity = faint

    def _place(self, name: str, footage: Footage, motion: Motion | None, frame: int) -> None:
        body = self._bodies[name]
        if motion is None:
            body.handle.visible = False
            return
        if body.motion is not motion or body.frame != frame:
            posed = footage.pose(motion, frame)
            body.motion, body.frame, body.is_present = motion, frame, posed is not None
            if posed is not None:
                body.handle.vertices = posed.vertices
        body.handle.visible = body.is_present
