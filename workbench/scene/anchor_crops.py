"""What a joint looks like in the anchors that it was registered from."""

from collections.abc import Callable

from workbench.core import markup
from workbench.engine.depth_tests import DepthTests
from workbench.engine.interface import AvatarStage
from workbench.scene.html_pictures import data_uri, window_around

REACH_PX = 20.0
"""How much is shown above and below the joint (px of the crop)."""
_SIZE = 44
_MOST_SHOWN = 14


def anchor_crops(
    avatar: AvatarStage,
    depths: DepthTests,
    joint: int,
    epsilon: float,
    on_click: Callable[[int], str],
) -> str:
    """Draw small windows on a joint in the anchors that see it; a click goes to the frame.

    Args:
        avatar: knows the frames' crops.
        depths: of the anchors.
        joint: which one.
        epsilon: with which the joints were registered (m).
        on_click: writes the script for a frame.
    """
    seen = depths.visible(epsilon)[:, joint]
    parts = []
    shown = [index for index in range(len(depths.frames)) if seen[index]]
    for index in shown[:_MOST_SHOWN]:
        frame = depths.frames[index]
        crop = avatar.crop(frame)
        if crop is None:
            continue
        window = window_around(crop, depths.pixels[index, joint], REACH_PX, (2 * _SIZE, 2 * _SIZE))
        parts.append(
            f'<span title="Anchor: frame {frame}. Click to go there." style="cursor:pointer;'
            f'position:relative" onclick="{markup.escape(on_click(frame))}">'
            f'<img src="{data_uri(window)}" width="{_SIZE}" height="{_SIZE}" alt="frame {frame}" '
            'style="display:block;border-radius:3px">'
            '<span style="position:absolute;left:2px;bottom:0;font-size:10px;line-height:12px;'
            f'color:{markup.ANCHOR};text-shadow:0 0 2px #000,0 0 2px #000">{frame}</span></span>'
        )
    if not shown:
        return markup.paragraph("No anchor sees this joint, so it has no descriptor.")
    more = len(shown) - _MOST_SHOWN
    note = f' <span style="color:{markup.FAINT}">and {more} more</span>' if more > 0 else ""
    title = f"Registered from {len(shown)} of {len(depths.frames)} anchors"
    return markup.block(
        f'<div style="color:{markup.FAINT};font-size:11px">{title}{note}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:3px">{"".join(parts)}</div>'
    )
