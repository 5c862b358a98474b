"""Named settings: files that the command line takes, too, in a folder for all clips."""

from pathlib import Path

from neuhmr.errors import NeuhmrError
from neuhmr.refine.settings import preset, with_values
from neuhmr.refine.settings.preset_file import SUFFIX, read_preset, write_preset
from workbench.core.export_paths import checked_name
from workbench.core.queueing import submit_once
from workbench.core.tasks import Tasks
from workbench.errors import WorkbenchError

BUILT_IN = ("fast", "paper")
"""Names of the presets that come with the program."""
MOST_PRESETS = 200


def presets_folder() -> Path:
    """Say where presets are kept."""
    return Path.home() / ".neuhmr" / "presets"


class Presets:
    """Saves and loads settings by name. Safe to call from any thread."""

    def __init__(self, tasks: Tasks, folder: Path | None = None) -> None:
        self._tasks = tasks
        self._folder = folder or presets_folder()

    def list(self) -> None:
        """Find out what there is."""
        submit_once(self._tasks, "Looking for presets", self._list)

    def save(self, name: str) -> None:
        """Keep the settings as they are under a name, in place of what had it.

        Raises:
            WorkbenchError: it is no plain name, or one that comes with the program.
        """
        checked = checked_name(name)
        if checked in BUILT_IN:
            raise WorkbenchError(f'"{checked}" comes with the program; choose another name.')

        def save() -> None:
            config = self._tasks.session.state.config
            if config is None:
                raise WorkbenchError("There are no settings yet; open a clip first.")
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{checked}{SUFFIX}"
            write_preset(path, config)
            self._list()
            self._tasks.notices.success(
                "Settings saved", f"{path}; on the command line: --settings {path}"
            )

        submit_once(self._tasks, "Saving the settings", save)

    def load(self, name: str) -> None:
        """Take over all settings of a preset.

        Raises:
            WorkbenchError: it is no plain name.
        """
        checked = checked_name(name)

        def load() -> None:
            if checked in BUILT_IN:
                config = preset("paper" if checked == "paper" else "fast")
            else:
                base, values = read_preset(self._folder / f"{checked}{SUFFIX}")
                config = with_values(preset(base), values)
            self._tasks.session.set(config=config)

        submit_once(self._tasks, "Loading settings", load)

    def _list(self) -> None:
        names: list[str] = []
        if self._folder.is_dir():
            for path in sorted(self._folder.glob(f"*{SUFFIX}"))[:MOST_PRESETS]:
                try:
                    names.append(checked_name(path.stem))
                except NeuhmrError:
                    continue  # Not a name that this window gives.
        self._tasks.session.set(presets=(*BUILT_IN, *(n for n in names if n not in BUILT_IN)))
