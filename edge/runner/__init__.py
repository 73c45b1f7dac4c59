"""The benchmark program for devices: what it is built with, how, and where it is kept."""
