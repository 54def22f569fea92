"""Plays a track by SRTP inside TLS, and wants another key on the way (ONVIF Streaming s.8.2.1).

srtp-player.py PORT MOUNT USER PASSWORD

libsrtp reads the packets, under the key that the description told and then under the other. Prints, as JSON, how many came
and how many of them it could read under each key, and whether the server tells the other key when it is asked.
"""

import base64
import hashlib
import json
import os
import re
import socket
import ssl
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402,F401

from mikey import AES_128_KEY_BYTES, key_of  # noqa: E402

PACKETS = 30
TAG_BYTES = 10

port, mount, user, password = sys.argv[1:5]
url = f"rtsp://127.0.0.1:{port}/{mount}"
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
stream = context.wrap_socket(socket.create_connection(("127.0.0.1", int(port)))).makefile("rwb")
frames = []
challenge = None


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def read():
    """The next answer, as head and body; None after a frame, which is kept."""
    first = stream.read(1)
    if first == b"$":
        channel = stream.read(1)[0]
        frame = stream.read(int.from_bytes(stream.read(2), "big"))
        if channel == 0:
            frames.append(frame)
        return None
    head = first
    while not head.endswith(b"\r\n\r\n"):
        head += stream.readline()
    found = re.search(rb"(?im)^content-length: *(\d+)", head)
    return head.decode(), stream.read(int(found[1]) if found else 0)


def ask(method, uri, headers="", body=b""):
    global challenge
    for _ in range(2):
        login = ""
        if challenge is not None:
            realm, nonce = challenge
            digest = md5(f"{md5(f'{user}:{realm}:{password}')}:{nonce}:{md5(f'{method}:{uri}')}")
            login = (
                f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", '
                f'uri="{uri}", response="{digest}"\r\n'
            )
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        stream.write(f"{method} {uri} RTSP/1.0\r\nCSeq: 1\r\n{login}{headers}{length}\r\n".encode() + body)
        stream.flush()
        answer = None
        while answer is None:
            answer = read()
        if " 401 " not in answer[0].split("\r\n")[0]:
            break
        realm = re.search(r'realm="([^"]*)"', answer[0])[1]
        found = re.search(r'Digest [^\r]*nonce="([^"]*)"(?![^\r]*SHA)', answer[0])
        challenge = realm, found[1]
    status = answer[0].split("\r\n")[0]
    if " 200 " not in status:
        raise SystemExit(f"{method}: {status}")
    return answer


def collect():
    frames.clear()
    while len(frames) < PACKETS:
        read()
    return list(frames)


_, sdp = ask("DESCRIBE", url)
message = base64.b64decode(re.search(rb"a=key-mgmt:mikey ([A-Za-z0-9+/=]+)", sdp)[1])
told, identifier = key_of(message)
wanted, other = os.urandom(len(told)), os.urandom(len(identifier))
head, _ = ask("SETUP", f"{url}/trackID=0", "Transport: RTP/SAVP/TCP;unicast;interleaved=0-1\r\n")
identity = re.search(r"(?im)^session: *([^;\s]+)", head)[1]
session = f"Session: {identity}\r\n"
ask("PLAY", url, session)
before = collect()
rekeyed = (
    message.replace(told[:AES_128_KEY_BYTES], wanted[:AES_128_KEY_BYTES])
    .replace(told[AES_128_KEY_BYTES:], wanted[AES_128_KEY_BYTES:])
    .replace(identifier, other)
)
parameters = session + "Content-Type: text/parameters\r\n"
ask("SET_PARAMETER", url, parameters, b"mikey: " + base64.b64encode(rekeyed) + b"\r\n")
after = collect()
_, body = ask("GET_PARAMETER", url, parameters, b"mikey\r\n")
present = key_of(base64.b64decode(re.search(rb"mikey: *([A-Za-z0-9+/=]+)", body)[1]))
ask("TEARDOWN", url, session)


def under(packets, mki):
    return [packet for packet in packets if packet[-TAG_BYTES - len(mki) : -TAG_BYTES] == mki]


def sequence(packet):
    return int.from_bytes(packet[2:4], "big")


def readable(packets, key, mki, roc=0):
    """How many packets libsrtp opens, from a rollover counter on."""
    if not packets:
        return 0
    ssrc = int.from_bytes(packets[0][8:12], "big")
    suite = "cipher=(string)aes-128-icm, {0}-auth=(string)hmac-sha1-80"
    caps = (
        f"application/x-srtp, ssrc=(uint){ssrc}, roc=(uint){roc}, srtp-key=(buffer){key.hex()}, "
        f"mki=(buffer){mki.hex()}, srtp-{suite.format('srtp')}, srtcp-{suite.format('srtcp')}"
    )
    pipeline = Gst.parse_launch("appsrc name=in format=time ! srtpdec ! appsink name=out sync=false")
    source = pipeline.get_by_name("in")
    source.set_property("caps", Gst.Caps.from_string(caps))
    pipeline.set_state(Gst.State.PLAYING)
    for packet in packets:
        source.emit("push-buffer", Gst.Buffer.new_wrapped(packet))
    source.emit("end-of-stream")
    count = 0
    while pipeline.get_by_name("out").emit("pull-sample") is not None:
        count += 1
    pipeline.set_state(Gst.State.NULL)
    return count


Gst.init(None)
first, second = under(before, identifier), under(after, other)
# The counter goes on with the other key.
rolled = int(bool(second) and sequence(second[0]) < sequence(first[0]))
print(
    json.dumps(
        {
            "before": [len(first), readable(first, told, identifier)],
            "after": [len(second), readable(second, wanted, other, rolled)],
            "told": present == (wanted, other),
        }
    )
)
