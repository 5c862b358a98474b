"""Human features in a monocular clip, riding on the avatar."""
