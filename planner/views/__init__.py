"""How results are shown: one view per file; views decide nothing."""
