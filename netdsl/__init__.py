"""netdsl: neural networks as text."""
