"""Text to tree (`read`, `parse`), tree to graph (`elaborate`), and the formatter (`format`)."""
