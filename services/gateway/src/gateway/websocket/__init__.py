"""The clients' WebSockets.

endpoint          checks an upgrade (origin, token, admission, the user's sockets) and runs its session
admission         lets clients in at an even rate, and others come back later
session           one client from the accepted upgrade to its end: subscribe, hello, catch up, live
connection        one client's state, offsets and cursor; delivers entries, closes a slow reader
send_buffer       bounds the frames that wait to be written; refuses what does not fit
frame_receiver    receives texts, with back-pressure
frame_decoder     decodes a text into the frame of a command
frame_handler     runs the commands of one client, a bounded number in flight
auth_frame        the frame `auth`
socket_credentials  expire, or are renewed by `auth`
departure         when sockets leave: evenly while the gateway drains, and at their ages
catch_up          reads from the store what a connection missed
registry          all connections by user, and the most that a gateway has: dispatch, resync, drain
close_codes       closes with a delay after which the client may come back
"""
