"""The motion field and the optimizer that moves it (NeuHMR section 3.3.2)."""
