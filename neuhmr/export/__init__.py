"""Taking results away: overlay videos, meshes, reports."""
