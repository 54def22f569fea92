"""Publishes a picture over UDP and prints what the receiver reports of it. Argument: URL.
Prints `reported LOST` with the first report. GStreamer reads none that comes interleaved."""
import sys
import gi

gi.require_version('Gst', '1.0')
from gi.repository import GLib, Gst

Gst.init(None)
pipeline = Gst.parse_launch(
    'videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=10/1 ! openh264enc gop-size=10'
    f' ! h264parse ! rtspclientsink name=s protocols=udp location={sys.argv[1]}'
)
sink = pipeline.get_by_name('s')
told = set()
manager = None


def managed(_, made):
    global manager
    manager = made


def look():
    session = manager and manager.emit('get-internal-session', 0)
    if not session:
        return True
    sources = session.get_property('sources')
    for source in sources:
        stats = source.get_property('stats')
        have, internal = stats.get_boolean('have-rb')[1], stats.get_boolean('internal')[1]
        ssrc = stats.get_uint('ssrc')[1]
        if internal or not have or ssrc in told:
            continue
        told.add(ssrc)
        print('reported', stats.get_int('rb-packetslost')[1], flush=True)
    return True


def failed(_, message):
    print(message.parse_error()[0].message, flush=True)
    loop.quit()


loop = GLib.MainLoop()
sink.connect('new-manager', managed)
bus = pipeline.get_bus()
bus.add_signal_watch()
bus.connect('message::error', failed)
pipeline.set_state(Gst.State.PLAYING)
GLib.timeout_add(200, look)
try:
    loop.run()
finally:
    pipeline.set_state(Gst.State.NULL)
