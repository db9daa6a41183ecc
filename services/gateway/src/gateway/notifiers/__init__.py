"""Links to all notifiers: what they deliver, without loss or repetition.

link_pool        all links together: partition ownership, active users, entries in sequence, gaps
link             one link: connect, handshake, read, write, reconnect with back-off
traced_receiver  a span for each delivery, where tracing is on
subscriptions    which users have connections here, and which of them each notifier has acknowledged
offset_tracker   per partition, how far entries were delivered; is a range next, a duplicate or a gap?
"""
