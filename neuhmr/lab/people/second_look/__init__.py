"""The second look: people and places drawn by Blender's path tracer instead of our own shading."""
