"""Plays a recording with rtspsrc, seeks once, and prints the pictures before and after as JSON."""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

SEEK_AFTER_PICTURES = 20

url, version, protocol, to_seconds = sys.argv[1:5]
Gst.init(None)
pipeline = Gst.parse_launch(
    f"rtspsrc location={url} protocols={protocol} default-rtsp-version={version} latency=0 "
    "! rtph264depay ! h264parse ! avdec_h264 "
    "! fakesink name=sink sync=false signal-handoffs=true"
)
loop = GLib.MainLoop()
seen = {"before": 0, "after": 0, "ended": False}
phase = "before"


def seek():
    global phase
    phase = "after"
    flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.KEY_UNIT
    if not pipeline.seek_simple(Gst.Format.TIME, flags, int(float(to_seconds) * Gst.SECOND)):
        loop.quit()
    return False


def shown(_sink, _buffer, _pad):
    seen[phase] += 1
    if phase == "before" and seen["before"] == SEEK_AFTER_PICTURES:
        GLib.idle_add(seek)


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
