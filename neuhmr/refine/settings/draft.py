"""What the first stage, which renders nothing, believes of masks, poses and motions.

Every weight multiplies a sum over one frame of squared deviations in standard deviations, so 1 is a
term's own say.
"""

from dataclasses import dataclass, replace

from neuhmr.setting import setting


@dataclass(frozen=True, kw_only=True)
class DraftConfig:
    """The draft's settings."""

    enabled: bool = setting(
        True, label="Draft", flag="draft", paper=False,
        help="Draft poses before anything is rendered. By masks, joints and priors.",
    )  # fmt: skip
    steps: int = setting(
        150, label="Draft steps", low=1, high=1000,
        help="Of the descent over all frames at once.",
    )  # fmt: skip
    learning_rate: float = setting(
        0.08, label="Draft rate", low=1e-6, high=1.0, scale="log",
        help="In standard deviations of what is corrected; falls to a tenth along a cosine.",
    )  # fmt: skip
    smoothing_frames: int = setting(
        4, label="Smoothing", unit="frames", high=30,
        help="Frames to each side over which the poses to begin with are smoothed first; 0 for not "
        "at all.",
    )  # fmt: skip
    correlation_frames: float = setting(
        3.0, label="Correlation", unit="frames", low=0.1, high=30.0,
        help="Corrections this far apart are about independent (standard deviation of their "
        "kernel).",
    )  # fmt: skip
    constant_share: float = setting(
        0.5, label="Constant share", is_share=True,
        help="Part of the corrections' variance that stays the same over the clip, as errors of "
        "estimators do.",
    )  # fmt: skip
    sigma_rotation: float = setting(
        0.15, label="Error of rotations", unit="rad", low=1e-3, high=1.0,
        help="Error of a joint rotation where the descent begins; more at the extremities.",
    )  # fmt: skip
    sigma_root: float = setting(
        0.3, label="Error of the root", unit="rad", low=1e-3, high=2.0,
        help="Error of the root's rotation there.",
    )  # fmt: skip
    sigma_lateral: float = setting(
        0.03, label="Error across the ray", unit="m", low=1e-4, high=0.5,
        help="Error of the initial position across the viewing ray.",
    )  # fmt: skip
    sigma_depth: float = setting(
        0.1, label="Error along the ray", unit="m", low=1e-4, high=2.0,
        help="Error of the initial position along the viewing ray.",
    )  # fmt: skip
    typical_misfit: float = setting(
        1.0, label="Typical misfit", high=5.0,
        help="By how much outlines fit better after a first descent than before when errors are as "
        "large as the sigmas above say; where they hardly fit better, initial poses are good, and "
        "a second descent trusts them more. 0 for one descent.",
    )  # fmt: skip
    least_scale: float = setting(
        0.15, label="Least scale of errors", low=0.01, is_share=True,
        help="Of the sigmas above, however good the initial poses seem.",
    )  # fmt: skip
    outline_weight: float = setting(
        40.0, label="Outlines", high=200.0, help="Weight of bodies that fill their masks.",
    )  # fmt: skip
    sigma_outline: float = setting(
        0.015, label="Error of outlines", low=1e-3, high=0.1,
        help="Error of masks and of what is known of clothes, in sizes of the person.",
    )  # fmt: skip
    outlier_outline: float = setting(
        4.0, label="Outliers of outlines", low=0.1, high=20.0,
        help="Distances beyond so many sigma_outline lose their say.",
    )  # fmt: skip
    joint_weight: float = setting(
        1.0, label="Seen joints", high=5.0,
        help="Weight of where the matching network's prototypes find the joints.",
    )  # fmt: skip
    outlier_joint: float = setting(
        3.0, label="Outliers of joints", low=0.1, high=20.0,
        help="Sightings so many of their standard deviations away lose their say.",
    )  # fmt: skip
    joint_searches: int = setting(
        3, label="Searches for joints", low=1, high=20,
        help="Times the joints are looked for around where they are by then.",
    )  # fmt: skip
    plausibility_weight: float = setting(
        0.0, label="Likely poses", high=5.0,
        help="Weight of a Gaussian over poses, for drafts without learnt motion; 0.5 suits them. "
        "Behind the network it is worth nothing.",
    )  # fmt: skip
    prior_weight: float = setting(
        0.1, label="Learnt motion", high=5.0,
        help="Weight of where a network that has seen people move believes the joints, by how sure "
        "it is. 0 begins with the initial poses instead of the network's.",
    )  # fmt: skip
    outlier_prior: float = setting(
        4.0, label="Outliers of learnt motion", low=0.1, high=20.0,
        help="Joints so many expected errors from where it believes them lose their say.",
    )  # fmt: skip
    doubt: float = setting(
        1.2, label="Doubt of learnt motion", high=10.0,
        help="Where the bodies it believes fill their masks worse than the initial ones by so many "
        "squared standard deviations, it is not believed.",
    )  # fmt: skip
    acceleration_weight: float = setting(
        0.3, label="Steady joints", high=5.0, help="Weight of the joints' acceleration.",
    )  # fmt: skip
    sigma_acceleration: float = setting(
        0.0026, label="Usual acceleration", unit="m/frame²", low=1e-4, high=0.5, scale="log",
        help="Of an average joint of people as they were recorded; 0.0026 is 2.3 m/s² at 30 frames "
        "a second. Many times as much is rare, but costs little more.",
    )  # fmt: skip
    floor_weight: float = setting(
        20.0, label="Feet on the floor", high=100.0,
        help="Weight of feet on one level floor. It says where the floor is; poses give way to it "
        "by a tenth, because people sit, lie and climb.",
    )  # fmt: skip
    sigma_floor: float = setting(
        0.03, label="Error of the floor", unit="m", low=1e-3, high=0.5,
        help="How exactly people stand on floors.",
    )  # fmt: skip
    slip_weight: float = setting(
        3.0, label="Standing feet", high=30.0,
        help="Weight of feet that stay where they are in the picture: they stay in depth, too.",
    )  # fmt: skip
    sigma_slip: float = setting(
        0.02, label="Slip of standing feet", unit="m", low=1e-3, high=0.5,
        help="How far joints of feet that stand may move.",
    )  # fmt: skip
    sigma_pitch: float = setting(
        0.2, label="Spread of pitch", unit="rad", low=1e-3, high=1.0,
        help="How far cameras look up or down.",
    )  # fmt: skip
    sigma_roll: float = setting(
        0.07, label="Spread of roll", unit="rad", low=1e-3, high=1.0,
        help="How far cameras are tilted sideways.",
    )  # fmt: skip
    camera_height: float = setting(
        1.4, label="Camera height", unit="m", high=4.0, flag="camera-height",
        help="Of the camera over the floor. 1.4 is a camera that is held in a hand.",
    )  # fmt: skip
    sigma_camera_height: float = setting(
        0.3, label="Spread of its height", unit="m", low=1e-3, high=3.0,
        help="How much the camera's height varies.",
    )  # fmt: skip
    camera_anywhere: float = setting(
        0.2, label="Camera elsewhere", is_share=True,
        help="How likely it is that the camera is at no such height, but on the ground or a roof.",
    )  # fmt: skip
    outline_interval: int = setting(
        16, label="Outline interval", unit="steps", low=1, high=100,
        help="Steps between searches for the surface points that meet the masks' outlines.",
    )  # fmt: skip

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
