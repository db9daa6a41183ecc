"""What is recorded of each request.

request_logging  request ids, request metrics, a log line for failed and slow requests
request_tracing  a span for each HTTP request, where tracing is on
"""
