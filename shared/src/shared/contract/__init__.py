"""The formats that clients and consumers rely on, as models; `tools.contract` generates the documents.

fields            what counts as a valid user id, text, time or number
white_space       what counts as white space
kinds/            one module for each kind of event: its event, its entry and its frames
events            the union of events: the records of `chat.events`
entries           the union of entries: the records of `chat.messages`
frames            the union of frames, and those about the connection
page_fit          how much fits one page
codec             records to bytes and back
ids               deterministic ids of direct conversations, groups and messages (from `clientId`)
position          the place of a record in the log
cursor            how far a client has seen
page_token        where the next page of conversations begins
close_codes       the codes with which a gateway closes a WebSocket
"""
