"""The workbench's own additions to the mistakes a user can make."""

from neuhmr.errors import NeuhmrError


class WorkbenchError(NeuhmrError):
    """An address, folder or request that the workbench cannot serve."""
