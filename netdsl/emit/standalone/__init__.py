"""A module with call sites as a file that needs torch and triton alone: the kernels stand in it."""

from netdsl.emit.standalone.page import names, standalone

__all__ = ["names", "standalone"]
