"""`hybrid-mesh verify`: proves with real requests that a mesh works, and that what must fail fails."""
