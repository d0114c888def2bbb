"""`doctor`: what is wrong with a running mesh, where, since when, and what repairs it."""
