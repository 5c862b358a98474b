"""What is drawn: bodies, camera, orientation sphere, and the pictures of the left dock."""
