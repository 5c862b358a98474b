"""What a synthetic person wears and looks like."""
