"""A static site generator for error documentation."""

VERSION = "0.1.0"
