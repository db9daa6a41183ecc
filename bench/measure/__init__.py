"""CPU, latencies and validity of a round."""
