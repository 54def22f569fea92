export { probeStream, type ProbeResult, type ProbeTarget } from './probe-stream.js';
