"""What the Avatar tab says in letters and small pictures."""

import math
from collections.abc import Callable, Mapping

import numpy as np

from workbench.core import markup
from workbench.core.session import SessionState
from workbench.engine.avatar_rendering import FrameQuality
from workbench.engine.interface import AvatarStage
from workbench.scene.html_pictures import data_uri
from workbench.scene.pictures import resized, trimmed

_THUMBNAIL = (72, 54)


def quality(state: SessionState, known: Mapping[int, FrameQuality], switch: str) -> str:
    """Say how well the shown frame renders, and in what pose; `switch` is a button at the end."""
    frame = state.view.frame
    found = known.get(frame)
    numbers = "measuring ..."
    if found is not None and math.isfinite(found.psnr_db):
        numbers = f"<b>{found.psnr_db:.1f} dB</b> PSNR · <b>{found.iou:.3f}</b> IoU"
    elif found is not None:
        numbers = "nobody on the mask"
    line = (
        '<div style="display:flex;align-items:center;gap:8px">'
        f'<span>{numbers}</span><span style="flex:1"></span>'
        f'<span style="color:{markup.FAINT};font-size:11px">{len(known)} frames</span>'
        f"{switch}</div>"
    )
    note = markup.escape(rendering_note(state))
    return markup.block(f'{line}<div style="color:{markup.FAINT};font-size:11px">{note}</div>')


def rendering_note(state: SessionState) -> str:
    """Say what the picture shows, or what it waits for."""
    orbit = state.stage_results.orbit
    if state.view.stages.compare == "free view":
        if orbit is None:
            return "Waiting for the 3D view ..."
        return orbit.problem or ("" if orbit.is_fine else "Coarse while things move.")
    if state.preview is None or state.preview.frame != state.view.frame:
        return "Rendering ..."
    poses = "refined" if state.preview.motion is state.refined else "initial"
    rough = ", coarse while things move" if state.preview.stride > 1 else ""
    note = f"Frame {state.view.frame}, {poses} pose{rough}."
    if state.judged is not None and state.view.frame in state.judged.given_up:
        note += " The refined pose explains this frame worse; exports are mostly the initial one."
    return note


def pair(avatar: AvatarStage, frames: tuple[int, int], on_click: Callable[[int], str]) -> str:
    """Draw the two frames the avatar is made from, or is wanted to be; a click goes there."""
    is_new = frames != avatar.conditioning_frames
    color = markup.REFINED if is_new else markup.TRUTH
    cards = []
    for words, frame in zip(("first", "second"), frames, strict=True):
        crop = avatar.crop(frame)
        height, width = _THUMBNAIL
        picture = f'<span style="width:{width}px;height:{height}px"></span>'
        if crop is not None:
            small = resized(trimmed(crop), (2 * height, 2 * width))
            picture = f'<img src="{data_uri(small)}" width="{width}" height="{height}" alt="">'
        cards.append(
            f'<span style="cursor:pointer;text-align:center;font-size:11px;border:1px solid '
            f'{color};border-radius:4px;padding:2px" title="Click to go to frame {frame}" '
            f'onclick="{markup.escape(on_click(frame))}">{picture}<br>{words}: {frame}</span>'
        )
    words = "To be made from:" if is_new else "Made from:"
    facts = "".join(f"<div>{markup.escape(line)}</div>" for line in avatar_lines(avatar))
    return markup.block(
        f'<div style="display:flex;gap:6px">{"".join(cards)}<div style="font-size:11px;'
        f'color:{markup.FAINT};padding-left:4px"><div style="color:{color}">{words}</div>{facts}'
        "</div></div>"
    )


def avatar_lines(avatar: AvatarStage) -> list[str]:
    """Put the avatar's figures into words."""
    first, second = avatar.conditioning_frames
    height, width = avatar.crop_size
    lines = [f"now frames {first} and {second}", f"crop {width} × {height} px"]
    if avatar.silhouette_iou:
        values = np.array(list(avatar.silhouette_iou.values()))
        lines.append(f"body over mask {100 * values.mean():.0f} %")
        lines.append(f"at worst {100 * values.min():.0f} %")
    return lines
