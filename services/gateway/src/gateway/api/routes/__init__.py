"""The routes: a function a module that makes its router.

commands         POST: all commands of the registry
conversations    GET /messages/conversations
history          GET /messages/history
sync             GET /messages/sync
"""
