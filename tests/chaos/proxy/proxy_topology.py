"""Which relay stands between which two processes, and the settings that lead each process through it.

A Kafka client connects to the address that the broker advertises, so each client has a listener of its own,
advertised at its relay's port.
"""

from collections.abc import Sequence
from dataclasses import replace

from deploy.local.stack.services import Services
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.process import Process
from tests.chaos.proxy.tcp_relay import Relay

Route = tuple[str, str]
"""(connecting process, target): `("gateway-2", "kafka")`, `("client", "gateway")`."""


class ProxyTopology:
    """The relays by route, not open yet."""

    def __init__(self, services: Services, postgres_port: int, ports: Ports) -> None:
        self.relays: dict[Route, Relay] = {}
        self.listeners: dict[str, tuple[int, int]] = {}
        """Kafka's listener for each client: its port, and the port that is advertised."""
        self._ports = ports
        gateways, notifiers = _named("gateway", services.gateways), _named("notifier", services.notifiers)
        projectors = _named("projector", services.projectors)
        for gateway, port in gateways.items():
            self._add("client", gateway, port)
            for target, target_port in {**notifiers, "store": services.store}.items():
                self._add(gateway, target, target_port)
        for name in ("store", *projectors):
            self._add(name, "postgres", postgres_port)
        for name in (*gateways, *projectors, *notifiers):
            listener = ports.take(f"kafka-for-{name}")
            relay = self._add(name, "kafka", listener)
            self.listeners[name.upper().replace("-", "_")] = listener, relay.port

    @property
    def gateways(self) -> list[int]:
        """The ports at which clients reach the gateways."""
        return [relay.port for (source, _), relay in self.relays.items() if source == "client"]

    def rewire(self, process: Process) -> Process:
        """The same process, with settings that connect it to its relays."""
        own = {
            target: f"127.0.0.1:{relay.port}"
            for (source, target), relay in self.relays.items()
            if source == process.name
        }
        env = dict(process.env)
        if "kafka" in own:
            env["KAFKA_BOOTSTRAP"] = own["kafka"]
        if "store" in own:
            notifiers = (address for target, address in own.items() if target.startswith("notifier"))
            env |= {"STORE_URL": f"http://{own['store']}", "NOTIFIERS": ",".join(notifiers)}
        if "postgres" in own:
            direct = f"127.0.0.1:{self.relays[process.name, 'postgres'].target}"
            for name in env.keys() & {"DATABASE_URL", "TICKETS_DATABASE_URL"}:
                env[name] = env[name].replace(direct, own["postgres"])
        return replace(process, env=env)

    def _add(self, source: str, target: str, target_port: int) -> Relay:
        port = self._ports.take(f"{source}-to-{target}")
        self._ports.release([port])
        relay = self.relays[source, target] = Relay(port, target_port, seed=len(self.relays))
        return relay


def _named(kind: str, ports: Sequence[int]) -> dict[str, int]:
    """Ports by the names that the local stack gives its processes."""
    return {kind if number == 1 else f"{kind}-{number}": port for number, port in enumerate(ports, 1)}
