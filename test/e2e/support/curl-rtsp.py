"""Speaks RTSP by libcurl: one JSON object per line asks, one answers.

{"on", "method", "url", "login"?, "session"?, "transport"?, "headers"?, "body"?} asks on the connection of that name, which
is opened with the login when it is new; {"close": name} closes one. {"listen": true} opens two UDP ports for a track, and
{"heard": port} tells what came there since it was asked last.
"""

import io
import json
import socket
import sys

import pycurl

RECEIVE_BUFFER_BYTES = 1 << 20
GOODBYE = 203

connections = {}
listening = {}


def opened(login):
    curl = pycurl.Curl()
    curl.setopt(pycurl.TIMEOUT, 10)
    if login is not None:
        curl.setopt(pycurl.HTTPAUTH, pycurl.HTTPAUTH_DIGEST)
        curl.setopt(pycurl.USERPWD, login)
    return curl


def ask(on, method, url, login=None, session=None, transport=None, headers=None, body=None):
    curl = connections.get(on) or connections.setdefault(on, opened(login))
    told, content = {}, io.BytesIO()

    def header(line):
        name, colon, value = line.decode("latin-1").partition(":")
        if line.startswith(b"RTSP/"):
            told.clear()
            content.seek(0)
            content.truncate()
        elif colon:
            told[name.lower()] = value.strip()

    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.OPT_RTSP_STREAM_URI, url)
    curl.setopt(pycurl.OPT_RTSP_REQUEST, getattr(pycurl, f"RTSPREQ_{method}"))
    curl.setopt(pycurl.HEADERFUNCTION, header)
    curl.setopt(pycurl.WRITEDATA, content)
    curl.unsetopt(pycurl.HTTPHEADER)
    if headers:
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
    if session is not None:
        curl.setopt(pycurl.OPT_RTSP_SESSION_ID, session)
    if transport is not None:
        curl.setopt(pycurl.OPT_RTSP_TRANSPORT, transport)
    if body is not None:
        curl.setopt(pycurl.POSTFIELDS, body)
    try:
        curl.perform()
    except pycurl.error as error:
        return {"error": error.args[1], "status": curl.getinfo(pycurl.RESPONSE_CODE)}
    return {
        "status": curl.getinfo(pycurl.RESPONSE_CODE),
        "headers": told,
        "body": content.getvalue().decode("latin-1"),
        "session": curl.getinfo(pycurl.INFO_RTSP_SESSION_ID),
    }


def close(name):
    connections.pop(name).close()
    return {}


def bound(port):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    one.setblocking(False)
    one.bind(("127.0.0.1", port))
    return one


def listen():
    """An even port and the next one, RFC 3550 s.11."""
    while True:
        media = bound(0)
        port = media.getsockname()[1]
        try:
            if port % 2 == 0:
                listening[port] = (media, bound(port + 1))
                return {"port": port}
        except OSError:
            pass
        media.close()


def arrived(one):
    while True:
        try:
            yield one.recv(65536)
        except BlockingIOError:
            return


def heard(port):
    packets, reports = (list(arrived(one)) for one in listening[port])
    numbers = [int.from_bytes(packet[2:4], "big") for packet in packets]
    steps = {(after - before) & 0xFFFF for before, after in zip(numbers, numbers[1:])}
    goodbyes = 0
    for report in reports:
        at = 0
        while at + 4 <= len(report):
            goodbyes += report[at + 1] == GOODBYE
            at += 4 + 4 * int.from_bytes(report[at + 2 : at + 4], "big")
    return {
        "packets": len(packets),
        "marked": sum(packet[1] >> 7 for packet in packets),
        "unbroken": steps <= {1},
        "goodbyes": goodbyes,
    }


for line in sys.stdin:
    wish = json.loads(line)
    if "listen" in wish:
        answer = listen()
    elif "heard" in wish:
        answer = heard(wish["heard"])
    elif "close" in wish:
        answer = close(wish["close"])
    else:
        answer = ask(**wish)
    print(json.dumps(answer), flush=True)
