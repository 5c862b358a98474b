"""The View tab and the icons over the 3D view: what is drawn there, and how."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import viser

from workbench.core.notices import Notices
from workbench.core.page_link import PageLink
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.core.view_state import MAX_GHOSTS, SURFACES, BodyStyle
from workbench.server.user_event import UserEvent

CHANNEL = "view"
"""To be opened outside the tab."""
_BODIES = ("initial", "refined", "truth")
_SWITCHES: dict[str, tuple[str, str, str]] = {
    "skeleton": (
        "show_skeleton", "Skeleton", "Bones and joints; green is near, red is far off.",
    ),
    "depth errors": (
        "show_depth_errors", "Depth errors",
        "How far off each joint is expected to be, nearer or farther, beside the hips. Known once "
        "the avatar is built.",
    ),
    "trajectory": ("show_trajectory", "Trajectory", "Where the pelvis goes over the clip."),
    "ground": ("show_ground", "Ground", "The floor under the feet; squares of half a meter."),
    "camera": ("show_frustum", "Video camera", "Where the camera stood, with the frame on it."),
    "backdrop": (
        "show_backdrop", "Frame behind",
        "The video's frame on a wall behind the person, where the camera's rays meet it.",
    ),
    "sphere": (
        "show_sphere", "Orientations",
        "Which side of the body each frame shows. Yellow: anchors; green: the two frames the "
        "avatar is made from; white: the present frame.",
    ),
    "truth": ("show_truth", "Show truth", "The true poses, where the clip brings them."),
    "follow": ("follows", "Follow the person", "The 3D view goes along with the pelvis."),
    "from camera": (
        "from_camera", "Camera's view",
        "See the scene as the camera did, with the frame behind the bodies. Orbiting leaves it.",
    ),
}  # fmt: skip
"""By the page's name: field of the view, words, what it is for."""
_GHOSTS_AT_ONCE = 2


class ViewPanel:
    """Switches and styles; the page has icons for the switches that are used most."""

    def __init__(self, gui: viser.GuiApi, link: PageLink, tasks: Tasks, notices: Notices) -> None:
        self._link, self._tasks = link, tasks
        self._switches: dict[str, viser.GuiCheckboxHandle] = {}
        view = tasks.session.state.view
        for name, (fieldname, words, hint) in _SWITCHES.items():
            box = gui.add_checkbox(words, getattr(view, fieldname), hint=hint)
            box.on_update(notices.guard(self._setter(fieldname, bool)))
            self._switches[name] = box
        self._ghosts = gui.add_slider(
            "Ghosts", min=0, max=MAX_GHOSTS, step=1, initial_value=view.ghosts,
            hint="Faint bodies of the frames before and after, so many on each side.",
        )  # fmt: skip
        self._step = gui.add_slider(
            "Ghosts apart", min=1, max=30, step=1, initial_value=view.ghost_step,
            hint="Frames from one ghost to the next.",
        )  # fmt: skip
        self._ghosts.on_update(notices.guard(self._setter("ghosts", int)))
        self._step.on_update(notices.guard(self._setter("ghost_step", int)))
        self._styles = {body: _StyleWidgets(gui, tasks, notices, body) for body in _BODIES}

    def _setter(self, fieldname: str, kind: type) -> Callable[[UserEvent], None]:
        def set_it(event: UserEvent) -> None:
            self._tasks.session.set_view(**{fieldname: kind(event.value)})

        return set_it

    def presses(self) -> dict[str, Callable[[UserEvent], None]]:
        """Say what the page may press here."""
        flips: dict[str, Callable[[UserEvent], None]] = {
            f"flip {name}": lambda _event, row=row: flip(self._tasks, row[0])
            for name, row in _SWITCHES.items()
        }
        return {**flips, "flip ghosts": lambda _event: flip_ghosts(self._tasks)}

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        view = state.view
        for name, (fieldname, _, _) in _SWITCHES.items():
            self._switches[name].value = getattr(view, fieldname)
        has_truth = state.footage is not None and state.footage.truth is not None
        self._switches["truth"].disabled = not has_truth
        self._switches["depth errors"].disabled = state.avatar is None
        self._ghosts.value, self._step.value = view.ghosts, view.ghost_step
        for styles in self._styles.values():
            styles.refresh(state)
        shown: dict[str, Any] = {name: getattr(view, row[0]) for name, row in _SWITCHES.items()}
        self._link.show(CHANNEL, shown | {
            "ghosts": view.ghosts > 0, "has_truth": has_truth,
            "has_avatar": state.avatar is not None,
        })  # fmt: skip


def flip(tasks: Tasks, fieldname: str) -> None:
    """Turn a switch of the view over."""
    tasks.session.set_view(**{fieldname: not getattr(tasks.session.state.view, fieldname)})


def flip_ghosts(tasks: Tasks) -> None:
    """Show a few ghosts, or none."""
    tasks.session.set_view(ghosts=0 if tasks.session.state.view.ghosts else _GHOSTS_AT_ONCE)


class _StyleWidgets:
    """Color, opacity and surface of one body."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices, body: str) -> None:
        self._session, self._field = tasks.session, f"{body}_style"
        style = self._style
        with gui.add_folder(f"{body.capitalize()} body", expand_by_default=False):
            self._color = gui.add_rgb("Color", style.color, hint=f"Of the {body} body in 3D.")
            self._opacity = gui.add_slider(
                "Opacity", min=0.05, max=1.0, step=0.05, initial_value=style.opacity,
                hint="1 hides what is behind.",
            )  # fmt: skip
            self._surface = gui.add_dropdown(
                "Surface", SURFACES, initial_value=style.surface,
                hint="Auto draws wires where another body shares the place.",
            )  # fmt: skip
        self._color.on_update(notices.guard(lambda e: self._change(color=tuple(e.value))))
        self._opacity.on_update(notices.guard(lambda e: self._change(opacity=float(e.value))))
        self._surface.on_update(notices.guard(lambda e: self._change(surface=e.value)))

    @property
    def _style(self) -> BodyStyle:
        return getattr(self._session.state.view, self._field)

    def _change(self, **changes: Any) -> None:
        self._session.set_view(**{self._field: replace(self._style, **changes)})

    def refresh(self, state: SessionState) -> None:
        style: BodyStyle = getattr(state.view, self._field)
        self._color.value, self._opacity.value = style.color, style.opacity
        self._surface.value = style.surface
