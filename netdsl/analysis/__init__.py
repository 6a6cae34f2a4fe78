"""Figures of a graph: what each node costs, what it sees, and the table of both."""
