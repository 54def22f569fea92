"""Watches a stream over TCP and prints the first note (RFC 3550 s.6.5.7) that its sender has in its RTCP. Argument: URL."""
import sys
import gi

gi.require_version('Gst', '1.0')
from gi.repository import GLib, Gst

Gst.init(None)
pipeline = Gst.parse_launch(f'rtspsrc name=r location={sys.argv[1]} protocols=tcp latency=0 ! fakesink')
loop = GLib.MainLoop()


def look(manager):
    session = manager.emit('get-internal-session', 0)
    for source in session.get_property('sources') if session else []:
        note = source.get_property('sdes').get_string('note')
        if note is not None:
            print(note, flush=True)
            loop.quit()
            return False
    return True


def managed(_, manager):
    GLib.timeout_add(100, look, manager)


pipeline.get_by_name('r').connect('new-manager', managed)
pipeline.set_state(Gst.State.PLAYING)
loop.run()
