"""Probe pods: a pod with a sidecar proxy and one without, in each cluster, for as long as a command runs."""
