"""Plays a recording with rtspsrc, seeks once, and prints the pictures before and after as JSON. With a rate as the last argument
it goes on as fast from there, by Scale, for a few pictures."""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

SEEK_AFTER_PICTURES = 20
FAST_PICTURES = 6

url, version, protocol, to_seconds, *rates = sys.argv[1:]
rate = float(rates[0]) if rates else 1.0
fast = rate != 1.0
Gst.init(None)
pipeline = Gst.parse_launch(
    f"rtspsrc location={url} protocols={protocol} default-rtsp-version={version} latency=0 "
    "! rtph264depay ! h264parse ! avdec_h264 "
    "! fakesink name=sink sync=false signal-handoffs=true"
)
loop = GLib.MainLoop()
seen = {"before": 0, "after": 0, "ended": False, "timesMs": []}
phase = "before"


def seek():
    global phase
    phase = "after"
    flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.KEY_UNIT
    if fast:
        flags |= Gst.SeekFlags.TRICKMODE
    start = int(float(to_seconds) * Gst.SECOND)
    if not pipeline.seek(
        rate, Gst.Format.TIME, flags, Gst.SeekType.SET, start, Gst.SeekType.NONE, -1
    ):
        loop.quit()
    return False


def shown(_sink, buffer, _pad):
    seen[phase] += 1
    if phase == "after":
        seen["timesMs"].append(buffer.pts / Gst.MSECOND)
    if phase == "before" and seen["before"] == SEEK_AFTER_PICTURES:
        GLib.idle_add(seek)
    if fast and seen["after"] == FAST_PICTURES:
        GLib.idle_add(loop.quit)


def heard(_bus, message):
    if message.type == Gst.MessageType.EOS:
        seen["ended"] = True
    if message.type in (Gst.MessageType.EOS, Gst.MessageType.ERROR):
        loop.quit()


pipeline.get_by_name("sink").connect("handoff", shown)
bus = pipeline.get_bus()
bus.add_signal_watch()
bus.connect("message", heard)
pipeline.set_state(Gst.State.PLAYING)
loop.run()
pipeline.set_state(Gst.State.NULL)
print(json.dumps(seen))
