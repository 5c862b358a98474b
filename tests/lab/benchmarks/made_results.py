"""Results of clips with errors given by hand."""

from neuhmr.lab.benchmarks.pose.clip_result import SCORE_NAMES, ClipResult


def result_of(
    frame_errors: list[float], seconds: float = 0.0, reverted: tuple[int, ...] = ()
) -> ClipResult:
    """A clip whose joints are all equally wrong in each frame (mm)."""
    mean = sum(frame_errors) / len(frame_errors)
    return ClipResult(
        frames=len(frame_errors),
        scores=dict.fromkeys(SCORE_NAMES, mean),
        frame_index=list(range(len(frame_errors))),
        joint_errors_mm=[[error] * 24 for error in frame_errors],
        seconds=seconds,
        reverted_frames=list(reverted),
    )
