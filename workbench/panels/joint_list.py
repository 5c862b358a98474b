"""The left of the page: every joint of the shown frame, and clicks that select one, or a person."""

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import viser
from jaxtyping import Float

from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from workbench.core.joint_figures import JointFigures, JointRuler
from workbench.core.open_tasks import choose_person
from workbench.core.page_link import PageLink
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.engine.interface import Footage
from workbench.engine.optimizer import JointReport
from workbench.scene.picking import intrinsics, joint_at_point, joint_at_ray, person_at_point
from workbench.scene.quick_overlay import project
from workbench.server.user_event import UserEvent

CHANNEL = "joints"
_MOST_CLICKS = 8


@dataclass(frozen=True)
class _Click:
    """What a browser says was clicked at: a ray in the scene, or a point of the picture."""

    ray: tuple[Any, Any] = (None, None)
    point: tuple[float, float] | None = None


class JointList:
    """Names, errors before and after, how sure the match is."""

    def __init__(self, link: PageLink, tasks: Tasks, ruler: JointRuler) -> None:
        self._link = link
        self._tasks = tasks
        self._ruler = ruler
        self._clicks: deque[_Click] = deque(maxlen=_MOST_CLICKS)
        link.open_channels(CHANNEL)
        link.add_number("joint", len(SMPL_JOINT_NAMES) - 1, self._choose)
        link.add_pair("pick", 1.0, self._take_point)

    def listen(self, scene: viser.SceneApi) -> None:
        """Select joints by clicks in 3D, too."""

        async def pick(event: viser.SceneClickEvent) -> None:
            self._clicks.append(_Click(ray=(event.ray_origin, event.ray_direction)))

        scene.on_click()(pick)  # type: ignore[arg-type]

    def _take_point(self, _event: UserEvent, across: float, down: float) -> None:
        self._clicks.append(_Click(point=(across, down)))

    def _choose(self, joint: int) -> None:
        self._tasks.session.set_view(joint=joint)

    def tick(self, state: SessionState) -> None:
        """Find out what was clicked at; posing a body takes too long for a callback."""
        footage, motion = state.footage, state.rendered_motion
        while self._clicks:
            click = self._clicks.popleft()
            if footage is None or motion is None:
                continue
            if state.view.chooses_person and click.point is not None:
                person = person_at_point(footage, state.view.frame, *click.point)
                if person is not None:
                    choose_person(self._tasks, person)
                continue
            joint = _joint_at(click, footage, motion, state.view.frame)
            if joint is not None:
                self._choose(joint)

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        report = state.joints
        is_current = report is not None and report.frame == state.view.frame
        figures = self._ruler.measure(state)
        self._link.show(CHANNEL, joint_content(state, figures, report if is_current else None))


def joint_content(
    state: SessionState, figures: JointFigures, report: JointReport | None
) -> dict[str, Any]:
    """Gather the list of the shown frame."""
    return {
        "names": list(joint_names()),
        "selected": state.view.joint,
        "at": _place_in_picture(state),
        "meaning": figures.meaning,
        "before": _rounded(figures.before),
        "after": _rounded(figures.after),
        "similarity": _rounded(None if report is None else report.similarity, 2),
        "match": [] if report is None else [_match(report, j) for j in range(len(report.visible))],
    }


def _place_in_picture(state: SessionState) -> list[float] | None:
    """Find the selected joint in the frame (shares of its width and height); None where unseen."""
    footage, motion, frame = state.footage, state.rendered_motion, state.view.frame
    posed = None if footage is None or motion is None else footage.pose(motion, frame)
    if footage is None or posed is None or posed.joints[state.view.joint, 2] <= 0.0:
        return None
    u, v = project(posed.joints, intrinsics(footage, frame))[state.view.joint]
    place = [float(u) / footage.camera.width, float(v) / footage.camera.height]
    return [round(share, 4) for share in place] if 0.0 <= min(place) <= max(place) <= 1.0 else None


def _match(report: JointReport, joint: int) -> str:
    """Tell how a joint's match went: yes, no, unseen, or none for joints that take no part."""
    if not report.verdicts[joint]:
        return "none"
    if report.matched[joint]:
        return "yes"
    return "no" if report.visible[joint] else "unseen"


def _joint_at(click: _Click, footage: Footage, motion: Motion, frame: int) -> int | None:
    if click.point is not None:
        return joint_at_point(footage, motion, frame, *click.point)
    posed = footage.pose(motion, frame)
    return None if posed is None else joint_at_ray(posed.joints, *click.ray)


def _rounded(values: Float[np.ndarray, " joints"] | None, digits: int = 0) -> list[float | None]:
    if values is None:
        return []
    return [round(float(v), digits) if np.isfinite(v) else None for v in values]


def joint_names() -> tuple[str, ...]:
    """Name all joints for the user."""
    return tuple(joint_words(joint) for joint in range(len(SMPL_JOINT_NAMES)))


def joint_words(joint: int) -> str:
    """Name a joint for the user."""
    return SMPL_JOINT_NAMES[joint].replace("_", " ")
