"""`hybrid-mesh topology`: the picture of a mesh."""
