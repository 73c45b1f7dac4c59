"""What is installed on this machine, what is missing, and the one command that mends it."""
