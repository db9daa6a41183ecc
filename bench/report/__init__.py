"""What was measured, kept and shown.

results    comparisons in bench/results/*.json, and the medians of their rounds
goals      the ratios to reach, and how far they are: pure
paired     median ratios of pairs, with their interval: pure
tables     rows for the terminal, and bench/results/README.md
plots      bench/results/*.svg; runs in an environment of its own
"""
