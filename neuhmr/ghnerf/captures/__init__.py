"""From a calibrated recording to keypoints, drawings and novel views."""
