"""What can be ordered, one module a product."""
