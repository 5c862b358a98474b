"""The video with its bodies, at the top of the left column; the page draws it where it likes."""

import numpy as np
import viser

from workbench.core import markup
from workbench.core.page_link import PageLink
from workbench.core.session import SessionState
from workbench.engine.exchange import Image
from workbench.scene.frame_view import shown_masks, shows_heat
from workbench.scene.pictures import BACKGROUND

CHANNEL = "picture"
LABEL = "nh-frame"
"""By this label the page finds the picture; nobody sees it."""


class PicturePanel:
    """What the camera saw, and what the poses say it saw."""

    def __init__(self, gui: viser.GuiApi, link: PageLink) -> None:
        self._link = link
        self._image = gui.add_image(
            np.full((9, 16, 3), BACKGROUND, np.uint8), label=LABEL, jpeg_quality=86
        )
        link.open_channels(CHANNEL)

    def show_frame(self, image: Image) -> None:
        """Put up a painted frame."""
        self._image.image = image

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        footage = state.footage
        aspect = 16.0 / 9.0 if footage is None else footage.video.width / footage.video.height
        entries = [{"words": words, "color": color} for words, color in legend(state)]
        self._link.show(CHANNEL, {"legend": entries, "aspect": round(aspect, 4)})


def legend(state: SessionState) -> list[tuple[str, str]]:
    """Explain the colors of the picture: (words, color)."""
    if state.footage is None or state.initial is None:
        return []
    if state.view.chooses_person:
        return [("click on a person to open their poses", markup.ANCHOR)]
    has_refined, shown = state.refined is not None, state.view.shown
    if shows_heat(state):
        is_initial = state.rendered_motion is state.initial
        poses, color = ("initial", markup.INITIAL) if is_initial else ("refined", markup.REFINED)
        found = [("found in heatmaps", markup.FOUND)] if state.keypoints_now is not None else []
        return [(f"{poses} (outline)", color), *found]
    entries = [] if shown_masks(state) is None else [("mask", markup.MASK)]
    if shown != "refined" or not has_refined:
        is_ghost = bool(entries) or (has_refined and shown == "both")
        entries.append(("initial (outline)" if is_ghost else "initial", markup.INITIAL))
    if has_refined and shown != "initial":
        entries.append(("refined", markup.REFINED))
    if state.view.show_truth:
        entries.append(("truth", markup.TRUTH))
    return entries
