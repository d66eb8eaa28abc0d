"""The formats of the published code, in and out."""
