"""Short jobs of edits and versions, beside the long ones of the stages."""

from collections.abc import Callable, Iterator

from workbench.core.tasks import Tasks
from workbench.core.worker import JobControl


def submit_once(tasks: Tasks, label: str, call: Callable[[], None]) -> None:
    """Queue something short that cannot be cancelled half way, and says itself what came of it.

    Raises:
        WorkbenchError: too much is waiting already.
    """

    def work(_control: JobControl) -> Iterator[None]:
        call()
        yield

    tasks.submit(label, work, on_end=lambda: None)
