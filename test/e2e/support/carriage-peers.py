"""RTSP as others speak it: GStreamer as a camera by TLS, HTTP and WebSocket, a player over a WebSocket, and a way into a
WebSocket for programs that know none."""
import asyncio
import hashlib
import re
import ssl
import sys
import threading

import websockets

PROTOCOL = "rtsp.onvif.org"
LAUNCH = (
    "( videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=15/1"
    " ! jpegenc ! rtpjpegpay name=pay0 pt=26 )"
)


def camera(cert_file, key_file):
    """Serves /live with and without TLS, and by a WebSocket; prints the three ports."""
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import Gio, GLib, Gst, GstRtspServer

    Gst.init(None)

    def serve(certificate):
        server = GstRtspServer.RTSPServer()
        server.set_address("127.0.0.1")
        server.set_service("0")
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(LAUNCH)
        factory.set_shared(True)
        if certificate is not None:
            auth = GstRtspServer.RTSPAuth()
            auth.set_tls_certificate(certificate)
            token = GstRtspServer.RTSPToken()
            token.set_string("media.factory.role", "anybody")
            auth.set_default_token(token)
            server.set_auth(auth)
            permissions = GstRtspServer.RTSPPermissions()
            for what in ("access", "construct"):
                permissions.add_permission_for_role("anybody", f"media.factory.{what}", True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory("/live", factory)
        server.attach(None)
        return server

    servers = [serve(None), serve(Gio.TlsCertificate.new_from_files(cert_file, key_file))]
    plain, secure = [server.get_bound_port() for server in servers]
    threading.Thread(target=lambda: asyncio.run(bridge(plain, secure)), daemon=True).start()
    GLib.MainLoop().run()


async def bridge(plain, secure):
    async def serve(socket, _path=None):
        reader, writer = await asyncio.open_connection("127.0.0.1", plain)

        async def up():
            async for message in socket:
                writer.write(message)
            writer.close()

        async def down():
            # Messages that begin and end anywhere.
            while chunk := await reader.read(1000):
                await socket.send(chunk)
            await socket.close()

        await asyncio.gather(up(), down(), return_exceptions=True)

    server = await websockets.serve(serve, "127.0.0.1", 0, subprotocols=[PROTOCOL], max_size=None)
    print(plain, secure, server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()


class Player:
    """Plays one track by TCP inside a WebSocket, with a Digest login of RFC 2069."""

    def __init__(self, socket, url, user, password):
        self.socket, self.url, self.user, self.password = socket, url, user, password
        self.buffer, self.cseq, self.challenge = b"", 0, None
        self.frames = 0

    async def fill(self, wanted):
        while len(self.buffer) < wanted:
            message = await self.socket.recv()
            assert isinstance(message, bytes), "a text message"
            self.buffer += message

    async def item(self):
        """The next answer; frames on the way are counted. None after a frame."""
        await self.fill(4)
        if self.buffer[0] == 0x24:
            length = 4 + int.from_bytes(self.buffer[2:4], "big")
            await self.fill(length)
            self.buffer = self.buffer[length:]
            self.frames += 1
            return None
        while b"\r\n\r\n" not in self.buffer:
            await self.fill(len(self.buffer) + 1)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        text = head.decode()
        body = re.search(r"(?im)^content-length: *(\d+)", text)
        length = int(body[1]) if body else 0
        await self.fill(length)
        self.buffer = self.buffer[length:]
        return text

    def authorization(self, method, uri):
        if self.challenge is None:
            return ""
        realm, nonce = self.challenge
        md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
        first, second = md5(f"{self.user}:{realm}:{self.password}"), md5(f"{method}:{uri}")
        response = md5(f"{first}:{nonce}:{second}")
        return (
            f'Authorization: Digest username="{self.user}", realm="{realm}", nonce="{nonce}", '
            f'uri="{uri}", response="{response}"\r\n'
        )

    async def ask(self, method, uri, headers=""):
        self.cseq += 1
        login = self.authorization(method, uri)
        request = f"{method} {uri} RTSP/1.0\r\nCSeq: {self.cseq}\r\n{login}{headers}\r\n"
        # In two messages, for their ends mean nothing.
        await self.socket.send(request[:9].encode())
        await self.socket.send(request[9:].encode())
        answer = None
        while answer is None:
            answer = await self.item()
        status = int(answer.split(" ")[1])
        if status == 401 and self.challenge is None:
            md5_challenge = [line for line in answer.split("\r\n") if "SHA" not in line and "nonce=" in line][-1]
            find = lambda name: re.search(f'{name}="([^"]*)"', md5_challenge)[1]
            self.challenge = (find("realm"), find("nonce"))
            return await self.ask(method, uri, headers)
        assert status == 200, answer
        return answer


async def play(address, url, user, password, cert_file):
    context = ssl.create_default_context(cafile=cert_file)
    async with websockets.connect(
        address, ssl=context if address.startswith("wss") else None, subprotocols=[PROTOCOL]
    ) as socket:
        player = Player(socket, url, user, password)
        await player.ask("DESCRIBE", url, "Accept: application/sdp\r\n")
        setup = await player.ask(
            "SETUP", f"{url}/trackID=0", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        )
        session = re.search(r"(?im)^session: *([^;\r]+)", setup)[1]
        await player.ask("PLAY", url, f"Session: {session}\r\n")
        while player.frames < 100:
            await player.item()
        await player.ask("TEARDOWN", url, f"Session: {session}\r\n")
        print(player.frames)


async def wrap(address):
    """Brings TCP connections into WebSockets; prints the port."""

    async def serve(reader, writer):
        async with websockets.connect(address, subprotocols=[PROTOCOL], max_size=None) as socket:

            async def up():
                while chunk := await reader.read(1000):
                    await socket.send(chunk)
                await socket.close()

            async def down():
                async for message in socket:
                    writer.write(message)
                writer.close()

            await asyncio.gather(up(), down(), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()


if __name__ == "__main__":
    if sys.argv[1] == "camera":
        camera(*sys.argv[2:])
    elif sys.argv[1] == "wrap":
        asyncio.run(wrap(sys.argv[2]))
    else:
        asyncio.run(play(*sys.argv[2:]))
