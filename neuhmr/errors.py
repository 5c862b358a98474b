"""The user's mistakes, each with a name.

Messages say what was wrong, what was expected, in which file, and what to do. The command line
prints the message as one sentence and leaves with exit code 2; the workbench shows it as a notice.
"""


class NeuhmrError(Exception):
    """Something the user can put right."""


class ClipError(NeuhmrError):
    """A video, mask or camera file that cannot be used."""


class PoseFileError(NeuhmrError):
    """A pose or truth file that cannot be used."""


class MisplacedPosesError(PoseFileError):
    """Poses that do not lie on the person in the picture."""

    def __init__(self, message: str, explanation: str, readings: tuple[str, ...]) -> None:
        super().__init__(message)
        self.explanation = explanation
        """The message without the command line's options; the window has buttons for them."""
        self.readings = readings
        """Ways to read them that the user may ask for, see `neuhmr.body.pose_readings`."""


class BodyModelError(NeuhmrError):
    """A body-model file that is missing, wrong or incomplete."""


class CheckpointError(NeuhmrError):
    """Weights that are missing, damaged or made for another configuration."""


class DatasetError(NeuhmrError):
    """Training or benchmark data that are missing or incomplete."""


class OutputError(NeuhmrError):
    """A result that cannot be written where it was asked for."""


class MissingDependencyError(NeuhmrError):
    """An optional package or system library that this step needs."""


class NonFiniteError(NeuhmrError):
    """A loss or gradient that stopped being a number."""
