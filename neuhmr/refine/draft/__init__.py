"""The draft: better poses before anything is rendered."""
