"""The secret of the services that tests start themselves; whole stacks make one of their own."""

from shared.http.service_token import authorization

SERVICE_TOKEN = "the-token-of-the-tests"
AUTHORIZATION = authorization(SERVICE_TOKEN)
