"""Initial poses and masks that are wrong as estimators are."""
