// Programs that tests run and npm does not bring. On Debian and its kin they are installed; elsewhere the message says what is missing.
import { spawnSync } from 'node:child_process';
import { fail, run } from './setup.mjs';

const BINDINGS =
  'import gi; gi.require_version("Gst", "1.0"); gi.require_version("GstRtsp", "1.0"); from gi.repository import Gst, GstRtsp';
const SERVER_BINDINGS =
  'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer';

const NEEDED = [
  { what: 'ffmpeg', packages: ['ffmpeg'], check: ['ffmpeg', '-version'] },
  { what: 'ffprobe', packages: ['ffmpeg'], check: ['ffprobe', '-version'] },
  { what: 'curl', packages: ['curl'], check: ['curl', '--version'] },
  { what: 'iptables', packages: ['iptables'], check: ['iptables', '-V'] },
  { what: 'strace', packages: ['strace'], check: ['strace', '-V'] },
  { what: 'prometheus', packages: ['prometheus'], check: ['promtool', '--version'] },
  { what: 'redis-server', packages: ['redis-server'], check: ['redis-server', '--version'] },
  {
    what: 'gst-launch-1.0',
    packages: ['gstreamer1.0-tools'],
    check: ['gst-launch-1.0', '--version'],
  },
  {
    what: 'GStreamer rtspsrc',
    packages: ['gstreamer1.0-plugins-good'],
    check: ['gst-inspect-1.0', '--exists', 'rtspsrc'],
  },
  {
    what: 'GStreamer h264parse',
    packages: ['gstreamer1.0-plugins-bad'],
    check: ['gst-inspect-1.0', '--exists', 'h264parse'],
  },
  {
    what: 'GStreamer avdec_h264',
    packages: ['gstreamer1.0-libav'],
    check: ['gst-inspect-1.0', '--exists', 'avdec_h264'],
  },
  {
    what: 'GStreamer rtspclientsink',
    packages: ['gstreamer1.0-rtsp'],
    check: ['gst-inspect-1.0', '--exists', 'rtspclientsink'],
  },
  {
    what: 'Python bindings of GStreamer',
    packages: ['python3-gi', 'gir1.2-gstreamer-1.0', 'gir1.2-gst-plugins-base-1.0'],
    // That of Debian, whatever else is in PATH.
    check: ['/usr/bin/python3', '-c', BINDINGS],
  },
  {
    what: 'RTSP server of GStreamer',
    packages: ['gir1.2-gst-rtsp-server-1.0'],
    check: ['/usr/bin/python3', '-c', SERVER_BINDINGS],
  },
  {
    what: 'the RTSP server of GStreamer, with TLS',
    packages: ['gir1.2-gst-rtsp-server-1.0', 'glib-networking'],
    check: [
      '/usr/bin/python3',
      '-c',
      'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import Gio, GstRtspServer; assert Gio.TlsBackend.get_default().supports_tls()',
    ],
  },
  {
    what: 'WebSockets of Python',
    packages: ['python3-websockets'],
    check: ['/usr/bin/python3', '-c', 'import websockets'],
  },
  {
    what: 'libcurl of Python',
    packages: ['python3-pycurl'],
    check: ['/usr/bin/python3', '-c', 'import pycurl; pycurl.RTSPREQ_OPTIONS'],
  },
  { what: 'openssl', packages: ['openssl'], check: ['openssl', 'version'] },
  {
    what: 'gst-discoverer-1.0',
    packages: ['gstreamer1.0-plugins-base-apps'],
    check: ['gst-discoverer-1.0', '--help'],
  },
  { what: 'onvif-util of libonvif', packages: ['onvif-tools'], check: ['onvif-util', '-h'] },
  { what: 'janus-pp-rec', packages: ['janus-tools'], check: ['janus-pp-rec', '--help'] },
  { what: 'chromium', packages: ['chromium'], check: ['chromium', '--version'] },
];

const works = ([command, ...args]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/**
 * Installs the programs that are missing, or ends this process with the command to type.
 * @param needed those of all tests unless given
 */
export function ensureDebianPackages(needed = NEEDED) {
  const missing = needed.filter(({ check }) => !works(check));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((need) => need.packages))];
  const names = missing.map(({ what }) => what).join(', ');
  if (!works(['apt-get', '--version'])) {
    fail(`the tests need ${names}; there is no apt-get here: install them by your own means`);
  }
  const byHand = `the tests need ${names}; type: sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`;
  const asRoot = process.getuid?.() === 0 ? ['env'] : ['sudo', '-n', 'env'];
  if (!works([...asRoot, 'true'])) fail(byHand);
  console.error(`nightjar: installing for the tests: ${packages.join(' ')} ...`);
  const aptGet = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y'];
  const [command, ...before] = asRoot;
  run('apt-get update', command, [...before, ...aptGet, 'update'], byHand);
  run(
    'apt-get install',
    command,
    [...before, ...aptGet, 'install', '--no-install-recommends', ...packages],
    byHand,
  );
}
