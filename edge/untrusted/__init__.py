"""Bytes that nobody vouches for, each kind with one reader: limits on work and memory, and one family of errors.

JSON and TOML have theirs in `edge.typed`, `.nb` files in `edge.nb`, programs in `edge.paddle`, tar in `edge.source.archive`,
images in `edge.images.reading`. What is common to all is here. docs/explanation/untrusted-input.md tells the limits.
"""
