"""The Clip tab: what is open, what was found beside it, and which of several people is meant."""

import viser

from workbench.core import markup
from workbench.core.notices import Notices
from workbench.core.open_tasks import choose_person
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.engine.interface import Footage
from workbench.panels.mask_widgets import MaskWidgets
from workbench.server.user_event import UserEvent


class ClipPanel:
    """Facts about the clip, and the choice of a person."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._facts = gui.add_html("")
        self._person = gui.add_dropdown(
            "Person", _nobody(), visible=False,
            hint="Whose poses of the file are open; what was refined of others is kept for them.",
        )  # fmt: skip
        self._pick = gui.add_button(
            "Choose in the picture", icon=viser.Icon.CLICK, color="gray", visible=False,
            hint="Then click on a person in the video picture to open their poses.",
        )  # fmt: skip

        self._masks = MaskWidgets(gui, tasks, notices)

        @self._person.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            choose_person(tasks, event.value)

        @self._pick.on_click
        @notices.guard
        def _(_event: UserEvent) -> None:
            session = tasks.session
            session.set_view(chooses_person=not session.state.view.chooses_person)

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        self._masks.refresh(state)
        footage = state.footage
        people = () if footage is None else tuple(footage.people)
        self._person.visible = self._pick.visible = bool(people)
        if footage is None:
            self._facts.content = markup.paragraph("No clip is open.")
            return
        self._facts.content = markup.facts(clip_facts(state))
        if people:
            # "3+7" joins tracks and is none of the file's own ids.
            options = people if footage.person in people else (*people, footage.person)
            if tuple(self._person.options) != options:
                self._person.options = options
            self._person.value = footage.person
            chooses = state.view.chooses_person
            self._pick.label = "Stop choosing" if chooses else "Choose in the picture"
            self._pick.color = "blue" if chooses else "gray"


def _masks(footage: Footage) -> str:
    if footage.masks is None:
        return "being found" if footage.initial is None else "none: the body's outline stands in"
    changes = footage.masks.changes
    inverted = ", inverted" if changes.invert else ""
    return f"from file{inverted}" + (f", grown by {changes.grow} px" if changes.grow else "")


def _nobody() -> tuple[str, ...]:
    return ("(only one)",)


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
    guess = ", guessed: open a camera file if you have one" if footage.camera_is_guessed else ""
    rows.append(("Focal length", f"{focal:.0f} px{guess}"))
    if footage.initial is None:
        rows.append(("Poses", "being found"))
    else:
        seen = int(footage.initial.valid.sum())
        who = f", person {footage.person}, one of {len(footage.people)}" if footage.people else ""
        rows.append(("Poses", f"{footage.source}{who}; person seen in {seen} frames"))
    rows.append(("Person masks", _masks(footage)))
    rows.append(("Truth", "given" if footage.truth is not None else "none"))
    rows.append(("Body model", footage.body_name))
    return rows
