"""Putting poses right by hand: pure changes of a motion that leave everything else bit for bit."""
