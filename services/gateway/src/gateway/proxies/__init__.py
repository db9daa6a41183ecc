"""What a reverse proxy in front changes about requests, and limits by client address.

settings           the environment variables of proxies and addresses
trusted_proxies    the client's address, from the header of trusted proxies
client_scope       puts that address into the ASGI scope
root_path          the path prefix under which a proxy serves the gateway
address_limits     limits what an address may do without an identity
"""
