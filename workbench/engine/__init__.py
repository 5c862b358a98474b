"""What the window asks of the library, and the library behind it."""
