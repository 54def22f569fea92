"""Replays a recording with GStreamer's rtspsrc in its ONVIF mode, and prints what arrives.

onvif-replay.py URL RATE START STOP [rate-control] [key-units] [require]

START and STOP are Unix epoch seconds, the earlier first; a negative RATE plays from STOP back to START. Each access unit is
one line of JSON: what its RTP header extension says, its RTP timestamp and number. The last line tells how many pictures
were decoded and what PLAY asked for. Ends beyond the range, at the end of the stream, or when nothing comes any more.
"""

import json
import os
import struct
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import GLib, Gst, GstRtsp  # noqa: E402
from request_hook import RequestHook  # noqa: E402

NTP_TO_UNIX_SECONDS = 2208988800
QUIET_LIMIT_SECONDS = 4
MARGIN_SECONDS = 3600
DECODING_MS = 1000
PROFILE = 0xABAC


class Replay:
    def __init__(self, url, rate, start, stop, options):
        self.loop = GLib.MainLoop()
        self.pictures = 0
        self.seeking = False
        self.finishing = False
        self.requests = []
        self.code = 0
        self.heard = GLib.get_monotonic_time()
        self.require = "require" in options
        self.pipeline = Gst.Pipeline.new()
        self.source = Gst.ElementFactory.make("rtspsrc")
        self.source.set_property("location", url)
        self.source.set_property("onvif-mode", True)
        self.source.set_property("onvif-rate-control", "rate-control" in options)
        self.source.set_property("latency", 0)
        self.source.set_property("buffer-mode", 0)
        Gst.util_set_object_arg(self.source, "protocols", "tcp")
        self.hook = RequestHook(self.source, self.before_send)
        self.source.connect("pad-added", self.pad_added)
        self.pipeline.add(self.source)
        flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE
        if "key-units" in options:
            flags |= Gst.SeekFlags.TRICKMODE_KEY_UNITS
        # rtspsrc ends a stream when as much time has passed as its range is long, whatever it still gets: it is asked for
        # more than is wanted, and what is wanted ends it.
        self.wanted = lambda wall: wall < stop if rate > 0 else wall > start
        span = (Gst.SeekType.SET, ntp(start), Gst.SeekType.NONE, 0)
        if rate < 0:
            span = (Gst.SeekType.SET, ntp(start - MARGIN_SECONDS), Gst.SeekType.SET, ntp(stop))
        self.seek = Gst.Event.new_seek(rate, Gst.Format.TIME, flags, *span)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self.failed)
        bus.connect("message::eos", lambda *_: self.loop.quit())
        GLib.timeout_add(200, self.watch)

    def run(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        print(json.dumps({"pictures": self.pictures, "requests": self.requests}), flush=True)
        # Without the teardown, which may wait for a thread that waits for data.
        os._exit(self.code)

    def before_send(self, method, request):
        # rtspsrc leaves the feature tag to the application.
        if self.require and method in WITH_REQUIRE:
            request.add(GstRtsp.RTSPHeaderField.REQUIRE, "onvif-replay")
        if method == GstRtsp.RTSPMethod.PLAY:
            self.requests.append({name: request.get(field) for name, field in SHOWN.items()})

    def pad_added(self, _source, pad):
        caps = pad.get_current_caps().get_structure(0)
        if caps.get_string("media") != "video":
            sink = self.element("fakesink", sync=False, **{"async": False})
            pad.link(sink.get_static_pad("sink"))
            sink.sync_state_with_parent()
            return
        codec = caps.get_string("encoding-name")
        depay, parse, decode = {
            "H264": ("rtph264depay", "h264parse", "avdec_h264"),
            "H265": ("rtph265depay", "h265parse", "avdec_h265"),
        }[codec]
        chain = [
            self.element("rtponvifparse"),
            self.element(depay),
            self.element(parse),
            self.element(decode),
            self.element("fakesink", sync=False, **{"async": False}),
        ]
        for before, after in zip(chain, chain[1:]):
            before.link(after)
        chain[0].get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, self.packet)
        chain[-1].get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, self.picture)
        for element in chain:
            element.sync_state_with_parent()
        pad.link(chain[0].get_static_pad("sink"))

    def start_seek(self):
        # Before it has played, rtspsrc 1.22 falls over a seek.
        seek, self.seek = self.seek, None
        if not self.source.send_event(seek):
            self.failed(None, None)
        return False

    def packet(self, _pad, info):
        self.heard = GLib.get_monotonic_time()
        if self.seek is not None and not self.seeking:
            self.seeking = True
            GLib.idle_add(self.start_seek)
        data = info.get_buffer().extract_dup(0, 28)
        unit = unit_of(data)
        if unit is not None:
            if len(self.requests) > 1 and not self.wanted(unit["wallMs"] / 1000):
                self.finish()
            elif not self.finishing:
                print(json.dumps(unit), flush=True)
        return Gst.PadProbeReturn.OK

    def finish(self):
        if not self.finishing:
            # What is on its way through the decoder still counts.
            GLib.timeout_add(DECODING_MS, self.loop.quit)
        self.finishing = True

    def picture(self, _pad, _info):
        self.pictures += 1
        return Gst.PadProbeReturn.OK

    def element(self, kind, **properties):
        element = Gst.ElementFactory.make(kind)
        for name, value in properties.items():
            element.set_property(name, value)
        self.pipeline.add(element)
        return element

    def failed(self, _bus, message):
        print(message.parse_error() if message else "the seek was refused", file=sys.stderr)
        self.code = 1
        self.loop.quit()

    def watch(self):
        if GLib.get_monotonic_time() - self.heard > QUIET_LIMIT_SECONDS * 1_000_000:
            self.loop.quit()
        return True


WITH_REQUIRE = (GstRtsp.RTSPMethod.DESCRIBE, GstRtsp.RTSPMethod.SETUP, GstRtsp.RTSPMethod.PLAY)
SHOWN = {
    "range": GstRtsp.RTSPHeaderField.RANGE,
    "scale": GstRtsp.RTSPHeaderField.SCALE,
    "require": GstRtsp.RTSPHeaderField.REQUIRE,
}


def ntp(unix_seconds):
    """Nanoseconds since 1900, which is what a seek means in this mode."""
    return int((unix_seconds + NTP_TO_UNIX_SECONDS) * Gst.SECOND)


def unit_of(packet):
    """The replay extension of a packet, as in ONVIF Streaming s.6.3, if it has one."""
    if len(packet) < 28 or not packet[0] & 0x10:
        return None
    profile, words = struct.unpack_from(">HH", packet, 12)
    if profile != PROFILE or words < 3:
        return None
    seconds, fraction, flags, cseq = struct.unpack_from(">IIBB", packet, 16)
    sequence, timestamp = struct.unpack_from(">HI", packet, 2)
    return {
        "wallMs": (seconds - NTP_TO_UNIX_SECONDS) * 1000 + fraction * 1000 / 2**32,
        "flags": "".join(name for name, bit in zip("CEDT", (0x80, 0x40, 0x20, 0x10)) if flags & bit),
        "cseq": cseq,
        "sequence": sequence,
        "timestamp": timestamp,
    }


if __name__ == "__main__":
    Gst.init(None)
    url, rate, start, stop, *options = sys.argv[1:]
    Replay(url, float(rate), float(start), float(stop), options).run()
