"""The Avatar tab: make the person renderable."""

import numpy as np
import viser

from workbench.core import markup
from workbench.core.notices import Notices
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.engine.interface import AvatarStage, Image
from workbench.panels.setting_widgets import SettingWidgets, main_settings
from workbench.scene.frame_view import rendering_strip
from workbench.scene.pictures import BACKGROUND, TILE_GAP, resized, trimmed
from workbench.server.user_event import UserEvent

_VIEW_SIZE = (280, 264)
_TILE = (320, 264)


class AvatarPanel:
    """One button, the two frames the network saw, and how well the poses fill the masks."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._shown: AvatarStage | None = None
        self._text = gui.add_html("")
        self._build = gui.add_button(
            "Build avatar",
            disabled=True,
            icon=viser.Icon.USER_PLUS,
            color="blue",
            hint="Cut the person out of every frame and show two frames to the network, which can "
            "then render the person in any pose.",
        )
        self._strip_image = gui.add_image(rendering_strip(None, None, _TILE), jpeg_quality=88)
        self._strip_note = gui.add_html("")
        self._shown_strip: object = None
        self._views = gui.add_image(np.zeros((8, 16, 3), np.uint8), visible=False)
        self._facts = gui.add_html("")
        with gui.add_folder("Draft: at the next avatar"):
            self._settings = SettingWidgets(gui, tasks, notices, main_settings(("draft",)))

        @self._build.on_click
        @notices.guard
        def _(_event: UserEvent) -> None:
            tasks.build_avatar()

    def show_rendering(self, state: SessionState) -> None:
        """Put the crop of the frame beside its rendering, if they changed."""
        preview = state.preview
        is_current = preview is not None and preview.frame == state.view.frame
        key = (state.avatar, state.view.frame, preview if is_current else None)
        if key == self._shown_strip:
            return
        self._shown_strip = key
        crop = None if state.avatar is None else state.avatar.crop(state.view.frame)
        rendering = preview.image if preview is not None and is_current else None
        self._strip_image.image = rendering_strip(crop, rendering, _TILE)

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        self.show_rendering(state)
        self._strip_image.visible = state.avatar is not None
        self._strip_note.content = markup.paragraph(rendering_note(state))
        self._settings.refresh(state)
        avatar = state.avatar
        self._build.disabled = state.initial is None or state.job is not None
        self._build.label = "Build avatar" if avatar is None else "Build avatar again"
        self._views.visible = avatar is not None
        if avatar is None:
            self._text.content = markup.paragraph(
                "The avatar is made from two frames, front and back as nearly as the clip allows. "
                "It is what the poses are judged with: a wrong pose renders a wrong picture."
            )
            self._facts.content = ""
            self._shown = None
            return
        if avatar is not self._shown:
            self._shown = avatar
            self._text.content = markup.paragraph("Made from these two frames:")
            views = [avatar.crop(frame) for frame in avatar.conditioning_frames]
            self._views.image = side_by_side([_fitted(view) for view in views], _VIEW_SIZE)
            self._facts.content = markup.facts(avatar_facts(avatar))


def _fitted(view: Image | None) -> Image | None:
    """Scale the person to the height of a tile, in the middle of its width."""
    if view is None:
        return None
    person = trimmed(view)
    height, width = _VIEW_SIZE
    narrow = min(round(height * person.shape[1] / person.shape[0]), width)
    tile = np.zeros((height, width, 3), np.uint8)
    left = (width - narrow) // 2
    tile[:, left : left + narrow] = resized(person, (height, narrow))
    return tile


def rendering_note(state: SessionState) -> str:
    """Say what the strip shows, or what it waits for."""
    if state.avatar is None:
        return "After Build avatar, the person rendered in the present pose appears here."
    if state.preview is None or state.preview.frame != state.view.frame:
        return "Rendering ..."
    poses = "refined" if state.preview.motion is state.refined else "initial"
    rough = " (rough while things move)" if state.preview.stride > 1 else ""
    note = f"The avatar rendered in the {poses} pose of frame {state.view.frame}{rough}."
    if state.judged is not None and state.view.frame in state.judged.given_up:
        note += " The refined pose explains this frame worse; exports are mostly the initial one."
    return note


def avatar_facts(avatar: AvatarStage) -> list[tuple[str, str]]:
    """Put the avatar's figures into words."""
    first, second = avatar.conditioning_frames
    height, width = avatar.crop_size
    rows = [
        ("Frames", f"{first} and {second}"),
        ("Crop", f"{width} x {height} px"),
    ]
    if avatar.silhouette_iou:
        values = np.array(list(avatar.silhouette_iou.values()))
        rows.append(
            (
                "Body over mask",
                f"{100 * values.mean():.0f} % on average, {100 * values.min():.0f} % at worst",
            )
        )
    return rows


def side_by_side(images: list[Image | None], size: tuple[int, int]) -> Image:
    """Lay pictures of one size in a row; missing ones stay dark."""
    height, width = size
    total = len(images) * width + (len(images) - 1) * TILE_GAP
    row = np.full((height, max(total, 1), 3), BACKGROUND, np.uint8)
    for index, image in enumerate(images):
        if image is not None:
            left = index * (width + TILE_GAP)
            row[:, left : left + width] = image[:height, :width]
    return row
