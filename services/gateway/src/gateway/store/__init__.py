"""The read models, which message-store serves.

client  the port to the store API, and its HTTP client
"""
