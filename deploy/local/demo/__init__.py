"""Sample data: ten people and what they write to one another."""
