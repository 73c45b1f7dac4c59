"""What the report's figures show: a module for each question, each a function from the material to figures."""
