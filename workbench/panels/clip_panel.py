"""The Clip tab: what is open, what was found beside it, other clips in the folder."""

import viser

from workbench.core import markup
from workbench.core.session import SessionState


class ClipPanel:
    """Facts about the clip."""

    def __init__(self, gui: viser.GuiApi) -> None:
        self._facts = gui.add_html("")

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        footage = state.footage
        if footage is None:
            self._facts.content = markup.paragraph("No clip is open.")
            return
        self._facts.content = markup.facts(clip_facts(state))


def clip_facts(state: SessionState) -> list[tuple[str, str]]:
    """Put what is known about the clip into words."""
    footage = state.footage
    assert footage is not None
    video = footage.video
    seconds = video.num_frames / max(video.fps, 1e-6)
    rows = [
        ("File", footage.path.name),
        ("Size", f"{video.width} x {video.height} px"),
        ("Length", f"{video.num_frames} frames, {seconds:.1f} s at {video.fps:.4g} fps"),
    ]
    focal = float(footage.camera.K[..., 0, 0].mean())
    guess = ", guessed: give --camera if you know it" if footage.camera_is_guessed else ""
    rows.append(("Focal length", f"{focal:.0f} px{guess}"))
    if footage.initial is None:
        rows.append(("Poses", "being found"))
    else:
        seen = int(footage.initial.valid.sum())
        rows.append(("Poses", f"{footage.source}; person seen in {seen} frames"))
    masks = "from file" if footage.has_masks else "none: the body's outline stands in"
    rows.append(("Person masks", masks))
    rows.append(("Truth", "given" if footage.truth is not None else "none"))
    rows.append(("Body model", footage.body_name))
    return rows
