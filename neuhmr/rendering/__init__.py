"""Rays, volume rendering and mesh rasterization."""
