"""Inputs made by machine, in search of any answer but a defined one.

targets           everything that reads bytes of others, each as a function of bytes
mutation          damages valid input
test_targets      the targets under Hypothesis (seconds)
coverage_guided   one target under atheris; `make fuzz` runs all
openapi_calls     calls and sequences of calls made from the OpenAPI document by Schemathesis
http_bytes        raw HTTP requests, damaged
websocket_frames  client frames and WebSocket frames, damaged
test_wire         the last three against a real stack
"""
