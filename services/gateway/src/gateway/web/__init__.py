"""What browsers get at `/`.

static_files    the files of the built web client
home            a page where no web client is served
client_config   how the web client signs users in
"""
