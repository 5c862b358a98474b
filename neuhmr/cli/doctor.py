"""`neuhmr doctor`: what works here."""

from dataclasses import asdict, dataclass

from neuhmr.cli.inputs import JsonFlag, OptionalPath
from neuhmr.cli.output import stderr_console

MARKS = {"ok": "[green]works[/]", "optional": "[yellow]not here[/]", "broken": "[red]broken[/]"}


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Tell what works on this machine, and what to do about the rest."""

    body_model: OptionalPath = None
    """An SMPL file to try; else the one NEUHMR_SMPL_MODEL names."""
    checkpoint: OptionalPath = None
    """Avatar weights to try; else the shipped ones."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Run all checks; never fails because of what it finds."""
        from neuhmr.cli.machine_checks import Check, run_checks

        checks: list[Check] = []
        with stderr_console().status("Looking around") as status:
            for check in run_checks(self.body_model, self.checkpoint):
                checks.append(check)
                status.update(f"Looking around: {check.name} done")
        return {
            "healthy": all(check.status != "broken" for check in checks),
            "checks": [asdict(check) for check in checks],
        }

    def show(self, result: dict[str, object]) -> None:
        """Print one line per check, and the remedy below those that need one."""
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        checks = result["checks"]
        assert isinstance(checks, list)
        for check in checks:
            found = Text(check["found"])
            if check["remedy"]:
                found.append("\n" + check["remedy"], style="italic")
            table.add_row(Text.from_markup(MARKS[check["status"]]), check["name"], found)
        Console(highlight=False).print(table)
