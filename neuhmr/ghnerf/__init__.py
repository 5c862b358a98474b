"""The generalizable NeRF with human features: images of a person in, new views and joints out."""
