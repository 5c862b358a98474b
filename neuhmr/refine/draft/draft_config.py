"""How the first stage, which renders nothing, is told what to believe."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class DraftConfig:
    """What the draft believes of masks, poses and motions.

    Every weight multiplies a sum over one frame of squared deviations in standard deviations, so 1
    is a term's own say.
    """

    steps: int = 200
    """Of the descent over all frames at once; 0 for no draft, as in NeuHMR."""
    learning_rate: float = 0.08
    """In standard deviations of what is corrected; falls to a tenth along a cosine."""
    smoothing_frames: int = 6
    """Frames to each side over which initial poses are smoothed first; 0 for not at all."""
    correlation_frames: float = 4.0
    """Corrections this far apart are about independent (standard deviation of their kernel)."""
    constant_share: float = 0.5
    """Part of the corrections' variance that stays the same over the clip, as errors of
    estimators do."""
    sigma_rotation: float = 0.25
    """Error of an initial joint rotation (rad); more at the extremities."""
    sigma_root: float = 0.5
    """Error of the initial root rotation (rad)."""
    sigma_lateral: float = 0.03
    """Error of the initial position across the viewing ray (m)."""
    sigma_depth: float = 0.1
    """Error of the initial position along the viewing ray (m)."""
    typical_misfit: float = 1.0
    """By how much outlines fit better after a first descent than before when errors are as large
    as the sigmas above say; where they hardly fit better, initial poses are good, and a second
    descent trusts them more. 0 for one descent."""
    least_scale: float = 0.15
    """Of the sigmas above, however good the initial poses seem."""
    outline_weight: float = 40.0
    sigma_outline: float = 0.015
    """Error of masks and of what is known of clothes, in sizes of the person."""
    outlier_outline: float = 4.0
    """Distances beyond so many `sigma_outline` lose their say."""
    joint_weight: float = 1.0
    """Of where the matching network's prototypes find the joints."""
    outlier_joint: float = 3.0
    """Sightings so many of their standard deviations away lose their say."""
    joint_searches: int = 3
    """Times the joints are looked for around where they are by then."""
    plausibility_weight: float = 0.5
    """Low, since the prior knows only this project's own motions, and joints that are seen know
    better."""
    acceleration_weight: float = 1.0
    sigma_acceleration: float = 0.0167
    """Of a joint (m per frame^2); 15 m/s^2 at 30 frames a second."""
    floor_weight: float = 20.0
    sigma_floor: float = 0.03
    """How exactly people stand on floors (m)."""
    sigma_pitch: float = 0.2
    """How far cameras look up or down (rad)."""
    sigma_roll: float = 0.07
    """How far cameras are tilted sideways (rad)."""
    camera_height: float = 1.4
    """Of cameras over the floor people stand on (m): most are held in a hand."""
    sigma_camera_height: float = 0.3
    """How much that varies (m)."""
    outline_interval: int = 16
    """Steps between searches for the surface points that meet the masks' outlines."""

    def at_rate(self, ratio: float) -> "DraftConfig":
        """Keep the times and accelerations meant in a clip of another frame rate.

        Args:
            ratio: its frames a second over the usual 30.
        """
        return replace(
            self,
            smoothing_frames=int(self.smoothing_frames * ratio),
            correlation_frames=self.correlation_frames * ratio,
            sigma_acceleration=self.sigma_acceleration / ratio**2,
        )
