"""What is measured, and the data written into it."""
