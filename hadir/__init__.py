"""hadir: attendance of a region's staff as a stream of events."""
