"""Text to tree, tree to graph, and the formatter; `parse.parse`, `format.format_text` and `read.read_source` are doors."""
