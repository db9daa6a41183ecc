"""Clients in processes of their own, and what they send when."""
