"""`python -m netdsl`."""

from netdsl.cli import program

if __name__ == "__main__":
    program()
