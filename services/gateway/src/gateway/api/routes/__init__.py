"""One module for each resource: a function that makes its router."""
