"""Loopback forwarders: sockets that listen on the host's 127.0.0.1 and lead to an address inside the lab."""

import asyncio
import socket
from collections.abc import Collection
from pathlib import Path
from threading import Thread

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.linux import namespaces

CHUNK = 1 << 18
PORTS = range(20000, 30000)


class Forwarders:
    """Holds every forwarder of the lab, all on one event loop.

    `host`: an open descriptor of the host's network namespace. Only listening sockets are created there.
    """

    def __init__(self, host: int) -> None:
        self._host = host
        self._loop = asyncio.new_event_loop()
        self._servers: dict[int, asyncio.Server] = {}
        Thread(target=self._loop.run_forever, name="forwarders", daemon=True).start()

    def free_port(self, preferred: int, taken: Collection[int]) -> int:
        """The first port from `preferred` on that is free and not in `taken`.

        Ports are below the kernel's ephemeral ports, so that they are free at the next start, too. Raises
        LabError.
        """
        first = PORTS.index(preferred)
        candidates: list[int] = [*PORTS[first:], *PORTS[:first]]
        for port in candidates:
            if port in taken:
                continue
            with namespaces.inside(self._host), socket.socket() as probe:
                # like the listener: connections that ended a moment ago do not block the port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return port
        raise LabError(
            f"no port in {PORTS.start}-{PORTS.stop - 1} is free on 127.0.0.1; stop the programs that use them"
        )

    def open(self, port: int, subject: str, namespace: Path, address: tuple[str, int]) -> None:
        """Listens on 127.0.0.1:`port` of the host and connects to `address` from within `namespace`."""
        with namespaces.inside(self._host):
            listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(256)
        except OSError as error:
            listener.close()
            raise LabError(
                f"port 127.0.0.1:{port} of {subject} is in use ({error.strerror}); stop the program that "
                f"uses it (ss -ltnp 'sport = :{port}'), then try again"
            ) from error
        listener.setblocking(False)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _forward(reader, writer, namespace, address)

        future = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(serve, sock=listener, limit=CHUNK), self._loop
        )
        self._servers[port] = future.result(10)

    def close(self, port: int) -> None:
        if server := self._servers.pop(port, None):
            self._loop.call_soon_threadsafe(server.close)


async def _forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, namespace: Path, address: tuple[str, int]
) -> None:
    try:
        with namespaces.inside(namespace):
            connection = socket.socket()
        connection.setblocking(False)
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(connection, address), 10)
        inner_reader, inner_writer = await asyncio.open_connection(sock=connection, limit=CHUNK)
    except (OSError, TimeoutError):
        writer.close()
        return
    await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
    inner_writer.close()
    writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()
        return
