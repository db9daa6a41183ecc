"""The public contract as files: generated from the models, checked in under docs/contract/, never edited.

schemas         JSON Schema (2020-12) of each entry and frame
asyncapi        AsyncAPI 3.0: the topic `chat.messages`, and the WebSocket
samples         an entry of each type, as the documents show it
vectors         deterministic ids that all implementations must agree on
white_space     what is white space, for names and texts, with vectors
openapi         the REST calls, as the gateway documents them
documents       all files, and how those checked in differ
compatibility   whether a change could break a reader
history         every shape that the entries have had, and whether the present one is fit for its readers

`python -m tools.contract` writes the files, `--check` reports what is stale or would break a reader.
"""
