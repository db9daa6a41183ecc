"""Gateways: connections, commands, requests."""

from tools.monitoring.dashboards.panels import HERE, Chart, Page, Row, Series, quantile, rate


def page() -> Page:
    return Page(
        uid="parley-gateway",
        title="Parley / Gateway",
        rows=[
            Row(
                "Connections",
                [
                    Chart(
                        "Sockets by gateway",
                        "They should be about equal.",
                        [Series(f"sum by (instance) (gateway_sockets{{{HERE}}})", "{{instance}}")],
                    ),
                    Chart(
                        "Connects a second",
                        "By outcome; put off: told to come back later.",
                        [
                            Series(rate("gateway_connects_total", "outcome"), "{{outcome}}"),
                            Series(rate("gateway_sockets_put_off_total"), "put off"),
                        ],
                        "ops",
                    ),
                    Chart(
                        "Arriving and catching up",
                        "Clients that wait for admission, and sockets that read what they missed.",
                        [
                            Series(f"sum(gateway_sockets_arriving{{{HERE}}})", "arriving"),
                            Series(f"sum(gateway_sockets_catching_up{{{HERE}}})", "catching up"),
                        ],
                    ),
                    Chart(
                        "Notifiers linked",
                        "Each gateway needs every notifier.",
                        [Series(f"sum by (instance) (gateway_links{{{HERE}}})", "{{instance}}")],
                    ),
                ],
            ),
            Row(
                "Commands and requests",
                [
                    Chart(
                        "Commands a second",
                        "REST calls and frames, by outcome.",
                        [
                            Series(
                                rate("gateway_commands_total", "command, outcome"), "{{command}} {{outcome}}"
                            )
                        ],
                        "ops",
                    ),
                    Chart(
                        "Requests a second",
                        "By route and status.",
                        [
                            Series(
                                rate("gateway_request_duration_seconds_count", "route, status"),
                                "{{route}} {{status}}",
                            )
                        ],
                        "ops",
                    ),
                    Chart(
                        "Requests, 99 %",
                        "By route.",
                        [Series(quantile(0.99, "gateway_request_duration_seconds", by="route"), "{{route}}")],
                        "s",
                    ),
                    Chart(
                        "Frames a second",
                        "Written to sockets, and read from them.",
                        [
                            Series(rate("gateway_frames_sent_total"), "sent"),
                            Series(rate("gateway_frames_received_total", "result"), "received, {{result}}"),
                        ],
                        "ops",
                    ),
                ],
            ),
            Row(
                "Limits",
                [
                    Chart(
                        "Refused by limits of users",
                        "Calls, frames and sockets a second.",
                        [Series(f"{rate('gateway_limited_total', 'limit')} or vector(0)", "{{limit}}")],
                        "ops",
                    ),
                    Chart(
                        "Waiting for slow clients",
                        "Bytes in the outboxes.",
                        [Series(f"sum by (instance) (gateway_outbox_bytes{{{HERE}}})", "{{instance}}")],
                        "bytes",
                    ),
                    Chart(
                        "Unchecked writes and gaps",
                        "Let through while the store was away; ranges that no notifier delivered.",
                        [
                            Series(rate("gateway_unchecked_writes_total"), "unchecked writes"),
                            Series(rate("gateway_link_gaps_total"), "gaps"),
                        ],
                        "ops",
                    ),
                    Chart(
                        "Event loop delay, 99 %",
                        "Above 100 ms a gateway has too little CPU.",
                        [
                            Series(
                                quantile(
                                    0.99,
                                    "event_loop_delay_seconds",
                                    f'component="gateway",{HERE}',
                                    by="instance",
                                ),
                                "{{instance}}",
                            )
                        ],
                        "s",
                    ),
                ],
            ),
        ],
        runbooks=[
            "ParleySendsFailing",
            "ParleyConnectsFailing",
            "ParleyLinksMissing",
            "ParleySocketsPutOff",
            "ParleyMembershipUnchecked",
        ],
        links=[("Limits", "docs/limits.md")],
    )
