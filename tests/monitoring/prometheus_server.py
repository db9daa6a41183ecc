"""A Prometheus that scrapes a stack, with the rules of the repository made faster."""

import asyncio
import math
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from deploy.local import programs
from deploy.local.stack.state import Stack
from deploy.local.supervisor.handle import terminate_child
from tools.monitoring.documents import Options, rule_groups
from tools.monitoring.rules import to_yaml

SCRAPE_SECONDS = 0.5
Labels = Mapping[str, str]


class PrometheusServer:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def query(self, expression: str) -> list[float]:
        """Return the value of each series that the expression has now."""
        data = await self._get("/api/v1/query", query=expression)
        return [float(result["value"][1]) for result in data["result"]]

    async def has_data(self, expression: str) -> bool:
        """Whether the expression has a value that is a number."""
        return any(not math.isnan(value) for value in await self.query(expression))

    async def firing(self) -> list[Labels]:
        """Return the labels of the alerts that fire."""
        data = await self._get("/api/v1/alerts")
        return [alert["labels"] for alert in data["alerts"] if alert["state"] == "firing"]

    async def wait_until_firing(self, patience: float, **labels: str) -> None:
        await self._wait(patience, f"{labels} did not fire", lambda fires: fires, labels)

    async def wait_until_resolved(self, patience: float, **labels: str) -> None:
        await self._wait(patience, f"{labels} did not resolve", lambda fires: not fires, labels)

    async def wait_for_targets(self, count: int, patience: float) -> None:
        """Wait until so many targets were scraped."""
        async with asyncio.timeout(patience):
            while await self.query("sum(up)") != [count]:
                await asyncio.sleep(SCRAPE_SECONDS)

    async def _wait(self, patience: float, failure: str, is_done: Any, labels: Labels) -> None:
        try:
            async with asyncio.timeout(patience):
                while True:
                    alerts = await self.firing()
                    if is_done(any(labels.items() <= alert.items() for alert in alerts)):
                        return
                    await asyncio.sleep(SCRAPE_SECONDS)
        except TimeoutError:
            raise AssertionError(f"{failure}; firing: {await self.firing()}") from None

    async def _get(self, path: str, **params: str) -> Any:
        answer = await self._client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@asynccontextmanager
async def prometheus(
    folder: Path, stack: Stack, options: Options, exporters: str, port: int
) -> AsyncIterator[PrometheusServer]:
    """Run a Prometheus with its files in `folder`. `exporters`: host:port of what stands for exporters."""
    config = folder / "prometheus.yaml"
    config.write_text(yaml.safe_dump(_configuration(folder, stack, options, exporters)))
    command = [
        str(programs.find("prometheus")),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: ASYNC220
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
                await _wait_until_ready(client, server, folder / "prometheus.log")
                yield PrometheusServer(client)
        finally:
            await asyncio.to_thread(terminate_child, server, 10)


async def _wait_until_ready(client: httpx.AsyncClient, server: subprocess.Popen[bytes], log: Path) -> None:
    async with asyncio.timeout(30):
        while True:
            assert server.poll() is None, log.read_text()  # noqa: ASYNC240 - a short file of a dead process
            try:
                if (await client.get("/-/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


def _configuration(folder: Path, stack: Stack, options: Options, exporters: str) -> dict[str, Any]:
    interval = f"{round(SCRAPE_SECONDS * 1_000)}ms"
    paths = []
    for name, groups in rule_groups(options).items():
        paths.append(folder / f"{name}.yaml")
        paths[-1].write_text(to_yaml({"groups": [group.document() for group in groups]}, "faster"))
    targets = [
        {"targets": [url.partition("//")[2]], "labels": {"component": name.rstrip("0123456789-")}}
        for name, url in stack.admin.items()
    ]
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": [str(path) for path in paths],
        "scrape_configs": [
            {"job_name": "parley", "static_configs": targets},
            {"job_name": "exporters", "static_configs": [{"targets": [exporters]}]},
        ],
    }
