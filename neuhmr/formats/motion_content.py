"""From a motion over a clip to what a motion file says about it."""

from dataclasses import replace

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.clip.motion_arrays import MotionArrays


def motion_content(clip: Clip, motion: Motion, model: SmplModel, source: str) -> MotionArrays:
    """Gather poses, camera and body of a clip.

    Args:
        clip: video and camera.
        motion: poses of some of its frames.
        model: the body of the poses.
        source: where the poses come from, in the user's words.
    """
    camera, transform = clip.camera, clip.T_camera_world
    # Files keep one camera per row of the motion, clips one per frame of the video.
    if camera.K.dim() == 3:
        camera = replace(camera, K=camera.K[motion.frame_index])
    if transform is not None and transform.transl.dim() == 2:
        transform = transform[motion.frame_index]
    return MotionArrays.from_motion(
        motion,
        clip.video.fps,
        camera,
        transform,
        camera_is_guessed=clip.camera_is_guessed,
        body_model=f"{model.name} {model.digest}",
        source=source,
    )
