"""From numbers to a decision: what fits, and what a latency would be without a phone."""
