"""A clip: video, person masks, camera, poses, and the person cut out of it."""
