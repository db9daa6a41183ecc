"""Which proxy stands between which two processes, and what each process is told for it.

A client of Kafka goes where the broker says that it is, so each has a listener of its own, advertised at
its proxy's port.
"""

from collections.abc import Sequence
from dataclasses import replace

from deploy.local.stack.services import Services
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.process import Process
from tests.faults.proxy import Proxy

Pair = tuple[str, str]
"""Who dials, and who is dialled: `("gateway-2", "kafka")`, `("client", "gateway")`."""


class Wiring:
    """The proxies by pair, none of them open yet."""

    def __init__(self, services: Services, postgres: int, ports: Ports) -> None:
        self.proxies: dict[Pair, Proxy] = {}
        self.listeners: dict[str, tuple[int, int]] = {}
        """For `Kafka.more`."""
        self._ports = ports
        gateways, notifiers = named("gateway", services.gateways), named("notifier", services.notifiers)
        projectors = named("projector", services.projectors)
        for gateway, port in gateways.items():
            self._between("client", gateway, port)
            for dialled, at in {**notifiers, "store": services.store}.items():
                self._between(gateway, dialled, at)
        for name in ("store", *projectors):
            self._between(name, "postgres", postgres)
        for name in (*gateways, *projectors, *notifiers):
            self._listener(name)

    @property
    def gateways(self) -> list[int]:
        """The ports at which clients find the gateways."""
        return [proxy.port for (dialling, _), proxy in self.proxies.items() if dialling == "client"]

    def wired(self, process: Process) -> Process:
        """The same process, that dials the proxies."""
        mine = {to: f"127.0.0.1:{p.port}" for (name, to), p in self.proxies.items() if name == process.name}
        notifiers = ",".join(address for to, address in mine.items() if to.startswith("notifier"))
        env = dict(process.env)
        if "kafka" in mine:
            env["KAFKA_BOOTSTRAP"] = mine["kafka"]
        if "store" in mine:
            env |= {"STORE_URL": f"http://{mine['store']}", "NOTIFIERS": notifiers}
        if "postgres" in mine:
            direct = f"127.0.0.1:{self.proxies[process.name, 'postgres'].target}"
            env["DATABASE_URL"] = env["DATABASE_URL"].replace(direct, mine["postgres"])
        return replace(process, env=env)

    def _between(self, dialling: str, dialled: str, target: int) -> Proxy:
        proxy = Proxy(self._take(f"{dialling}-to-{dialled}"), target, seed=len(self.proxies))
        self.proxies[dialling, dialled] = proxy
        return proxy

    def _listener(self, client: str) -> None:
        port = self._ports.take(f"kafka-for-{client}")
        proxy = self._between(client, "kafka", port)
        self.listeners[client.upper().replace("-", "_")] = port, proxy.port

    def _take(self, name: str) -> int:
        port = self._ports.take(name)
        self._ports.release([port])
        return port


def named(kind: str, ports: Sequence[int]) -> dict[str, int]:
    """Ports by the names that the stack gives its processes."""
    return {kind if number == 1 else f"{kind}-{number}": port for number, port in enumerate(ports, 1)}
