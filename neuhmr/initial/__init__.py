"""First poses and masks for a clip that comes without: MediaPipe landmarks, then an SMPL fit."""
