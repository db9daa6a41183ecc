"""The routes: each module has one function, which builds its router.

commands         POST: all commands of the registry
conversations    GET /messages/conversations
history          GET /messages/history
sync             GET /messages/sync
ws_tickets       POST /messages/ws-tickets
revoke           POST /revoke, for operators on the administration port
"""
