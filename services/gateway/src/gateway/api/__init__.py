"""The REST calls.

routes/            one module for each query, and one for all commands
request_parsing    authenticates a call and parses its query and body, in the order of the contract
limited_calls      limits the calls of each user, and describes the limits in headers
query_params       the query parameters, validated and described in OpenAPI by the same models
header_fields      parses header fields by their grammars
prefer_header      the preference `wait`
pages              the pages that queries answer, as models
responses          passes on the store's answers, once it has reached a position or cursor
openapi_docs       builds the OpenAPI document: calls, problems, schemas
schema_generator   JSON Schema of the models on the public wires, also for tools.contract
"""
