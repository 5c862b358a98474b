"""Training of the motion prior: no pictures, only motions, cameras, errors and sightings."""
