"""Thumbnails of the frames that are anchors, were tried, or that the user has a wish for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.core import markup
from workbench.core.session import SessionState
from workbench.engine.interface import AnchorStage, AvatarStage
from workbench.scene.html_pictures import data_uri
from workbench.scene.pictures import resized, trimmed

MOST_CARDS = 60
_PICTURE = (68, 51)
"""(height, width) on the page (px)."""
_CONDITIONING, _CANDIDATE = markup.TRUTH, "#4b5661"


@dataclass(frozen=True)
class AnchorCard:
    """One frame, as far as anchors go."""

    frame: int
    score: float | None
    """How badly it renders; None where it was not tried."""
    angle_deg: float
    """Side of the body it shows: 0 its front, positive its left (degrees)."""
    is_anchor: bool
    is_conditioning: bool
    wish: bool | None
    """The user wants it (True), does not (False), or leaves it free."""

    @property
    def words(self) -> str:
        """Say what the frame is."""
        if self.is_conditioning:
            return "anchor that the avatar is made from" if self.is_anchor else "avatar's frame"
        return "anchor" if self.is_anchor else "candidate that was not chosen"


def anchor_cards(
    state: SessionState, avatar: AvatarStage, anchors: AnchorStage
) -> list[AnchorCard]:
    """List anchors, then candidates, the best first; frames that were only wished for come last."""
    wished = state.includes | state.excludes
    frames = {*anchors.scores, *anchors.anchors, *avatar.conditioning_frames, *wished}

    def rank(frame: int) -> tuple[bool, float, int]:
        score = anchors.scores.get(frame)
        return frame not in anchors.anchors, np.inf if score is None else score, frame

    return [
        AnchorCard(
            frame=frame,
            score=anchors.scores.get(frame),
            angle_deg=angle_of(anchors, frame),
            is_anchor=frame in anchors.anchors,
            is_conditioning=frame in avatar.conditioning_frames,
            wish=True if frame in state.includes else False if frame in state.excludes else None,
        )
        for frame in sorted(frames, key=rank)
    ]


def angle_of(anchors: AnchorStage, frame: int) -> float:
    """Tell which side of the body a frame shows, around its upright axis (degrees); NaN if none."""
    row = np.flatnonzero(anchors.frames == frame)
    if not len(row):
        return float("nan")
    x, _, z = anchors.orientations[row[0]]
    return float(np.degrees(np.arctan2(x, z)))


def next_wish(card: AnchorCard) -> bool | None:
    """Turn a frame over by one click: an anchor out, any other in, and back to no wish."""
    if card.wish is not None:
        return None
    return not card.is_anchor


class CardSheet:
    """Draws cards; pictures are kept, as wishes change more often than they do."""

    def __init__(self, wish: Callable[[int], str], go: Callable[[int], str]) -> None:
        """Get ready.

        Args:
            wish: writes the script of a click on a picture.
            go: writes that of a click on a frame's number.
        """
        self._wish, self._go = wish, go
        self._avatar: AvatarStage | None = None
        self._pictures: dict[int, str] = {}

    def draw(self, avatar: AvatarStage, cards: Sequence[AnchorCard]) -> str:
        """Draw the cards in rows."""
        if avatar is not self._avatar:
            self._avatar, self._pictures = avatar, {}
        parts = [self._card(avatar, card) for card in cards[:MOST_CARDS]]
        more = len(cards) - MOST_CARDS
        note = f"<div>and {more} more candidates</div>" if more > 0 else ""
        return markup.block(
            '<div class="nh-anchors" style="display:grid;grid-template-columns:repeat(5,1fr);'
            f'gap:4px;font-size:10px;line-height:12px">{"".join(parts)}</div>{note}'
        )

    def _card(self, avatar: AvatarStage, card: AnchorCard) -> str:
        color = markup.ANCHOR if card.is_anchor else _CANDIDATE
        color = _CONDITIONING if card.is_conditioning else color
        ink = markup.FAINT if color == _CANDIDATE else color
        dim = "opacity:.4;" if card.wish is False or not (card.is_anchor or card.wish) else ""
        mark = ""
        if card.wish is not None:
            sign, tint = ("+", markup.REFINED) if card.wish else ("✕", markup.BAD)
            mark = (
                f'<span style="position:absolute;right:1px;top:0;color:{tint};font-weight:700;'
                f'font-size:15px;line-height:16px;text-shadow:0 0 3px #000">{sign}</span>'
            )
        score = "not tried" if card.score is None else f"{card.score:+.2f}"
        hint = f"Frame {card.frame}: {card.words}. {_click_words(card)}"
        return (
            f'<div data-frame="{card.frame}" style="border:1px solid {color};border-radius:4px;'
            'overflow:hidden;position:relative;text-align:center">'
            f'<div role="button" title="{markup.escape(hint)}" style="cursor:pointer;{dim}" '
            f'onclick="{markup.escape(self._wish(card.frame))}">{self._picture(avatar, card.frame)}'
            f'</div>{mark}<div title="Go to the frame" style="cursor:pointer;color:{ink};'
            f'font-weight:600" onclick="{markup.escape(self._go(card.frame))}">{card.frame}</div>'
            f'<div style="color:{markup.FAINT};white-space:nowrap">{score}'
            f"<br>∠ {card.angle_deg:+.0f}°</div></div>"
        )

    def _picture(self, avatar: AvatarStage, frame: int) -> str:
        if frame not in self._pictures:
            crop, (height, width) = avatar.crop(frame), _PICTURE
            style = f"height:{height}px;width:{width}px;margin:auto;display:block"
            if crop is None:
                self._pictures[frame] = f'<span style="{style}"></span>'
            else:
                source = data_uri(resized(trimmed(crop), (2 * height, 2 * width)))
                self._pictures[frame] = f'<img src="{source}" alt="" style="{style}">'
        return self._pictures[frame]


def _click_words(card: AnchorCard) -> str:
    match next_wish(card):
        case True:
            return "Click to use it at the next Register."
        case False:
            return "Click to avoid it at the next Register."
        case None:
            return "Click to leave it free again."
