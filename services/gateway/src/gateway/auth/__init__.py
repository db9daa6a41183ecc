"""Who may call.

authentication    the user that a request's token or `meId` proves
hosts             the host names that the gateway answers as
origins           the web pages that may call
"""
