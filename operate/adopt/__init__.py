"""Reads a mesh that was made by hand, and writes it as a stack file."""
