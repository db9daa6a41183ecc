"""Other servers on the same machine, with the same PostgreSQL settings, load and clock.

install            Debian's packages and PyPI's, into the checkout's cache folder
ejabberd           XMPP, with its message archive
synapse            Matrix
bare_page          a page of history with nothing around it
broadcast_server   the chat of FastAPI's tutorial
faust_agent        a Faust agent that only counts; runs in an environment of its own
"""
