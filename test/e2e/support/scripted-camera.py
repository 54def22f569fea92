"""Cameras that no RTSP server at hand can be made to be.

scripted-camera.py keyed CERTIFICATE
    Speaks SRTP inside TLS, with a PEM file of certificate and key. The client has to choose the key, for both directions,
    with an identifier of 4 bytes; all else is refused with 463, as Axis does it. MIKEY (RFC 3830) is read here by hand,
    packets are protected by libsrtp.
scripted-camera.py redirect URL
    Sends whoever asks to URL (302).

Prints its port when it is ready.
"""

import base64
import re
import socket
import ssl
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402,F401

from mikey import key_of  # noqa: E402

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=keyed\r\nt=0 0\r\na=control:*\r\n"
    "m=video 0 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:video\r\n"
)
TAG_BYTES = 10


class Keyed:
    """One connection to the camera that wants a key."""

    def __init__(self, stream):
        self.stream, self.lock, self.pipeline = stream, threading.Lock(), None
        self.key, self.mki = None, b""

    def send(self, data):
        with self.lock:
            self.stream.sendall(data)

    def answer(self, method, headers):
        if method == "DESCRIBE":
            return "200 OK", {"Content-Type": "application/sdp"}, SDP
        if method == "SETUP":
            found = re.search(r'data="?([A-Za-z0-9+/=]+)', headers.get("keymgmt", ""))
            if found is None or not headers.get("transport", "").startswith("RTP/SAVP"):
                return "463 Key Management Failure", {}, ""
            self.key, self.mki = key_of(base64.b64decode(found[1]))
            if len(self.mki) != 4:
                return "463 Key Management Failure", {}, ""
            transport = "RTP/SAVP/TCP;unicast;interleaved=0-1"
            return "200 OK", {"Session": "1;timeout=60", "Transport": transport}, ""
        if method == "PLAY":
            threading.Timer(0.05, self.play).start()
        return "200 OK", {"Session": "1", "Public": "DESCRIBE, SETUP, PLAY, TEARDOWN"}, ""

    def play(self):
        self.pipeline = Gst.parse_launch(
            "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1"
            " ! openh264enc gop-size=25 ! rtph264pay config-interval=-1 pt=96"
            " ! srtpenc name=enc ! appsink name=out emit-signals=true sync=false"
        )
        enc = self.pipeline.get_by_name("enc")
        enc.set_property("key", Gst.Buffer.new_wrapped(self.key))
        enc.set_property("mki", Gst.Buffer.new_wrapped(self.mki))
        self.pipeline.get_by_name("out").connect("new-sample", self.packet)
        self.pipeline.set_state(Gst.State.PLAYING)

    def packet(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        data = buffer.extract_dup(0, buffer.get_size())
        try:
            self.send(b"$\x00" + len(data).to_bytes(2, "big") + data)
        except OSError:
            return Gst.FlowReturn.EOS
        return Gst.FlowReturn.OK

    def report(self, data):
        """Reports of the client are under its key too: its identifier stands before the tag."""
        if data[-TAG_BYTES - 4 : -TAG_BYTES] != self.mki:
            raise ValueError("a report that is not protected by the key")

    def end(self):
        if self.pipeline is not None:
            self.pipeline.set_state(Gst.State.NULL)


class Redirecting:
    def __init__(self, stream, url):
        self.stream, self.url = stream, url

    def send(self, data):
        self.stream.sendall(data)

    def answer(self, _method, _headers):
        return "302 Found", {"Location": self.url}, ""

    def report(self, _data):
        pass

    def end(self):
        pass


def serve(stream, camera):
    """Reads requests and frames of one client, until it leaves."""
    buffer = b""
    try:
        while chunk := stream.recv(65536):
            buffer += chunk
            while buffer:
                if buffer[0] == 0x24:
                    length = 4 + int.from_bytes(buffer[2:4], "big")
                    if len(buffer) < max(length, 4):
                        break
                    camera.report(buffer[4:length])
                    buffer = buffer[length:]
                    continue
                head, found, rest = buffer.partition(b"\r\n\r\n")
                if not found:
                    break
                buffer = rest
                line, *lines = head.decode().split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (one.partition(":") for one in lines)}
                status, more, body = camera.answer(line.split()[0], headers)
                more = {"CSeq": headers.get("cseq", "0"), **more, "Content-Length": str(len(body))}
                text = "".join(f"{name}: {value}\r\n" for name, value in more.items())
                camera.send(f"RTSP/1.0 {status}\r\n{text}\r\n{body}".encode())
    except OSError:
        pass
    finally:
        camera.end()
        stream.close()


def main(kind, argument):
    Gst.init(None)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    context = None
    if kind == "keyed":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(argument)
    while True:
        stream, _ = listener.accept()
        threading.Thread(target=begin, args=(stream, context, argument), daemon=True).start()


def begin(stream, context, argument):
    if context is None:
        serve(stream, Redirecting(stream, argument))
        return
    try:
        inside = context.wrap_socket(stream, server_side=True)
    except (OSError, ssl.SSLError):
        return
    serve(inside, Keyed(inside))


main(*sys.argv[1:])
