"""Watches a stream and talks to its camera, over `tcp` or `udp`. Arguments: URL, transport.
Prints `talking` with the first packet that it sends, `refused` when there is nobody to talk to."""
import ctypes
import sys
import gi

gi.require_version('Gst', '1.0')
from gi.repository import GLib, Gst

Gst.init(None)
url, transport = sys.argv[1:]
loop = GLib.MainLoop()
library = ctypes.CDLL('libgstreamer-1.0.so.0')
player = Gst.parse_launch(
    f'rtspsrc name=r backchannel=onvif latency=0 protocols={transport} location={url} r. ! fakesink'
)
voice = Gst.parse_launch(
    'audiotestsrc is-live=true wave=square samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1'
    ' ! mulawenc ! rtppcmupay pt=0 max-ptime=20000000 ! appsink name=out emit-signals=true'
)
source = player.get_by_name('r')
channel = None


def say(what):
    print(what, flush=True)


def chosen(_, number, caps):
    global channel
    if caps.get_structure(0).has_field('a-sendonly'):
        channel = number
    return True


def spoken(sink):
    global said
    sample = sink.emit('pull-sample')
    # rtspsrc 1.22 takes a reference that Python has not given.
    library.gst_mini_object_ref(ctypes.c_void_p(hash(sample)))
    if source.emit('push-backchannel-sample', channel, sample) == Gst.FlowReturn.OK and not said:
        said = True
        say('talking')
    return Gst.FlowReturn.OK


def ready(*_):
    if channel is None:
        say('refused')
        loop.quit()
        return
    voice.set_state(Gst.State.PLAYING)


def failed(_, message):
    say(f'refused: {message.parse_error()[0].message}')
    loop.quit()


said = False
source.connect('select-stream', chosen)
source.connect('pad-added', ready)
voice.get_by_name('out').connect('new-sample', spoken)
bus = player.get_bus()
bus.add_signal_watch()
bus.connect('message::error', failed)
player.set_state(Gst.State.PLAYING)
try:
    loop.run()
finally:
    voice.set_state(Gst.State.NULL)
    player.set_state(Gst.State.NULL)
