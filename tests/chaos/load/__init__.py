"""The load: a seeded population of clients that record everything they do and receive.

load              runs a population against some gateways, and waits for quiescence afterwards
context           what the parts of one load share
population        who exists and who shares a conversation with whom
workload          what the clients do, and retry until it is answered
rest_client       one attempt of an operation over REST
socket_client     a WebSocket client that reconnects and resumes
polling_client    a client that catches up over REST alone
admin_client      a group that is changed by events produced directly
deliveries        how long messages take to reach other clients
scripted_gateway  a gateway with canned responses, for tests
"""
