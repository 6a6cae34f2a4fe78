"""The plan: what a fused network costs, step by step, and where its values live; made without torch.

Graphs here are fused ones, after `netdsl.passes.PIPELINE`, whose extents are all known.
"""
