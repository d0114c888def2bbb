"""Everything the local site runs, built from pinned sources and kept by content outside the checkout."""
