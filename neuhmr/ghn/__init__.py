"""The generalizable human NeRF: reference frames in, an avatar that renders in any pose out."""
