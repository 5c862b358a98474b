"""The Versions tab: every run by name, and what can be done with it."""

import viser

from workbench.core import markup
from workbench.core.button_row import ButtonRow, RowButton
from workbench.core.clicks import ClickTarget
from workbench.core.comparison import SHOWN
from workbench.core.editing import Editing
from workbench.core.notices import Notices
from workbench.core.session import ON_THE_MOVE, SessionState
from workbench.core.version import LONGEST_NAME, Version
from workbench.core.version_folder import MOST_VERSIONS
from workbench.errors import WorkbenchError
from workbench.server.user_event import UserEvent

_HEADER = ("Version", "steps", "score", "from", "at")


class VersionsPanel:
    """A table whose rows can be selected, a name, and a row of verbs."""

    def __init__(self, gui: viser.GuiApi, editing: Editing, notices: Notices) -> None:
        self._editing = editing
        self._session = editing.tasks.session
        self._selected: str | None = None
        self._doomed: str | None = None
        """The version that Delete was pressed for once."""
        self._shown: object = None
        self._row = ButtonRow(
            gui,
            notices,
            (
                RowButton("Keep", "copy", "Keep the poses as shown, under the name below.",
                          self._keep, "main"),
                RowButton("Go to", "right", "Show the selected version's poses and settings.",
                          lambda: editing.versions.take_up(self._chosen().id)),
                RowButton("Branch", "trajectory", "Go on from it under the name below.",
                          lambda: editing.versions.branch(self._chosen().id, self._named("copy"))),
                RowButton("Compare", "judge", "Compare it with the poses as shown.",
                          self._compare),
            ),
        )  # fmt: skip
        self._second_row = ButtonRow(
            gui,
            notices,
            (
                RowButton("Rename", "avatar", "Call it by the name below.", self._rename),
                RowButton("Delete", "close", "Asks once more.", self._doom),
                RowButton("Really delete", "close", "It cannot be had back.", self._delete, "hold"),
            ),
        )
        self._name = gui.add_text(
            "Version name",
            "",
            hint=f"For Keep, Branch and Rename: one line of {LONGEST_NAME} characters.",
        )
        self._name.on_update(notices.guard(self._take_name))
        self._typed = ""
        self._clicks = ClickTarget(gui, MOST_VERSIONS, self._select, notices)
        self._table = gui.add_html("")
        self._facts = gui.add_html("")

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        chosen = self._find(state)
        is_ready = state.best is not None
        off: set[str] = set() if is_ready else {"Keep"}
        if chosen is None:
            off |= {"Go to", "Branch", "Compare", "Rename", "Delete"}
        elif state.phase in ON_THE_MOVE:
            off |= {"Go to", "Branch"}
        if chosen is None or self._doomed != chosen.id:
            off.add("Really delete")
        self._row.refresh(off)
        self._second_row.refresh(off)
        key = (state.versions, state.version, self._selected)
        if key == self._shown:
            return
        self._shown = key
        self._table.content = self._draw(state)
        self._facts.content = "" if chosen is None else version_facts(chosen, state.versions)

    def _draw(self, state: SessionState) -> str:
        if not state.versions:
            return markup.paragraph(
                "Every run becomes a version here, with its settings and scores. Keep makes one of "
                "the poses as they are."
            )
        names = {version.id: version.name for version in state.versions}
        shown = list(reversed(state.versions))
        rows = [version_row(v, names, v.id == state.version) for v in shown]
        scripts = [self._clicks.script(len(shown) - 1 - place) for place in range(len(shown))]
        places = [place for place, v in enumerate(shown) if v.id == self._selected]
        return markup.table(_HEADER, rows, scripts, selected=places[0] if places else None)

    def _select(self, place: int) -> None:
        versions = self._session.state.versions
        if place < len(versions):
            self._selected, self._doomed = versions[place].id, None
            self._session.set(versions=tuple(versions))  # So that the table is drawn anew.

    def _find(self, state: SessionState) -> Version | None:
        return next((v for v in state.versions if v.id == self._selected), None)

    def _chosen(self) -> Version:
        found = self._find(self._session.state)
        if found is None:
            raise WorkbenchError("No version is selected; click on one in the table.")
        return found

    def _take_name(self, event: UserEvent) -> None:
        self._typed = event.value

    def _named(self, otherwise: str) -> str:
        return self._typed.strip() or f"{self._chosen().name} {otherwise}"

    def _keep(self) -> None:
        self._editing.versions.keep_now(self._typed)

    def _compare(self) -> None:
        version = self._chosen()
        self._editing.comparisons.choose(version.id, SHOWN)
        self._editing.tasks.notices.info(
            "Compared", f"The Compare tab shows {version.name} beside the poses as shown."
        )

    def _rename(self) -> None:
        if not self._typed.strip():
            raise WorkbenchError("Type the new name first, into the field called Version name.")
        self._editing.versions.rename(self._chosen().id, self._typed)

    def _doom(self) -> None:
        self._doomed = self._chosen().id
        self._session.set(versions=tuple(self._session.state.versions))

    def _delete(self) -> None:
        version = self._chosen()
        if self._doomed == version.id:
            self._editing.versions.delete(version.id)
            self._doomed = self._selected = None


def version_row(version: Version, names: dict[str, str], is_here: bool) -> tuple[str, ...]:
    """Write one row of the table."""
    steps = f"{version.step}/{version.total_steps}" if version.total_steps else "-"
    parent = names.get(version.parent, "-") if version.parent else "-"
    return (
        ("● " if is_here else "") + _short(version.name, 22),
        steps,
        score_words(version),
        _short(parent, 10),
        version.created[11:16],
    )


def score_words(version: Version) -> str:
    """Say how good a version is, by the best measure that there is."""
    if "error_mm" in version.metrics:
        return f"{version.metrics['error_mm']:.0f} mm"
    if "iou" in version.metrics:
        return f"{version.metrics['iou']:.3f}"
    return "-"


def version_facts(version: Version, versions: tuple[Version, ...]) -> str:
    """List what made a version."""
    names = {v.id: v.name for v in versions}
    rows = [
        ("Name", version.name),
        ("Made", version.created.replace("T", " ").replace("+00:00", " UTC")),
        ("From", names.get(version.parent or "", "the initial poses")),
        ("Settings", f"preset {version.preset}, seed {version.settings.get('seed', '-')}"),
        ("Weights", version.weights or "-"),
    ]
    labels = {
        "error_mm": ("Error against the truth", "{:.1f} mm"),
        "iou": ("Silhouettes", "{:.3f}"),
        "iou_before": ("Silhouettes before", "{:.3f}"),
        "turned_deg": ("Turned on average", "{:.1f} degrees"),
        "loss": ("Loss", "{:.4g}"),
    }
    for name, value in version.metrics.items():
        if name in labels:
            rows.append((labels[name][0], labels[name][1].format(value)))
    if version.corrected:
        rows.append(("Put right by hand", ", ".join(map(str, version.corrected[:12]))))
    return markup.facts(rows)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
