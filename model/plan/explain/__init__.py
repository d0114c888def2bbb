"""The commands that a person would run by hand for what a plan declares."""
