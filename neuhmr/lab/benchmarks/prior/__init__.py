"""What the motion prior knows by itself, before any picture is fitted."""
