"""Short jobs of edits and versions, beside the long ones of the stages."""

from collections.abc import Callable, Iterator

from workbench.core.tasks import Tasks
from workbench.core.worker import Job, JobControl
from workbench.errors import WorkbenchError


def submit(
    tasks: Tasks,
    label: str,
    work: Callable[[JobControl], Iterator[None]],
    on_end: Callable[[], None] = lambda: None,
) -> None:
    """Queue a job that says itself what came of it.

    Args:
        tasks: whose compute thread does it.
        label: what is being done.
        work: the job.
        on_end: called however it ends.

    Raises:
        WorkbenchError: too much is waiting already.
    """
    job = Job(
        label=label,
        work=work,
        on_done=on_end,
        on_cancelled=on_end,
        on_failed=lambda _error: on_end(),
    )
    if not tasks.worker.submit(job):
        raise WorkbenchError("Too much is waiting already; let it finish or press Cancel.")


def submit_once(tasks: Tasks, label: str, call: Callable[[], None]) -> None:
    """Queue something short that cannot be cancelled half way.

    Raises:
        WorkbenchError: too much is waiting already.
    """

    def work(_control: JobControl) -> Iterator[None]:
        call()
        yield

    submit(tasks, label, work)
