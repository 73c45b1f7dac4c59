"""Charts as SVG: what they show (`model`), where it goes (`scale`), how it is drawn (`draw`)."""
