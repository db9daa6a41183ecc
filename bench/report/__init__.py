"""Results, goals, tables and plots."""
