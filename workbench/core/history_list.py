"""The names of what was done, as the window shows them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HistoryList:
    """What was done, oldest first, and where one stands."""

    names: tuple[str, ...] = ()
    position: int = 0

    @property
    def undoes(self) -> str | None:
        """What Undo takes back; None where there is nothing."""
        return self.names[self.position] if self.position > 0 else None

    @property
    def redoes(self) -> str | None:
        """What Redo does again; None where there is nothing."""
        following = self.position + 1
        return self.names[following] if following < len(self.names) else None
