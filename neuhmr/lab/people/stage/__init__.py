"""Where synthetic people are filmed, by which light and camera."""
