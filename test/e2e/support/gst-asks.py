"""Plays with rtspsrc in RTSP 2.0, with headers of its requests changed, until the server asks something or refuses.

gst-asks.py URL tcp|udp CHANGES

CHANGES is JSON: headers by method; {port} in a value is the first port that rtspsrc would have named in that request. Prints
as JSON what the server asked, and the RTP and RTCP packets that came to each UDP port. The answers are in the log of rtspsrc.
"""

import json
import re
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import GLib, Gst, GstRtsp  # noqa: E402
from request_hook import RequestHook  # noqa: E402

FIRST_RTCP_TYPE = 192
LAST_RTCP_TYPE = 223
# For what comes with a request of the server, such as a goodbye.
LAST_WORDS_MS = 300
TOLD = ("Notify-Reason", "Terminate-Reason", "Scale")

url, protocol, changes = sys.argv[1:]
changes = json.loads(changes)
Gst.init(None)
pipeline = Gst.parse_launch(
    f"rtspsrc name=source location={url} protocols={protocol} default-rtsp-version=2-0 latency=0 ! fakesink"
)
loop = GLib.MainLoop()
came = {}
asked = []


def before_send(method, request):
    for name, value in changes.get(GstRtsp.rtsp_method_as_text(method), {}).items():
        offered = re.search(r"client_port=(\d+)", request.get(GstRtsp.RTSPHeaderField.TRANSPORT) or "")
        request.put(name, value.replace("{port}", offered.group(1)) if offered else value)


def added(_bin, _inner, element):
    if element.get_factory().get_name() == "udpsrc":
        element.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, arrived, element)


def arrived(_pad, info, element):
    kind = info.get_buffer().extract_dup(1, 1)[0]
    count = came.setdefault(element.get_property("port"), {"rtp": 0, "rtcp": 0})
    count["rtcp" if FIRST_RTCP_TYPE <= kind <= LAST_RTCP_TYPE else "rtp"] += 1
    return Gst.PadProbeReturn.OK


def handle(_source, request, _response):
    _, method, _, _ = request.parse_request()
    values = {"method": GstRtsp.rtsp_method_as_text(method)}
    for name in TOLD:
        result, value = request.get_header_by_name(name, 0)
        if result == GstRtsp.RTSPResult.OK:
            values[name] = value
    asked.append(values)
    GLib.timeout_add(LAST_WORDS_MS, loop.quit)


def heard(_bus, message):
    if message.type in (Gst.MessageType.EOS, Gst.MessageType.ERROR):
        loop.quit()


source = pipeline.get_by_name("source")
hook = RequestHook(source, before_send)
source.connect("handle-request", handle)
pipeline.connect("deep-element-added", added)
bus = pipeline.get_bus()
bus.add_signal_watch()
bus.connect("message", heard)
pipeline.set_state(Gst.State.PLAYING)
loop.run()
pipeline.set_state(Gst.State.NULL)
print(json.dumps({"asked": asked, "ports": list(came.values())}))
