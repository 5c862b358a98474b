"""From the words of a command line to the command that runs.

Only the chosen command's file is imported, so that help and mistyped words answer at once.
"""

import contextlib
import difflib
import importlib
import sys
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from neuhmr.cli.output import error_line, install_log_handler, print_result
from neuhmr.errors import NeuhmrError
from neuhmr.progress import Cancelled
from neuhmr.threads import limit_busy_waiting

USER_ERROR = 2
INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended."""


@runtime_checkable
class Command(Protocol):
    """What a command's dataclass offers besides its options."""

    @property
    def json(self) -> bool:
        """Whether the result goes to stdout as one JSON object."""
        ...

    def run(self) -> dict[str, object]:
        """Do the work and return what `--json` prints."""
        ...

    def show(self, result: dict[str, object]) -> None:
        """Print the result for a person."""
        ...


COMMANDS: dict[str, tuple[str, str, str]] = {
    "refine": ("neuhmr.cli.refine", "Refine", "pull the poses of a clip towards its pixels"),
    "init": ("neuhmr.cli.init", "Init", "estimate first poses and masks of a clip"),
    "evaluate": ("neuhmr.cli.evaluate", "Evaluate", "measure poses against a truth"),
    "keypoints": (
        "neuhmr.cli.keypoints",
        "KeypointsCommand",
        "find 2D and 3D keypoints in a calibrated multi-view recording",
    ),
    "render": ("neuhmr.cli.render", "Render", "draw poses over their clip, as a video or a mesh"),
    "convert": ("neuhmr.cli.convert", "Convert", "turn a pose file into another format"),
    "settings": ("neuhmr.cli.settings", "Settings", "list everything refinement can be told"),
    "people": ("neuhmr.cli.lab.people", "People", "make synthetic people with exact truth"),
    "train": ("neuhmr.cli.lab.train", "Train", "train the avatar network on synthetic people"),
    "benchmark": (
        "neuhmr.cli.lab.benchmark",
        "Benchmark",
        "measure speed, or accuracy on people no training saw",
    ),
    "doctor": ("neuhmr.cli.doctor", "Doctor", "tell what works on this machine"),
}
"""Word: (module, class, what it does)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 when done, 2 after a mistake of the user's, 130 after Ctrl-C.
    """
    limit_busy_waiting()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        sys.stdout.write(help_text())
        return 0
    if words[0] == "--version":
        from importlib.metadata import version

        sys.stdout.write(version("neuhmr-workbench") + "\n")
        return 0
    if words[0] not in COMMANDS:
        near = difflib.get_close_matches(words[0], COMMANDS, n=1)
        advice = f'did you mean "{near[0]}"?' if near else "see `neuhmr --help`."
        error_line(f'There is no command "{words[0]}"; {advice}')
        return USER_ERROR
    return _run_command(words[0], words[1:])


def help_text() -> str:
    """Describe all commands on one screen."""
    rows = "\n".join(f"  {name:<10} {what}" for name, (_, _, what) in COMMANDS.items())
    return (
        "Refine the SMPL poses of a person in a video by neural rendering.\n\n"
        "Usage: neuhmr COMMAND [options]\n\n"
        f"{rows}\n\n"
        "neuhmr COMMAND --help tells a command's options; neuhmr-workbench opens the workbench.\n"
    )


def _run_command(name: str, words: list[str]) -> int:
    try:
        # Libraries print as they like; with --json only the result may reach stdout.
        with (
            contextlib.redirect_stdout(sys.stderr)
            if "--json" in words
            else contextlib.nullcontext()
        ):
            command = _parse(name, words)
            install_log_handler()
            result = command.run()
    except NeuhmrError as error:
        error_line(str(error))
        return USER_ERROR
    except (KeyboardInterrupt, Cancelled):
        error_line("Stopped.")
        return INTERRUPTED
    if command.json:
        print_result(result)
    else:
        command.show(result)
    return INTERRUPTED if result.get("interrupted") else 0


def _parse(name: str, words: list[str]) -> Command:
    import tyro

    from neuhmr.cli.rare_options import HELP_ALL, without_rare

    module, class_name, _ = COMMANDS[name]
    command_class = getattr(importlib.import_module(module), class_name)
    if HELP_ALL in words:
        words = ["--help" if word == HELP_ALL else word for word in words]
    elif "--help" in words or "-h" in words:
        command_class = without_rare(command_class)
    return tyro.cli(
        command_class,
        prog=f"neuhmr {name}",
        args=words,
        config=(tyro.conf.FlagCreatePairsOff, tyro.conf.DisallowNone),
    )
