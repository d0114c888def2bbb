"""What the last state of a stack says that nobody has asked for: renewals, ends, versions, failures."""
