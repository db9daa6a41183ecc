"""Who may call.

authentication    the user that a request's token or `meId` proves
hosts             the host names that the gateway answers as
revocations       until when tokens of a user are not accepted any more
origins           the web pages that may call
"""
